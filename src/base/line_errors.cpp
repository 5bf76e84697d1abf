#include "wayside/base/line_errors.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace wayside {

std::string LineErrors::text(const std::string& name) const {
  auto sorted = errors_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string out;
  for (const auto& [line, text] : sorted) {
    if (!out.empty()) out += '\n';
    out += line == 0 ? fmt::format("{}: {}", name, text) : fmt::format("{}: line {}: {}", name, line, text);
  }
  return out;
}

}  // namespace wayside
