#include "plate_patch.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace wayside::read {
namespace {

// Character to plate height: 79 of 111 mm in one line; of 203 mm in two.
constexpr double one_line_share = 79.0 / 111.0;
constexpr double two_line_share = 79.0 / 203.0;
// Width to height: one line is 4.7, two lines 1.4 and on motorcycles 1.3. A one-line plate of four
// characters, or one seen from the side, comes near 2.
constexpr double widest_two_line_aspect = 1.85;
// A quad may end at the outermost characters that were found: look this far beyond, in heights of a
// character.
constexpr double beyond_sides = 2.0;
constexpr double beyond_edges = 0.12;

double length(cv::Point2f a, cv::Point2f b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

// Puts the darkest and lightest twentieth of the plate at 0 and 255.
void stretch(cv::Mat& patch, const cv::Rect& plate) {
  std::array<int, 256> histogram{};
  for (int y = plate.y; y < plate.y + plate.height; ++y) {
    const uchar* row = patch.ptr<uchar>(y);
    for (int x = plate.x; x < plate.x + plate.width; ++x)
      ++histogram[row[x]];
  }
  const int share = plate.area() / 20;
  int dark = 0;
  int light = 255;
  for (int seen = histogram[0]; seen < share && dark < 255;)
    seen += histogram[static_cast<std::size_t>(++dark)];
  for (int seen = histogram[255]; seen < share && light > 0;)
    seen += histogram[static_cast<std::size_t>(--light)];
  const double range = std::max(8, light - dark);
  patch.convertTo(patch, CV_8U, 255 / range, -dark * 255 / range);
}

// Upright strokes give a peaked column profile: the shear with the most peaked one sets them upright.
double slant_of(const cv::Mat& patch, const cv::Rect& plate) {
  cv::Mat ink;
  cv::resize(patch(plate), ink, {}, 0.5, 0.5, cv::INTER_AREA);
  cv::threshold(ink, ink, 0, 255, cv::THRESH_BINARY_INV | cv::THRESH_OTSU);
  std::vector<cv::Point> points;
  cv::findNonZero(ink, points);
  double best = 0;
  double most = 0;
  for (int step = -8; step <= 8; ++step) {
    const double shear = 0.05 * step;
    const int shift = static_cast<int>(std::ceil(0.4 * ink.rows));
    std::vector<int> profile(static_cast<std::size_t>(ink.cols + 2 * shift + 2), 0);
    for (const cv::Point& point : points) {
      const double x = point.x + shear * (point.y - ink.rows / 2.0) + shift;
      ++profile[static_cast<std::size_t>(std::clamp(static_cast<int>(x), 0, ink.cols + 2 * shift))];
    }
    double sharpness = 0;
    for (std::size_t i = 1; i < profile.size(); ++i) {
      const double step_up = profile[i] - profile[i - 1];
      sharpness += step_up * step_up;
    }
    // Upright wins ties: a slant must show clearly.
    sharpness *= step == 0 ? 1.03 : 1.0;
    if (sharpness > most) {
      most = sharpness;
      best = shear;
    }
  }
  return best;
}

}  // namespace

PlatePatch straighten(const cv::Mat& frame_luma, const PlateQuad& quad) {
  PlatePatch patch;
  const double width = width_px(quad);
  const double height = (length(quad[0], quad[3]) + length(quad[1], quad[2])) / 2;
  const cv::Rect2f box = bounding_box(quad);
  const cv::Rect2f frame(0, 0, static_cast<float>(frame_luma.cols), static_cast<float>(frame_luma.rows));
  const bool seen = width >= 8 && height >= 4 && (box & frame).area() > 0.3F * box.area();
  if (!seen || width / height > 20) return patch;

  patch.lines = width / height < widest_two_line_aspect ? 2 : 1;
  const double share = patch.lines == 2 ? two_line_share : one_line_share;
  const double plate_height = character_height_px / share;
  const double plate_width = plate_height * width / height;
  const double side = beyond_sides * character_height_px;
  const double edge = beyond_edges * character_height_px;
  patch.plate = {static_cast<int>(side), static_cast<int>(edge), static_cast<int>(plate_width),
                 static_cast<int>(plate_height)};
  const cv::Size size(patch.plate.width + 2 * patch.plate.x, patch.plate.height + 2 * patch.plate.y);
  const auto left = static_cast<float>(patch.plate.x);
  const auto top = static_cast<float>(patch.plate.y);
  const float right = left + static_cast<float>(patch.plate.width);
  const float bottom = top + static_cast<float>(patch.plate.height);
  const std::array<cv::Point2f, 4> corners = {
      cv::Point2f{left, top}, {right, top}, {right, bottom}, {left, bottom}};
  const cv::Mat to_patch = cv::getPerspectiveTransform(quad.data(), corners.data());
  // Cubic only where the frame has to be enlarged; a reduction must not skip pixels.
  const double scale = plate_height / height;
  if (scale < 0.6) {
    cv::Mat smooth;
    const cv::Rect around = cv::Rect(cv::Rect2f(box.x - box.height, box.y - box.height,
                                                box.width + 2 * box.height, 3 * box.height)) &
                            cv::Rect(0, 0, frame_luma.cols, frame_luma.rows);
    cv::GaussianBlur(frame_luma(around), smooth, {}, 0.4 / scale);
    cv::Mat offset = cv::Mat::eye(3, 3, CV_64F);
    offset.at<double>(0, 2) = around.x;
    offset.at<double>(1, 2) = around.y;
    cv::warpPerspective(smooth, patch.luma, to_patch * offset, size, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  } else {
    cv::warpPerspective(frame_luma, patch.luma, to_patch, size, cv::INTER_CUBIC, cv::BORDER_REPLICATE);
  }
  stretch(patch.luma, patch.plate);
  const double slant = slant_of(patch.luma, patch.plate);
  if (slant != 0) {
    const double middle = size.height / 2.0;
    const cv::Mat shear = (cv::Mat_<double>(2, 3) << 1, slant, -slant * middle, 0, 1, 0);
    cv::Mat upright;
    cv::warpAffine(patch.luma, upright, shear, size, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    patch.luma = upright;
  }
  return patch;
}

}  // namespace wayside::read
