#include "src/anpr/track/image_motion.hpp"

#include <algorithm>
#include <cmath>

namespace wayside {

namespace {

constexpr std::size_t few = 5;
constexpr std::size_t longest_trail = 32;
constexpr float trail_step_widths = 0.5F;
constexpr double longest_extrapolation_s = 1.0;

// Growth is a difference of logarithms of the width, descent is in plate widths. The least that counts is
// about three times the noise of outlines that jitter by 3 % of the width, for medians over `n` sightings.
constexpr float strong_growth = 0.15F;
float least_growth(std::size_t n) {
  return 0.06F + 0.06F / static_cast<float>(n);
}
constexpr float least_descent = 0.4F;

template <class Value>
float median_of(const Sighting* begin, std::size_t n, Value value) {
  std::vector<float> values(n);
  std::transform(begin, begin + n, values.begin(), value);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(n / 2), values.end());
  return values[n / 2];
}

cv::Point2f between(const Sighting& a, const Sighting& b, MonotonicTime time) {
  const double whole = seconds_between(a.time, b.time);
  if (whole <= 0) return a.centre;
  const float part = static_cast<float>(std::clamp(seconds_between(a.time, time) / whole, 0.0, 1.0));
  return a.centre + (b.centre - a.centre) * part;
}

}  // namespace

double seconds_between(MonotonicTime earlier, MonotonicTime later) {
  return std::chrono::duration<double>(later - earlier).count();
}

float distance(cv::Point2f a, cv::Point2f b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

void ImageMotion::add(const Sighting& sighting) {
  ++count_;
  if (opening_.size() < few) opening_.push_back(sighting);
  if (latest_.size() == few) latest_.erase(latest_.begin());
  latest_.push_back(sighting);
  if (!trail_.empty() && distance(trail_.back().centre, sighting.centre) < trail_step_widths * sighting.width)
    return;
  if (trail_.size() == longest_trail) {
    for (std::size_t i = 1; i < longest_trail / 2; ++i)
      trail_[i] = trail_[2 * i];
    trail_.resize(longest_trail / 2);
  }
  trail_.push_back(sighting);
}

cv::Point2f ImageMotion::drift() const {
  const double time = seconds_between(latest_.front().time, latest_.back().time);
  if (time <= 0) return {};
  return (latest_.back().centre - latest_.front().centre) * static_cast<float>(1 / time);
}

cv::Point2f ImageMotion::expected_at(MonotonicTime time) const {
  if (time >= last().time) {
    const double ahead = std::min(seconds_between(last().time, time), longest_extrapolation_s);
    return last().centre + drift() * static_cast<float>(ahead);
  }
  const auto after =
      std::find_if(trail_.begin(), trail_.end(), [&](const Sighting& s) { return s.time >= time; });
  if (after == trail_.begin()) return trail_.front().centre;
  return between(*(after - 1), after == trail_.end() ? last() : *after, time);
}

Direction ImageMotion::direction() const {
  const std::size_t n = std::min(few, count_ / 2);
  if (n == 0) return Direction::unknown;
  const Sighting* const early = opening_.data();
  const Sighting* const late = latest_.data() + (latest_.size() - n);
  const auto height = [](const Sighting& s) { return s.centre.y; };
  const auto width = [](const Sighting& s) { return s.width; };
  const float early_width = median_of(early, n, width);
  const float late_width = median_of(late, n, width);
  const float growth = std::log(late_width / early_width);
  const float descent =
      (median_of(late, n, height) - median_of(early, n, height)) / ((early_width + late_width) / 2);

  const auto sign = [](float value, float least) { return value >= least ? 1 : value <= -least ? -1 : 0; };
  const int by_growth = sign(growth, least_growth(n));
  const int by_descent = sign(descent, least_descent);
  // Growth is geometry; descent depends on how the camera was mounted and gives way where growth is plain.
  int verdict = by_growth + by_descent;
  if (by_growth * by_descent < 0 && std::abs(growth) >= strong_growth) verdict = by_growth;
  if (verdict == 0) return Direction::unknown;
  return verdict > 0 ? Direction::towards : Direction::away;
}

}  // namespace wayside
