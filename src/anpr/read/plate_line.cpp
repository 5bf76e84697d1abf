#include "plate_line.hpp"

#include <algorithm>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "wayside/anpr/capture/cut_out.hpp"

namespace wayside::read {
namespace {

// The corners come to lie so far inside: what the network was trained with most.
constexpr float margin_x = 0.015F;
constexpr float margin_y = 0.04F;
constexpr int window_cols = 61;
constexpr int window_rows = 37;
constexpr float least_variance = 16;  // grey levels squared: noise of an empty field stays faint
constexpr double gain = 52;
// Characters of two lines stand 79, 19 and 79 mm high, so the gap is near the middle, whatever the corners
// missed by.
constexpr double gap_from = 0.38;
constexpr double gap_to = 0.62;

PlateQuad corners_in(cv::Size size) {
  const float left = margin_x * static_cast<float>(size.width);
  const float top = margin_y * static_cast<float>(size.height);
  const float right = static_cast<float>(size.width) - left;
  const float bottom = static_cast<float>(size.height) - top;
  return {cv::Point2f(left, top), cv::Point2f(right, top), cv::Point2f(right, bottom),
          cv::Point2f(left, bottom)};
}

}  // namespace

cv::Mat plate_line(const cv::Mat& luma, const PlateCandidate& plate, bool light_on_dark) {
  const bool two = plate.lines == 2;
  const cv::Size size =
      two ? cv::Size(line_width_px / 2, 2 * line_height_px) : cv::Size(line_width_px, line_height_px);
  cv::Mat straight = cut_out(luma, plate.quad, corners_in(size), size);
  if (straight.empty()) return straight;
  if (light_on_dark) cv::bitwise_not(straight, straight);
  if (!two) return even_out(straight);
  const int cut = row_between_lines(straight);
  cv::Mat line(line_height_px, line_width_px, CV_8UC1);
  const cv::Size half(line_width_px / 2, line_height_px);
  cv::resize(straight.rowRange(0, cut), line.colRange(0, half.width), half, 0, 0, cv::INTER_LINEAR);
  cv::resize(straight.rowRange(cut, straight.rows), line.colRange(half.width, line_width_px), half, 0, 0,
             cv::INTER_LINEAR);
  return even_out(line);
}

cv::Mat even_out(const cv::Mat& line) {
  cv::Mat grey;
  line.convertTo(grey, CV_32F);
  cv::Mat mean;
  cv::Mat square;
  cv::blur(grey, mean, {window_cols, window_rows}, {-1, -1}, cv::BORDER_REFLECT);
  cv::blur(grey.mul(grey), square, {window_cols, window_rows}, {-1, -1}, cv::BORDER_REFLECT);
  cv::Mat spread = cv::max(square - mean.mul(mean), 0.0) + least_variance;
  cv::sqrt(spread, spread);
  cv::Mat even;
  cv::Mat((grey - mean) / spread).convertTo(even, CV_8U, gain, 128);
  return even;
}

int row_between_lines(const cv::Mat& plate) {
  // The middle of the plate only: its rim, a band and bolts stand at the sides.
  cv::Mat profile;
  cv::reduce(plate.colRange(plate.cols / 8, plate.cols * 7 / 8), profile, 1, cv::REDUCE_AVG, CV_32F);
  cv::blur(profile, profile, {1, 3}, {-1, -1}, cv::BORDER_REPLICATE);
  const int from = static_cast<int>(gap_from * plate.rows);
  const int to = static_cast<int>(gap_to * plate.rows);
  int lightest = (from + to) / 2;
  for (int y = from; y < to; ++y) {
    if (profile.at<float>(y) > profile.at<float>(lightest)) lightest = y;
  }
  return lightest;
}

}  // namespace wayside::read
