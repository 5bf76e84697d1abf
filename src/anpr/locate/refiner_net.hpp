// The second network: a closer look at one candidate. Is it a plate, where exactly, of what kind?
//
// Threads: one thread.
#pragma once

#include <memory>
#include <optional>

#include <opencv2/core/mat.hpp>

#include "wayside/anpr/locate/plate_candidate.hpp"
#include "wayside/anpr/model/model_store.hpp"

namespace wayside::locate {

struct CloserLook {
  PlateQuad quad{};     // in the picture's pixels
  float plate = 0;      // probability that it is one
  float two_lines = 0;  // probabilities, given that it is
  float light_on_dark = 0;
};

class RefinerNet {
 public:
  // Fails with not_found or corrupt.
  static Result<std::unique_ptr<RefinerNet>> make(const ModelStore& models);
  RefinerNet(const RefinerNet&) = delete;
  RefinerNet& operator=(const RefinerNet&) = delete;
  ~RefinerNet();

  // luma: CV_8UC1. Nothing where the quad has no extent or lies outside. OpenCV may throw cv::Exception.
  [[nodiscard]] std::optional<CloserLook> look(const cv::Mat& luma, const PlateQuad& quad);

 private:
  struct Parts;
  explicit RefinerNet(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace wayside::locate
