#include "wayside/device/watchlist/bad_lines.hpp"

#include <fmt/format.h>

namespace wayside {

void BadLines::add(std::uint64_t line, std::string_view field, std::string_view expected) {
  if (++count_ > most_told) return;
  if (!text_.empty()) text_ += '\n';
  text_ += field.empty() ? fmt::format("line {}: it must be {}", line, expected)
                         : fmt::format("line {}: field {} must be {}", line, field, expected);
}

std::string BadLines::text() const {
  if (count_ <= most_told) return text_;
  return fmt::format("{}\nand {} more bad lines", text_, count_ - most_told);
}

}  // namespace wayside
