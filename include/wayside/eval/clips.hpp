// Running whole clips through recogniser and tracker, and comparing the passes with what really passed.
//
// Threads: one. Units: CPU seconds of the calling thread, decoding excluded; frames by their number in the
// clip. Failure: a clip that cannot be opened is skipped and named; one that ends in an error is measured on
// what it gave, and named.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "wayside/eval/images.hpp"
#include "wayside/eval/labels.hpp"
#include "wayside/eval/recognise.hpp"
#include "wayside/eval/sightings.hpp"

namespace wayside::eval {

struct ClipPass {
  Sighting sighting;
  double confidence = 0;
  std::uint64_t first_frame = 0;
  std::uint64_t last_frame = 0;
  std::string direction;  // "unknown", "towards", "away"
  std::uint32_t reads = 0;
};

struct ClipRun {
  std::string file;  // relative to the folder it was found in
  std::filesystem::path path;
  std::size_t frames = 0;
  double cpu_s = 0;
  std::vector<ClipPass> passes;
};

// One line of JSON:
// {"file","frames","cpu_s","passes":[{"vrm","confidence","first_frame","last_frame","direction", "reads"}]}.
[[nodiscard]] std::string json_line(const ClipRun& run);

struct ClipFile {
  std::string file;
  std::filesystem::path path;
};

// Clips in the folders given (not in folders below them) and the files given; invalid_input where there is
// none, or two go by one name.
[[nodiscard]] Result<std::vector<ClipFile>> find_clips(const std::vector<std::filesystem::path>& given,
                                                       const IsWanted& is_clip);

struct ClipRuns {
  std::vector<ClipRun> runs;
  std::vector<SkippedFile> skipped;
  std::vector<SkippedFile> damaged;  // measured on what they gave
};

[[nodiscard]] Result<ClipRuns> run_clips(const std::vector<ClipFile>& clips, const Recogniser& recogniser,
                                         const OpenClip& open_clip,
                                         const std::function<Status(const std::string& line)>& write_line,
                                         const Progress& progress);

struct ClipGroup {
  std::string name;  // "all", "truth" or a country
  std::size_t clips = 0;
  SightingScore score;
};

struct ClipScore {
  std::vector<ClipGroup> groups;
  std::vector<std::string> unlabelled;  // clips without label line or truth: not counted
  std::vector<std::string> missing;     // named by labels and not run
  std::size_t frames = 0;
  double cpu_s = 0;
};

[[nodiscard]] ClipScore score_clips(const std::vector<ClipRun>& runs, const std::vector<ClipLabel>& labels);
// By the truth beside each clip.
[[nodiscard]] ClipScore score_clips(const std::vector<ClipRun>& runs,
                                    const std::map<std::string, SceneTruth>& truths);
[[nodiscard]] std::string table(const ClipScore& score);

}  // namespace wayside::eval
