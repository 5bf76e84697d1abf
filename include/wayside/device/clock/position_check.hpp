// Whether the camera stands where its configuration says: the usual complaint about fixed cameras is a wrong
// location.
//
// Threads: one. Units: degrees WGS 84, metres. Failure: none; without fixes it says nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "wayside/device/clock/gnss_report.hpp"

namespace wayside {

// Along a sphere of the earth's mean radius (haversine): within 0.6 % of the way on the ellipsoid.
[[nodiscard]] double distance_m(double latitude_a, double longitude_a, double latitude_b, double longitude_b);

class PositionCheck {
 public:
  PositionCheck(double site_latitude, double site_longitude)
      : latitude_(site_latitude), longitude_(site_longitude) {}

  // A single fix may be anywhere: it takes the middle of the last 60.
  void saw(const GnssPosition& position);
  // From 100 m on, until it is below 80 m again: one sentence with both places and the distance.
  [[nodiscard]] const std::optional<std::string>& alarm() const { return alarm_; }
  [[nodiscard]] std::optional<double> off_m() const { return off_m_; }

 private:
  double latitude_;
  double longitude_;
  std::vector<GnssPosition> last_;
  std::size_t next_ = 0;
  std::optional<double> off_m_;
  std::optional<std::string> alarm_;
};

}  // namespace wayside
