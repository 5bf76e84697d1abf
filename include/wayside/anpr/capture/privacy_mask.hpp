// Parts of the view that are none of the camera's business, made black before anything looks at a frame: what
// stands there is in no search, no read, no record and no snapshot.
//
// Threads: const functions from any. Units: points in fractions of the picture's width and height, from its
// top left corner. Ownership: a frame that it blackens is a copy of the luma (2 MB of a 1920 x 1080 picture),
// with the colour made black when it is asked for; without polygons a frame is handed on as it is. A pixel
// that an edge touches is black too. Failure: none.
#pragma once

#include <utility>
#include <vector>

#include <opencv2/core/types.hpp>

#include "wayside/anpr/capture/frame.hpp"

namespace wayside {

class PrivacyMask {
 public:
  using Polygon = std::vector<std::pair<double, double>>;

  PrivacyMask() = default;
  explicit PrivacyMask(std::vector<Polygon> polygons) : polygons_(std::move(polygons)) {}

  [[nodiscard]] bool empty() const { return polygons_.empty(); }
  [[nodiscard]] FramePtr apply(FramePtr frame) const;
  // Of CV_8U, any number of channels.
  void blacken(cv::Mat& picture) const;

 private:
  std::vector<Polygon> polygons_;
};

}  // namespace wayside
