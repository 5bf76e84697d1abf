// The recognition engine for one line of text: Tesseract, kept out of everybody else's sight.
//
// Threads: one engine a thread. Ownership: owns the engine's memory, a few MiB.
#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"

namespace wayside::read {

// What the network can tell apart. O and I are missing: the prescribed typeface draws them like 0 and 1.
inline constexpr std::string_view characters = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";

// One step along the line, about 4 pixels: how likely a character begins or goes on here, or none does. Adds
// up to at most 1; a character below 1 % is 0, the engine does not tell it.
struct Column {
  std::array<float, characters.size()> character{};
  float blank = 0;
};

class TextEngine {
 public:
  // model: a .traineddata made by models/training/reader. Fails with corrupt if it is none, unsupported if
  // this Tesseract names its columns in another way than 5.3 does.
  static Result<std::unique_ptr<TextEngine>> make(ByteView model);
  TextEngine(const TextEngine&) = delete;
  TextEngine& operator=(const TextEngine&) = delete;
  ~TextEngine();

  // line: CV_8UC1, as plate_line() makes it. Empty where nothing at all was recognised.
  [[nodiscard]] std::vector<Column> recognise(const cv::Mat& line);

 private:
  struct Parts;
  explicit TextEngine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace wayside::read
