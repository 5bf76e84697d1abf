// Numbers that will never be delivered, and why: the content of a gap record.
//
// Threads: plain values. Shapes: ranges ascending by number, disjoint. Numbers and reasons only, so that a
// gap record may stand in clear: the camera, which cannot open its own records, must read these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"

#include "src/delivery/queue/number_set.hpp"

namespace wayside::flash {

enum class GapReason : std::uint32_t {
  evicted = 1,  // given up for newer records: the queue was full
  damaged = 2,  // unreadable, or never fully written before a power cut
  interrupted =
      3,        // above the highest number found after an unclean stop: reserved, and most likely never used
  expired = 4,  // older than the camera may keep records
  rolled_back = 5,  // used already, as the back office knows: an older state of the queue was put back
};
[[nodiscard]] std::string_view to_string(GapReason reason);

struct Gap {
  NumberRange numbers;
  GapReason reason = GapReason::damaged;
  friend bool operator==(const Gap&, const Gap&) = default;
};
using Gaps = std::vector<Gap>;

// What one entry takes in a gap record's list.
inline constexpr std::size_t gap_bytes = 24;

// Sorts, and joins neighbours of the same reason.
[[nodiscard]] Gaps joined(Gaps gaps);
[[nodiscard]] std::uint64_t count_numbers(const Gaps& gaps);

[[nodiscard]] Bytes encode(const Gaps& gaps);
[[nodiscard]] Result<Gaps> decode_gaps(ByteView bytes);

}  // namespace wayside::flash
