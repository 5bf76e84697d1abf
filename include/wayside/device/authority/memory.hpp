// What a camera keeps of its authority across a restart, in a small file of its own: the highest number it
// has seen, and what it knows of the time for certain.
//
// Threads: pure. Failure: corrupt, and then the camera knows nothing of earlier starts.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside {

struct AuthorityMemory {
  std::uint64_t highest_seen = 0;      // number of a document for this camera
  UtcTime not_before;                  // it is no earlier than this
  std::chrono::milliseconds unsure{};  // KnownTime::unsure
  std::string told;                    // the state that the log of records knows of: known_as()
  friend bool operator==(const AuthorityMemory&, const AuthorityMemory&) = default;
};

inline constexpr std::size_t largest_memory_bytes = 1024;

// One JSON object, and its SHA-256 on a line of its own.
[[nodiscard]] std::string to_text(const AuthorityMemory& memory);
[[nodiscard]] Result<AuthorityMemory> authority_memory_from(std::string_view text);

}  // namespace wayside
