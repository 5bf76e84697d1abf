#include "blur.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace wayside::roadsim {

namespace {

constexpr double least_way_px = 0.3;
constexpr double least_sigma = 0.25;

// The line that a point draws during the exposure, as a kernel: one or two pixels a step along its longer
// way.
cv::Mat way_kernel(cv::Point2d way) {
  const bool down = std::abs(way.y) >= std::abs(way.x);
  const double longer = down ? way.y : way.x;
  const double slope = longer != 0 ? (down ? way.x : way.y) / longer : 0;
  const double half = std::abs(longer) / 2;
  const int reach = static_cast<int>(std::ceil(half + 0.5));
  cv::Mat kernel = cv::Mat::zeros(2 * reach + 1, 2 * reach + 1, CV_32F);
  for (int step = -reach; step <= reach; ++step) {
    // The part of the line that runs through this pixel.
    const double part = std::min(step + 0.5, half) - std::max(step - 0.5, -half);
    if (part <= 0) continue;
    const double beside = slope * step;
    const int first = static_cast<int>(std::floor(beside));
    const float share = static_cast<float>(beside - first);
    for (int i = 0; i < 2; ++i) {
      const int other = std::clamp(first + i + reach, 0, 2 * reach);
      const float value = static_cast<float>(part) * (i == 0 ? 1 - share : share);
      kernel.at<float>(down ? step + reach : other, down ? other : step + reach) += value;
    }
  }
  return kernel / cv::sum(kernel)[0];
}

}  // namespace

Blur::Blur(cv::Point2d way, double lens_sigma) : sigma_(std::max(lens_sigma, least_sigma)) {
  if (cv::norm(way) < least_way_px) return;
  line_ = way_kernel(way);
  // Whole pixels spread more or less than the line itself, whose variance is its length squared / 12 along
  // its longer direction: the lens's share evens it out.
  const double longer = std::max(std::abs(way.x), std::abs(way.y));
  const bool down = std::abs(way.y) >= std::abs(way.x);
  double variance = 0;
  for (int y = 0; y < line_.rows; ++y) {
    for (int x = 0; x < line_.cols; ++x) {
      const int off = (down ? y : x) - line_.cols / 2;
      variance += static_cast<double>(line_.at<float>(y, x)) * off * off;
    }
  }
  const double wanted = sigma_ * sigma_ + longer * longer / 12 - variance;
  sigma_ = std::sqrt(std::max(least_sigma * least_sigma, wanted));
}

int Blur::lens_reach() const {
  return static_cast<int>(std::ceil(2.2 * sigma_));
}

void Blur::apply(cv::Mat& light) const {
  const int side = 2 * lens_reach() + 1;
  cv::GaussianBlur(light, light, {side, side}, sigma_, sigma_, cv::BORDER_CONSTANT);
  if (!line_.empty()) cv::filter2D(light, light, -1, line_, {-1, -1}, 0, cv::BORDER_CONSTANT);
}

}  // namespace wayside::roadsim
