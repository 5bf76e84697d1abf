#include "wayside/device/clock/time_quality.hpp"

namespace wayside {

std::string_view to_string(TimeSource source) {
  switch (source) {
    case TimeSource::unsynchronised:
      return "unsynchronised";
    case TimeSource::ntp:
      return "ntp";
    case TimeSource::gnss:
      return "gnss";
    case TimeSource::recording:
      return "recording";
  }
  return "unsynchronised";
}

}  // namespace wayside
