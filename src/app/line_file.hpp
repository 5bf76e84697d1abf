// The lines that a measuring run writes as they come: to NAME.part, which takes NAME's place when it is
// whole.
//
// A run that is broken off leaves what it had in NAME.part, and the file of an earlier run as it was. The
// next run takes NAME.part over where it is empty or begins as our lines do, and nobody writes it now;
// anything else that stands there is somebody's, and refused. A device, pipe or link gets the lines straight.
//
// Threads: one. Failure: as a sentence that names --out's file.
#pragma once

#include <filesystem>
#include <string>

#include "wayside/base/result.hpp"

namespace wayside::app {

class LineFile {
 public:
  explicit LineFile(std::filesystem::path path);
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;
  ~LineFile();  // a part without a line goes

  [[nodiscard]] Status open();
  [[nodiscard]] Status write(const std::string& line);
  [[nodiscard]] Status finish();

 private:
  [[nodiscard]] Status open_part();
  [[nodiscard]] Status refused() const;

  const std::filesystem::path path_;
  const std::filesystem::path written_;
  int file_ = -1;
  std::size_t lines_ = 0;
};

}  // namespace wayside::app
