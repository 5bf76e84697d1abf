// What of an office and of its cameras ends before long, so that somebody sees to it while all still works.
//
// Threads: plain functions on files. Failure: none; what cannot be read is told by whatever needs it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "wayside/backoffice/authority.hpp"
#include "wayside/base/time.hpp"

namespace wayside::backoffice {

// So long before, what follows is due: for some of it each camera has to be visited.
inline constexpr std::chrono::hours ending_warned_before{24 * 90};
// Each camera has to move to another office before the authority ends.
inline constexpr std::chrono::hours authority_warned_before{24 * 365};

// Of what ends: when, what becomes of it and what to do; due: within three months, or ended.
struct Ending {
  std::string sentence;
  bool due = false;
};
// The key that cameras seal to where no later one is there, the certificates of server and office where they
// do not end with the authority, and the authority.
[[nodiscard]] std::vector<Ending> office_endings(const Authority& authority, UtcTime now);

// Nothing where its certificate cannot be read.
[[nodiscard]] std::optional<UtcTime> end_of(const Authority& authority);

}  // namespace wayside::backoffice
