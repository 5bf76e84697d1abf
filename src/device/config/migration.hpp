// How a configuration of an older format becomes one of this version's: keys that were renamed, moved, given
// another unit, or are gone. Data, so that a step is one line and is tested as all others are.
//
// A firmware of format n reads every format up to n, and writes n. To rename a key: append a Migration with
// its move to migrations(), and put the older form into tests/device/config/store. Never change one that was
// released.
//
// Threads: immutable.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "src/device/config/values.hpp"

namespace wayside::config {

struct KeyMove {
  std::string_view from;                     // "section.name"
  std::string_view to{};                     // empty: there is nothing like it any more
  Value (*convert)(const Value&) = nullptr;  // null: as it was
};

// From one format to the next: of what is left unnamed nothing changes. A key that is there under both names
// keeps what stands under the new one.
using Migration = std::vector<KeyMove>;

// The first brings format 1 to format 2. Empty so far: no key was ever renamed.
[[nodiscard]] std::span<const Migration> migrations();

// What a version is written in.
[[nodiscard]] inline unsigned format_after(std::span<const Migration> steps) {
  return static_cast<unsigned>(steps.size()) + 1;
}

}  // namespace wayside::config
