#include "wayside/device/clock/position_check.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

namespace wayside {
namespace {

constexpr std::size_t fixes_kept = 60;
constexpr std::size_t fixes_wanted = 20;
constexpr double alarm_from_m = 100;
constexpr double alarm_until_m = 80;
constexpr double worst_fix_m = 100;
constexpr double earth_radius_m = 6'371'000;

double radians(double degrees) {
  return degrees * std::numbers::pi / 180;
}

// Into -180 to 180, so that fixes on both sides of the date line have a middle.
double turned(double longitude) {
  return std::remainder(longitude, 360.0);
}

double middle(std::vector<double> values) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

double distance_m(double latitude_a, double longitude_a, double latitude_b, double longitude_b) {
  const double up = std::sin(radians(latitude_b - latitude_a) / 2);
  const double across = std::sin(radians(longitude_b - longitude_a) / 2);
  const double h = up * up + std::cos(radians(latitude_a)) * std::cos(radians(latitude_b)) * across * across;
  return 2 * earth_radius_m * std::asin(std::sqrt(std::min(1.0, h)));
}

void PositionCheck::saw(const GnssPosition& position) {
  if (!std::isfinite(position.latitude) || !std::isfinite(position.longitude) ||
      position.error_m.value_or(0) > worst_fix_m)
    return;
  if (last_.size() < fixes_kept) {
    last_.push_back(position);
  } else {
    last_[next_] = position;
  }
  next_ = (next_ + 1) % fixes_kept;
  if (last_.size() < fixes_wanted) return;
  std::vector<double> latitudes, longitudes;
  for (const GnssPosition& one : last_) {
    latitudes.push_back(one.latitude);
    longitudes.push_back(turned(one.longitude - longitude_));
  }
  const double latitude = middle(latitudes);
  const double longitude = turned(longitude_ + middle(longitudes));
  off_m_ = distance_m(latitude_, longitude_, latitude, longitude);
  if (*off_m_ < (alarm_ ? alarm_until_m : alarm_from_m)) {
    alarm_.reset();
    return;
  }
  alarm_ = fmt::format(
      "the camera is {:.0f} m from where its configuration says: satellites say {:.6f}, {:.6f}, [site] says "
      "{:.6f}, {:.6f}; correct site.latitude and site.longitude, or find out who moved it",
      *off_m_, latitude, longitude, latitude_, longitude_);
}

}  // namespace wayside
