// The file that says which version runs.
//
// Threads: plain values and pure functions. Failure: corrupt, with a reason that names no file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"

namespace wayside::config {

struct StoreState {
  struct Waiting {  // a commit that is taken back unless it is confirmed
    std::uint32_t goes_back_to = 0;
    std::string boot_id;
    std::int64_t deadline_ms = 0;  // by the clock that counts from that start
  };

  std::uint32_t running = 0;  // 0: none yet
  std::uint32_t last = 0;     // the highest number given to a version
  // What ran before it and was not taken back, newest first: which of them stands in for one that cannot be
  // read.
  std::vector<std::uint32_t> earlier;
  std::optional<Waiting> waiting;
};

// One line of JSON, and its SHA-256 on another.
[[nodiscard]] std::string text_of(const StoreState& state);
[[nodiscard]] Result<StoreState> state_from(std::string_view text);

}  // namespace wayside::config
