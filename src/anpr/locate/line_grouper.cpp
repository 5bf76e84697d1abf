#include "line_grouper.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

namespace wayside::locate {
namespace {

constexpr float steepest = 0.40F;     // tan of 22 degrees
constexpr float reach = 1.75F;        // of a height, centre to centre: one group gap, or one lost character
constexpr float like_height = 0.72F;  // the smaller of two heights by the larger
constexpr float off_the_row = 0.17F;  // of a height: how far a centre may lie from the row
constexpr std::size_t longest = 14;   // marks; longer rows are text or a fence
constexpr std::size_t neighbours_tried = 6;  // a mark, to start a row
constexpr int furthest_walk = 400;           // marks looked at for one neighbour, so that time stays bounded

float height_of(const Mark& mark) {
  return static_cast<float>(mark.box.height);
}

bool alike(const Mark& a, const Mark& b) {
  const float larger = std::max(height_of(a), height_of(b));
  return std::min(height_of(a), height_of(b)) >= like_height * larger;
}

// Marks sorted by x, so that what lies within reach is found by walking a short way.
class Row {
 public:
  explicit Row(const std::vector<Mark>& marks) : marks_(marks) {}

  void start(std::size_t first, std::size_t second) {
    members_ = {first, second};
    refit();
  }
  void extend_right() {
    while (members_.size() < longest) {
      const std::optional<std::size_t> next = nearest(members_.back(), +1);
      if (!next) return;
      members_.push_back(*next);
      refit();
    }
  }
  void extend_left() {
    while (members_.size() < longest) {
      const std::optional<std::size_t> next = nearest(members_.front(), -1);
      if (!next) return;
      members_.insert(members_.begin(), *next);
      refit();
    }
  }
  [[nodiscard]] const std::vector<std::size_t>& members() const { return members_; }
  [[nodiscard]] MarkLine line() const {
    MarkLine line;
    for (const std::size_t member : members_)
      line.marks.push_back(marks_[member]);
    line.slope = slope_;
    line.height = height_;
    return line;
  }

 private:
  // Least squares through the centres, and the median height.
  void refit() {
    float mean_x = 0;
    float mean_y = 0;
    std::vector<float> heights;
    for (const std::size_t member : members_) {
      mean_x += marks_[member].centre.x;
      mean_y += marks_[member].centre.y;
      heights.push_back(height_of(marks_[member]));
    }
    const auto n = static_cast<float>(members_.size());
    mean_x /= n;
    mean_y /= n;
    float xx = 0;
    float xy = 0;
    for (const std::size_t member : members_) {
      const float dx = marks_[member].centre.x - mean_x;
      xx += dx * dx;
      xy += dx * (marks_[member].centre.y - mean_y);
    }
    slope_ = xx > 0 ? xy / xx : 0;
    anchor_ = {mean_x, mean_y};
    const auto middle = heights.begin() + static_cast<std::ptrdiff_t>(heights.size() / 2);
    std::nth_element(heights.begin(), middle, heights.end());
    height_ = *middle;
  }

  // The closest mark beyond `end` that continues the row.
  [[nodiscard]] std::optional<std::size_t> nearest(std::size_t end, int step) const {
    const Mark& last = marks_[end];
    // A row of two says little about the slope yet.
    const float tolerance = (members_.size() < 3 ? 1.4F : 1.0F) * off_the_row * height_;
    const auto count = static_cast<std::ptrdiff_t>(marks_.size());
    int walked = 0;
    for (auto at = static_cast<std::ptrdiff_t>(end) + step; at >= 0 && at < count; at += step) {
      if (++walked > furthest_walk) return std::nullopt;
      const Mark& mark = marks_[static_cast<std::size_t>(at)];
      const float dx = std::abs(mark.centre.x - last.centre.x);
      if (dx > reach * height_) return std::nullopt;
      if (dx < 0.15F * height_) continue;
      if (height_of(mark) < like_height * height_ || height_of(mark) * like_height > height_) continue;
      const float expected = anchor_.y + slope_ * (mark.centre.x - anchor_.x);
      if (std::abs(mark.centre.y - expected) > tolerance) continue;
      if ((mark.box & last.box).area() > 0.25 * std::min(mark.box.area(), last.box.area())) continue;
      return static_cast<std::size_t>(at);
    }
    return std::nullopt;
  }

  const std::vector<Mark>& marks_;
  std::vector<std::size_t> members_;
  float slope_ = 0;
  float height_ = 0;
  cv::Point2f anchor_;
};

}  // namespace

std::vector<MarkLine> group_lines(const std::vector<Mark>& marks, std::size_t least_marks) {
  std::vector<MarkLine> lines;
  std::set<std::pair<std::size_t, std::size_t>> used;  // neighbours that already stand in a row
  for (std::size_t first = 0; first < marks.size(); ++first) {
    std::size_t tried = 0;
    const std::size_t end = std::min(marks.size(), first + furthest_walk);
    for (std::size_t second = first + 1; second < end && tried < neighbours_tried; ++second) {
      const float height = std::max(height_of(marks[first]), height_of(marks[second]));
      const float dx = marks[second].centre.x - marks[first].centre.x;
      if (dx > reach * height) break;
      const float dy = marks[second].centre.y - marks[first].centre.y;
      if (dx < 0.15F * height || std::abs(dy) > steepest * dx + 0.05F * height) continue;
      if (!alike(marks[first], marks[second])) continue;
      ++tried;
      if (used.contains({first, second})) continue;
      Row row(marks);
      row.start(first, second);
      row.extend_right();
      row.extend_left();
      const std::vector<std::size_t>& members = row.members();
      for (std::size_t i = 1; i < members.size(); ++i)
        used.insert({members[i - 1], members[i]});
      if (members.size() < least_marks) continue;
      MarkLine line = row.line();
      if (std::abs(line.slope) <= steepest) lines.push_back(std::move(line));
    }
  }
  return lines;
}

}  // namespace wayside::locate
