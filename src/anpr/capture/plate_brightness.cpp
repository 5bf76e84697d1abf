#include "wayside/anpr/capture/plate_brightness.hpp"

#include <cmath>
#include <numeric>

#include "wayside/anpr/capture/cut_out.hpp"

namespace wayside {
namespace {

constexpr int across = 104;  // about a pixel a pixel: smoothing would hide what is saturated
constexpr int down = 24;
// Of each side left out: the edge blurs with what is behind the plate, and corners are found to a pixel or
// two.
constexpr float inset = 0.08F;
constexpr int saturated_from = 250;
// Characters cover 20 to 30 % of a plate, so the quantile for what is light lies within the characters of a
// black plate too.
constexpr double bright_quantile = 0.85;
constexpr double dark_quantile = 0.08;

constexpr int scene_step = 8;  // every eighth pixel each way: 14,400 of 1280 x 720

using Histogram = std::array<int, 256>;

double quantile(const Histogram& count, double share) {
  int left = static_cast<int>(share * std::accumulate(count.begin(), count.end(), 0));
  std::size_t value = 0;
  while (value + 1 < count.size() && left >= count[value])
    left -= count[value++];
  return static_cast<double>(value);
}

}  // namespace

std::optional<PlateBrightness> plate_brightness(const cv::Mat& luma,
                                                const std::array<cv::Point2f, 4>& corners) {
  if (luma.type() != CV_8UC1) return std::nullopt;
  for (const cv::Point2f& corner : corners) {
    if (!std::isfinite(corner.x) || !std::isfinite(corner.y)) return std::nullopt;
  }
  const float left = -inset * across;
  const float top = -inset * down;
  const float right = across - left;
  const float bottom = down - top;
  const cv::Mat plate = cut_out(
      luma, corners, {cv::Point2f(left, top), {right, top}, {right, bottom}, {left, bottom}}, {across, down});
  if (plate.empty()) return std::nullopt;
  Histogram count{};
  for (int y = 0; y < down; ++y) {
    for (int x = 0; x < across; ++x)
      ++count[plate.at<uchar>(y, x)];
  }
  int saturated = 0;
  for (std::size_t value = saturated_from; value < count.size(); ++value)
    saturated += count[value];
  return PlateBrightness{quantile(count, bright_quantile), quantile(count, dark_quantile),
                         static_cast<double>(saturated) / (across * down)};
}

double scene_brightness(const cv::Mat& luma) {
  if (luma.empty() || luma.type() != CV_8UC1) return 0;
  Histogram count{};
  for (int y = 0; y < luma.rows; y += scene_step) {
    const uchar* row = luma.ptr<uchar>(y);
    for (int x = 0; x < luma.cols; x += scene_step)
      ++count[row[x]];
  }
  return quantile(count, 0.5);
}

}  // namespace wayside
