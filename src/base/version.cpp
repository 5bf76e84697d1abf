#include "wayside/base/version.hpp"

#include "version_generated.hpp"

namespace wayside {
std::string_view version() {
  return WAYSIDE_VERSION;
}
}  // namespace wayside
