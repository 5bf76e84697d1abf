#include "src/anpr/track/vrm_text.hpp"

#include <algorithm>

#include "wayside/base/nearest.hpp"

namespace wayside {

float similarity(std::string_view a, std::string_view b) {
  const std::size_t longer = std::max(a.size(), b.size());
  if (longer == 0) return 1;
  return 1 - static_cast<float>(edit_distance(a, b)) / static_cast<float>(longer);
}

}  // namespace wayside
