#include "field_border.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace wayside::locate {
namespace {

// Everything below is in pixels of a copy in which characters are this high.
constexpr float character_px = 24;
// Candidates reach 0.2 of a height beyond their characters on every side; see line_quad.cpp.
constexpr float one_line_heights = 1.4F;
constexpr float two_line_heights = 2.6F;
constexpr float widest_two_line_aspect = 1.85F;
constexpr int margin = 17;      // looked at beyond the quad: two thirds of a character
constexpr int inside_edge = 3;  // and within it, because a quad may end just outside the field
constexpr int column_step = 2;
constexpr float longest_px = 2000;

// Of the range between strokes and field: what the brightness must change by to have left the field, and
// never less than this many grey levels, which noise reaches.
constexpr float change = 0.25F;
constexpr float least_change = 4;

constexpr float nearly_whole = 0.72F;
constexpr float both_together = 1.0F;

float side(cv::Point2f a, cv::Point2f b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

// The value that the given share of the area's pixels lie below.
float level_of(const cv::Mat& picture, const cv::Rect& wanted, double share) {
  const cv::Mat area = picture(wanted & cv::Rect(0, 0, picture.cols, picture.rows));
  std::vector<uchar> values(area.begin<uchar>(), area.end<uchar>());
  const auto place =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

// The frame around the quad, straightened, and where it lies in the frame.
struct Straightened {
  cv::Mat luma;
  cv::Mat known;  // 0 where the frame has no pixel
  cv::Rect plate;
};

Straightened straighten(const cv::Mat& frame_luma, const PlateQuad& quad, cv::Size plate, float scale) {
  Straightened straightened;
  straightened.plate = {margin, margin, plate.width, plate.height};
  const auto right = static_cast<float>(margin + plate.width);
  const auto bottom = static_cast<float>(margin + plate.height);
  const std::array<cv::Point2f, 4> corners = {
      cv::Point2f(margin, margin), {right, margin}, {right, bottom}, {margin, bottom}};
  cv::Mat place = cv::getPerspectiveTransform(quad.data(), corners.data());
  const cv::Rect2f box = bounding_box(quad);
  const float reach = 2 * character_px / scale;
  const cv::Rect around =
      cv::Rect(cv::Rect2f(box.x - reach, box.y - reach, box.width + 2 * reach, box.height + 2 * reach)) &
      cv::Rect(0, 0, frame_luma.cols, frame_luma.rows);
  if (around.empty()) return straightened;
  cv::Mat source = frame_luma(around);
  // A reduction must not skip pixels.
  if (scale < 0.6F) {
    cv::Mat smooth;
    cv::GaussianBlur(source, smooth, {}, 0.4 / static_cast<double>(scale));
    source = smooth;
  }
  cv::Mat offset = cv::Mat::eye(3, 3, CV_64F);
  offset.at<double>(0, 2) = around.x;
  offset.at<double>(1, 2) = around.y;
  place = place * offset;
  const cv::Size size(plate.width + 2 * margin, plate.height + 2 * margin);
  cv::warpPerspective(source, straightened.luma, place, size, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  cv::warpPerspective(cv::Mat(source.size(), CV_8UC1, cv::Scalar(255)), straightened.known, place, size,
                      cv::INTER_NEAREST, cv::BORDER_CONSTANT, cv::Scalar(0));
  return straightened;
}

// Counts the columns of one side of a plate.
class Side {
 public:
  Side(const Straightened& seen, int from, int to) : seen_(seen), from_(from), to_(to) {}

  void look(int x, float field, float least) {
    ++columns_;
    bool unknown = false;
    for (int y = from_; y < to_; ++y) {
      if (seen_.known.at<uchar>(y, x) == 0) {
        unknown = true;
      } else if (std::abs(static_cast<float>(seen_.luma.at<uchar>(y, x)) - field) > least) {
        ++left_field_;
        return;
      }
    }
    if (unknown) ++unknown_;
  }
  // Nothing where most of it lies outside the picture.
  [[nodiscard]] std::optional<float> share() const {
    if (2 * unknown_ > columns_ || columns_ == 0) return std::nullopt;
    return static_cast<float>(left_field_) / static_cast<float>(columns_ - unknown_);
  }

 private:
  const Straightened& seen_;
  int from_;
  int to_;
  int columns_ = 0;
  int unknown_ = 0;
  int left_field_ = 0;
};

}  // namespace

FieldBorder measure_border(const cv::Mat& frame_luma, const PlateQuad& quad, Polarity polarity) {
  const float width = width_px(quad);
  const float height = (side(quad[0], quad[3]) + side(quad[1], quad[2])) / 2;
  if (!(width >= 1) || !(height >= 1)) return {};
  const bool two_lines = width / height < widest_two_line_aspect;
  const float scale = character_px * (two_lines ? two_line_heights : one_line_heights) / height;
  const cv::Size plate(static_cast<int>(width * scale), static_cast<int>(height * scale));
  if (width * scale < character_px || width * scale > longest_px) return {};
  const Straightened seen = straighten(frame_luma, quad, plate, scale);
  if (seen.luma.empty()) return {};

  const cv::Rect within(seen.plate.x, seen.plate.y + inside_edge, plate.width,
                        plate.height - 2 * inside_edge);
  const float range = level_of(seen.luma, within, 0.85) - level_of(seen.luma, within, 0.1);
  const float least = std::max(least_change, change * range);
  const double field_share = polarity == Polarity::dark_on_light ? 0.8 : 0.2;
  const int window = static_cast<int>(1.5F * character_px);  // one character and the field beside it
  const int bottom = seen.plate.y + plate.height;
  Side above(seen, 0, seen.plate.y + inside_edge);
  Side below(seen, bottom - inside_edge, bottom + margin);
  float field = 0;
  int field_known_to = 0;  // shade and sun change along a plate: the field is measured anew every half window
  for (int x = within.x; x < within.x + within.width; x += column_step) {
    if (x >= field_known_to) {
      const int middle = x + window / 4;
      field =
          level_of(seen.luma, cv::Rect(middle - window / 2, within.y, window, within.height), field_share);
      field_known_to = x + window / 2;
    }
    above.look(x, field, least);
    below.look(x, field, least);
  }
  return {above.share().value_or(below.share().value_or(1)),
          below.share().value_or(above.share().value_or(1))};
}

bool is_plate_border(const FieldBorder& border) {
  return std::max(border.above, border.below) >= nearly_whole && border.above + border.below >= both_together;
}

}  // namespace wayside::locate
