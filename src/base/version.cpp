#include "wayside/base/version.hpp"

#include "version_generated.hpp"

namespace wayside {
std::string_view version() {
  return WAYSIDE_VERSION;
}
std::string_view made_on() {
  return WAYSIDE_MADE_ON;
}
}  // namespace wayside
