// A sheet of every labelled plate that was missed or misread, for a person to look through.
//
// Threads: one. The sheet is one HTML file with the pictures inside; it shows registration marks and people's
// cars, so it stays with the measuring pictures. Failure: io where it cannot be written; invalid_input,
// and nothing written, where no label is on a picture that was read; a picture that cannot be read is named.
#pragma once

#include <filesystem>
#include <vector>

#include "wayside/eval/images.hpp"

namespace wayside::eval {

struct Sheet {
  std::size_t labels = 0;  // on pictures that were read
  std::size_t wrong = 0;
  std::vector<std::string> missing;  // files that labels name and the reads do not
  std::vector<SkippedFile> skipped;
};

[[nodiscard]] Result<Sheet> write_report(const std::vector<PictureReads>& reads,
                                         const std::vector<PlateLabel>& labels,
                                         const std::filesystem::path& folder, const ReadPicture& read_picture,
                                         const std::filesystem::path& out, const Progress& progress);

}  // namespace wayside::eval
