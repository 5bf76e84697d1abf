// What of an office and of its cameras ends before long, so that somebody sees to it while all still works.
//
// Threads: plain functions on files. Failure: none; what cannot be read is told by whatever needs it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "wayside/backoffice/authority.hpp"
#include "wayside/base/time.hpp"

namespace wayside::backoffice {

// So long before, what follows is due: for some of it each camera has to be visited.
inline constexpr std::chrono::hours ending_warned_before{24 * 90};
// Each camera has to move to another office before the authority ends.
inline constexpr std::chrono::hours authority_warned_before{24 * 365};

// The key that cameras seal to where no later one is there, the certificates of server and office, and the
// authority: of each a sentence that says when, what becomes of it and what to do.
[[nodiscard]] std::vector<std::string> office_endings(const Authority& authority, UtcTime now);

}  // namespace wayside::backoffice
