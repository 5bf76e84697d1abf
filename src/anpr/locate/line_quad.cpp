#include "line_quad.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace wayside::locate {
namespace {

// In heights of a character: the plate's margin (11 of 79 mm) and a little for the anti-aliased rim.
constexpr float side_margin = 0.22F;
constexpr float edge_margin = 0.20F;

struct Extent {
  float left = std::numeric_limits<float>::max();
  float right = std::numeric_limits<float>::lowest();
  float top = std::numeric_limits<float>::max();
  float foot = std::numeric_limits<float>::lowest();
  [[nodiscard]] float height() const { return foot - top; }
  [[nodiscard]] float width() const { return right - left; }
  [[nodiscard]] float middle() const { return (left + right) / 2; }
};

Extent extent_of(const Mark& mark, const cv::Mat& labels, cv::Point2f along) {
  Extent extent;
  for (int y = mark.box.y; y < mark.box.y + mark.box.height; ++y) {
    const int* row = labels.ptr<int>(y);
    for (int x = mark.box.x; x < mark.box.x + mark.box.width; ++x) {
      if (row[x] != mark.label) continue;
      const auto fx = static_cast<float>(x);
      const auto fy = static_cast<float>(y);
      const float u = fx * along.x + fy * along.y;
      const float v = fy * along.x - fx * along.y;
      extent.left = std::min(extent.left, u);
      extent.right = std::max(extent.right, u);
      extent.top = std::min(extent.top, v);
      extent.foot = std::max(extent.foot, v);
    }
  }
  return extent;
}

float median(std::vector<float> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

struct Straight {
  float at_zero = 0;
  float slope = 0;
  [[nodiscard]] float at(float u) const { return at_zero + slope * u; }
};

Straight fit(const std::vector<cv::Point2f>& points) {
  cv::Point2f mean{0, 0};
  for (const cv::Point2f& point : points)
    mean += point;
  mean *= 1.0F / static_cast<float>(points.size());
  float xx = 0;
  float xy = 0;
  for (const cv::Point2f& point : points) {
    xx += (point.x - mean.x) * (point.x - mean.x);
    xy += (point.x - mean.x) * (point.y - mean.y);
  }
  const float slope = xx > 0 ? xy / xx : 0;
  return {mean.y - slope * mean.x, slope};
}

float count_score(std::size_t characters) {
  static constexpr std::array<float, 12> by_count = {0,    0,    0.1F, 0.35F, 0.6F, 0.75F,
                                                     0.9F, 1.0F, 0.9F, 0.7F,  0.5F, 0.3F};
  return characters < by_count.size() ? by_count[characters] : 0.15F;
}

float bell(float deviation, float width) {
  return std::exp(-(deviation * deviation) / (2 * width * width));
}

cv::Point2f to_picture(cv::Point2f along, float u, float v) {
  return {u * along.x - v * along.y, u * along.y + v * along.x};
}

}  // namespace

std::optional<MeasuredLine> measure_line(const MarkLine& line, const cv::Mat& labels) {
  MeasuredLine measured;
  const float length = std::hypot(1.0F, line.slope);
  measured.along = {1 / length, line.slope / length};
  std::vector<Extent> extents;
  std::vector<float> heights;
  for (const Mark& mark : line.marks) {
    extents.push_back(extent_of(mark, labels, measured.along));
    heights.push_back(extents.back().height());
  }
  measured.height = median(heights);
  // Screw heads and band print that got into the row are not as high as its characters.
  std::erase_if(extents, [&](const Extent& extent) {
    return std::abs(extent.height() - measured.height) > 0.22F * measured.height;
  });
  if (extents.size() < 2) return std::nullopt;

  std::vector<cv::Point2f> tops;
  std::vector<cv::Point2f> feet;
  for (const Extent& extent : extents) {
    tops.emplace_back(extent.middle(), extent.top);
    feet.emplace_back(extent.middle(), extent.foot);
  }
  const Straight top = fit(tops);
  const Straight foot = fit(feet);
  float spread = 0;
  float gap_excess = 0;
  float widest = 0;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    spread += std::abs(tops[i].y - top.at(tops[i].x)) + std::abs(feet[i].y - foot.at(feet[i].x));
    widest = std::max(widest, extents[i].width());
    if (i == 0) continue;
    const float gap = extents[i].left - extents[i - 1].right;
    gap_excess += std::max(0.0F, gap - 0.55F * measured.height) + std::max(0.0F, -gap);
  }
  const auto n = static_cast<float>(extents.size());
  spread /= 2 * n * measured.height;
  gap_excess /= n * measured.height;

  measured.characters = extents.size();
  measured.begin = extents.front().left;
  measured.end = extents.back().right;
  const float ends[2] = {measured.begin, measured.end};
  for (int i = 0; i < 2; ++i) {
    measured.upper[i] = top.at(ends[i]);
    measured.lower[i] = foot.at(ends[i]);
    if (measured.lower[i] - measured.upper[i] < 0.6F * measured.height) return std::nullopt;
  }
  // Prescribed characters are 50 wide to 79 high; a row of nothing but bars is a grille or a fence.
  const float width_score = bell(std::min(0.0F, widest / measured.height - 0.45F), 0.12F);
  measured.score = count_score(extents.size()) * bell(spread, 0.045F) * bell(gap_excess, 0.25F) * width_score;
  return measured;
}

PlateCandidate candidate_of(const MeasuredLine& line) {
  const float side = side_margin * line.height;
  const float edge = edge_margin * line.height;
  PlateCandidate candidate;
  candidate.score = line.score;
  candidate.quad = {to_picture(line.along, line.begin - side, line.upper[0] - edge),
                    to_picture(line.along, line.end + side, line.upper[1] - edge),
                    to_picture(line.along, line.end + side, line.lower[1] + edge),
                    to_picture(line.along, line.begin - side, line.lower[0] + edge)};
  return candidate;
}

std::optional<PlateCandidate> candidate_of(const MeasuredLine& upper, const MeasuredLine& lower) {
  const std::size_t characters = upper.characters + lower.characters;
  if (upper.characters > 4 || lower.characters > 4 || characters < 4) return std::nullopt;
  const float height = (upper.height + lower.height) / 2;
  if (std::abs(upper.height - lower.height) > 0.2F * height) return std::nullopt;
  if (std::abs(upper.along.y - lower.along.y) > 0.12F) return std::nullopt;
  // Both measured in the upper line's frame.
  const cv::Point2f along = upper.along;
  const auto u_of = [&](cv::Point2f point) { return point.x * along.x + point.y * along.y; };
  const auto v_of = [&](cv::Point2f point) { return point.y * along.x - point.x * along.y; };
  const cv::Point2f lower_begin = to_picture(lower.along, lower.begin, lower.lower[0]);
  const cv::Point2f lower_end = to_picture(lower.along, lower.end, lower.lower[1]);
  const float pitch = (v_of(lower_begin) + v_of(lower_end)) / 2 - (upper.lower[0] + upper.lower[1]) / 2;
  if (pitch < 1.08F * height || pitch > 1.6F * height) return std::nullopt;  // prescribed: 98 of 79 mm
  const float begin = std::min(upper.begin, u_of(lower_begin));
  const float end = std::max(upper.end, u_of(lower_end));
  const float overlap = std::min(upper.end, u_of(lower_end)) - std::max(upper.begin, u_of(lower_begin));
  const float shorter = std::min(upper.end - upper.begin, lower.end - lower.begin);
  if (overlap < 0.6F * shorter) return std::nullopt;
  const float aspect = (end - begin) / height;
  if (aspect < 1.2F || aspect > 3.6F) return std::nullopt;

  const float side = side_margin * height;
  const float edge = edge_margin * height;
  PlateCandidate candidate;
  const float evenness =
      std::sqrt(upper.score / count_score(upper.characters) * lower.score / count_score(lower.characters));
  candidate.score = 0.9F * count_score(characters) * evenness;
  const float upper_slope = (upper.upper[1] - upper.upper[0]) / std::max(1.0F, upper.end - upper.begin);
  const float lower_slope =
      (v_of(lower_end) - v_of(lower_begin)) / std::max(1.0F, u_of(lower_end) - u_of(lower_begin));
  const auto upper_at = [&](float u) { return upper.upper[0] + upper_slope * (u - upper.begin) - edge; };
  const auto lower_at = [&](float u) {
    return v_of(lower_begin) + lower_slope * (u - u_of(lower_begin)) + edge;
  };
  candidate.quad = {
      to_picture(along, begin - side, upper_at(begin)), to_picture(along, end + side, upper_at(end)),
      to_picture(along, end + side, lower_at(end)), to_picture(along, begin - side, lower_at(begin))};
  return candidate;
}

}  // namespace wayside::locate
