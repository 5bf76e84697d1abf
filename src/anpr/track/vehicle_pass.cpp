#include "wayside/anpr/track/vehicle_pass.hpp"

namespace wayside {

std::string_view to_string(Direction direction) {
  switch (direction) {
    case Direction::towards:
      return "towards";
    case Direction::away:
      return "away";
    case Direction::unknown:
      break;
  }
  return "unknown";
}

}  // namespace wayside
