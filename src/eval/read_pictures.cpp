#include <algorithm>

#include <fmt/format.h>

#include "wayside/eval/images.hpp"

#include "src/eval/cpu_clock.hpp"
#include "src/eval/overlap.hpp"

namespace wayside::eval {

namespace {

namespace fs = std::filesystem;

Result<std::vector<fs::path>> files_below(const fs::path& folder, const IsWanted& wanted) {
  std::error_code failed;
  fs::recursive_directory_iterator entries(folder, failed);
  std::vector<fs::path> files;
  for (; !failed && entries != fs::recursive_directory_iterator(); entries.increment(failed)) {
    std::error_code ignored;
    if (wanted(entries->path()) && !entries->is_directory(ignored)) files.push_back(entries->path());
  }
  if (failed) {
    return fail(ErrorCode::io, fmt::format("cannot list {}: {}; expected a folder of pictures",
                                           folder.string(), failed.message()));
  }
  if (files.empty()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} holds no pictures, nor do the folders in it", folder.string()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

ReportedPlate reported(const PlateRead& read) {
  ReportedPlate plate{box_of(read.quad),
                      read.quad,
                      read.vrm,
                      static_cast<double>(read.confidence),
                      {},
                      read.lines,
                      read.grounds,
                      read.format != "unknown"};
  for (std::size_t i = 0; i < read.vrm.size(); ++i) {
    CharacterGuess character{read.vrm[i], 0};
    if (i < read.positions.size()) {
      for (const CharacterGuess& guess : read.positions[i]) {
        if (guess.character == character.character) character.probability = guess.probability;
      }
    }
    plate.characters.push_back(character);
  }
  return plate;
}

}  // namespace

Result<PictureRun> read_pictures(const fs::path& folder, const Recogniser& recogniser,
                                 const ReadPicture& read_picture, const IsWanted& is_picture,
                                 const std::function<Status(const PictureReads& reads)>& write_line,
                                 const Progress& progress) {
  const Result<std::vector<fs::path>> files = files_below(folder, is_picture);
  if (!files) return fail(files.error());
  PictureRun run;
  for (std::size_t i = 0; i < files->size(); ++i) {
    const fs::path& path = (*files)[i];
    PictureReads reads{path.lexically_relative(folder).lexically_normal().string(), {}, 0};
    progress(i, files->size());
    std::error_code absent;
    if (!fs::is_regular_file(path, absent)) {
      run.skipped.push_back({reads.file, "a link that leads nowhere, a pipe or a device, and no picture"});
      continue;
    }
    const Result<cv::Mat> picture = read_picture(path);
    const Result<FramePtr> frame =
        picture ? make_frame(FrameInfo{}, *picture) : Result<FramePtr>(fail(picture.error()));
    if (!frame) {
      run.skipped.push_back({reads.file, frame.error().message});
      continue;
    }
    run.sizes[reads.file] = picture->size();
    recogniser.forget();
    const double begin = thread_cpu_s();
    const FrameReads frame_reads = recogniser.reads_of(*frame);
    reads.cpu_ms = (thread_cpu_s() - begin) * 1000;
    for (const EvidencedRead& read : frame_reads.reads)
      reads.plates.push_back(reported(read.read));
    if (Status written = write_line(reads); !written) return fail(written.error());
    run.reads.push_back(std::move(reads));
  }
  progress(files->size(), files->size());
  return run;
}

}  // namespace wayside::eval
