#include "wayside/anpr/capture/privacy_mask.hpp"

#include <cmath>
#include <memory>

#include <opencv2/imgproc.hpp>

namespace wayside {

void PrivacyMask::blacken(cv::Mat& picture) const {
  for (const Polygon& polygon : polygons_) {
    std::vector<cv::Point> points;
    points.reserve(polygon.size());
    for (const auto& [x, y] : polygon) {
      points.emplace_back(static_cast<int>(std::lround(x * (picture.cols - 1))),
                          static_cast<int>(std::lround(y * (picture.rows - 1))));
    }
    cv::fillPoly(picture, std::vector<std::vector<cv::Point>>{points}, cv::Scalar::all(0));
    // Points were rounded, by half a pixel at most.
    cv::polylines(picture, points, true, cv::Scalar::all(0), 3);
  }
}

FramePtr PrivacyMask::apply(FramePtr frame) const {
  if (empty()) return frame;
  cv::Mat luma = frame->luma().clone();
  blacken(luma);
  const FrameInfo info = frame->info();
  return std::make_shared<const Frame>(info, std::move(luma), [mask = *this, seen = std::move(frame)] {
    // What it gives may be a picture that others look at.
    cv::Mat bgr = seen->bgr().clone();
    mask.blacken(bgr);
    return bgr;
  });
}

}  // namespace wayside
