// A trail's text, line by line.
//
// Threads: pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "src/device/audit/trail_line.hpp"

namespace wayside::audit {

// each(where it begins, the line without its end).
template <class Each>
void for_each_line(std::string_view text, Each each) {
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view line = text.substr(at, std::min(text.find('\n', at), text.size()) - at);
    each(at, line);
    at += line.size() + 1;
  }
}

inline std::string_view without_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

// A tear leaves the beginning of a line, never a whole one.
inline bool has_whole_line(std::string_view text) {
  bool has = false;
  for_each_line(text, [&](std::size_t, std::string_view line) { has = has || is_whole_line(line); });
  return has;
}

// The last line that checks out, where only its end may be missing; and what stands behind it.
struct Tail {
  std::optional<TrailEntry> last;
  std::string_view torn;
};
[[nodiscard]] Tail tail_of(std::string_view text);
// The entries from that number on, oldest first, the newest `most` of them.
[[nodiscard]] std::vector<TrailEntry> newest_of(std::string_view text, std::uint64_t from, std::size_t most);

}  // namespace wayside::audit
