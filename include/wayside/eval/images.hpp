// Reading every picture of a folder, and comparing what was read with what people saw.
//
// Threads: one. Units: pixels of the picture; CPU milliseconds of the calling thread, decoding excluded.
// What counts: a plate is captured where a reported plate is at its place (IoU of the boxes >= 0.3, or the
// reported box's centre inside the label), and a reported plate captures one label at most: where several
// would do, as many labels as possible are captured, by the most confident. Exact where that one says the
// label's text. A reported plate that captures nothing is false in a picture without labels, and another read
// in one with labels, where further plates may stand in view that nobody labelled. Failure: a picture that
// cannot be read is skipped and named; its labels are counted apart and not as missed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/eval/labels.hpp"
#include "wayside/eval/recognise.hpp"
#include "wayside/eval/reliability.hpp"

namespace wayside::eval {

struct ReportedPlate {
  cv::Rect2d box;
  PlateQuad quad{};
  std::string vrm;
  double confidence = 0;
  std::vector<CharacterGuess>
      characters;  // those of vrm, with the probability that the picture alone gave them
  int lines = 1;
  ConfidenceGrounds grounds;
  bool known_form = false;  // some form of mark fits vrm
};

struct PictureReads {
  std::string file;  // relative to the folder
  std::vector<ReportedPlate> plates;
  double cpu_ms = 0;
};

// One line of JSON:
// {"file","plates":[{"box":[x,y,w,h],"quad":[[x,y],...],"vrm","confidence","chars":[{"c","p"}],
// "lines"}],"cpu_ms"}. with_grounds: each plate also has "grounds":{"log_odds","line","plate","known_form"},
// for models/training/confidence.
[[nodiscard]] std::string json_line(const PictureReads& reads, bool with_grounds);
[[nodiscard]] Result<std::vector<PictureReads>> parse_reads(std::string_view lines, std::string_view name);

struct SkippedFile {
  std::string file;
  std::string why;
};

struct PictureRun {
  std::vector<PictureReads> reads;
  std::map<std::string, cv::Size> sizes;  // of the pictures read
  std::vector<SkippedFile> skipped;
};

// Every picture below the folder, sorted by path; write_line gets each one's reads as soon as they are there.
[[nodiscard]] Result<PictureRun> read_pictures(
    const std::filesystem::path& folder, const Recogniser& recogniser, const ReadPicture& read_picture,
    const IsWanted& is_picture, const std::function<Status(const PictureReads& reads)>& write_line,
    const Progress& progress);

struct PictureGroup {
  std::string name;  // "all", "core", or a tag
  std::size_t labels = 0;
  std::size_t captured = 0;
  std::size_t exact = 0;
  std::size_t exact_folded = 0;  // with 0 for O and 1 for I on both sides
};

struct PictureScore {
  std::vector<PictureGroup> groups;  // all, core, then the tags in alphabetical order
  std::size_t labelled_pictures = 0;
  std::size_t unlabelled_pictures = 0;
  std::size_t false_reads = 0;  // in the unlabelled pictures
  std::size_t pictures_with_false = 0;
  std::size_t other_reads = 0;       // in the labelled ones, of plates nobody labelled or a second of one
  std::vector<std::string> missing;  // files that labels name and the run did not read
  std::size_t missing_labels = 0;    // labels on those
  std::vector<double> cpu_ms;
  // Reads at a label and reads in pictures without labels; what else labelled pictures show, nobody has
  // judged.
  std::vector<Judged> judged;
};

[[nodiscard]] PictureScore score_pictures(const std::vector<PictureReads>& reads,
                                          const std::vector<PlateLabel>& labels);
[[nodiscard]] std::string table(const PictureScore& score);

// The labels that lie outside of their picture, at least in part: of another picture, or of one that was
// scaled.
[[nodiscard]] std::vector<const PlateLabel*> labels_outside(const std::vector<PlateLabel>& labels,
                                                            const std::map<std::string, cv::Size>& sizes);

// What captured each of one picture's labels, in their order; nothing where that was not captured.
[[nodiscard]] std::vector<const ReportedPlate*> captured_plates(const PictureReads& reads,
                                                                const std::vector<const PlateLabel*>& labels);

}  // namespace wayside::eval
