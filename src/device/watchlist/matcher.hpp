// One read against the index (watched_read.hpp).
//
// Threads: pure.
#pragma once

#include "wayside/device/watchlist/list_head.hpp"
#include "wayside/device/watchlist/watch_entry.hpp"
#include "wayside/device/watchlist/watched_read.hpp"

#include "src/device/watchlist/match_index.hpp"

namespace wayside::watchlist {

[[nodiscard]] WatchAnswer match(const MatchIndex& index, const ListFacts& facts, const WatchedRead& read,
                                const TimeBounds& taken, const WatchMatching& how);

}  // namespace wayside::watchlist
