// The recognition engine for one line of text: Tesseract, kept out of everybody else's sight.
//
// Threads: one engine a thread. Ownership: owns the engine's memory, about 30 MiB with the stock model.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "wayside/anpr/read/plate_read.hpp"
#include "wayside/base/result.hpp"

namespace wayside::read {

class TextEngine {
 public:
  // Fails with not_found or corrupt; the message names the file and the remedy.
  static Result<std::unique_ptr<TextEngine>> make(const std::filesystem::path& tessdata,
                                                  const std::string& model);
  TextEngine(const TextEngine&) = delete;
  TextEngine& operator=(const TextEngine&) = delete;
  ~TextEngine();

  // How the engine takes the page: with its own search for the line's height and baseline, or as it stands.
  enum class Layout { find_line, take_as_line };

  // page: CV_8UC1, dark on light, one line. Each position's guesses best first, their probabilities adding up
  // to at most 1. Empty where nothing was recognised.
  [[nodiscard]] std::vector<CharacterPosition> recognise(const cv::Mat& page, Layout layout);

 private:
  struct Parts;
  explicit TextEngine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace wayside::read
