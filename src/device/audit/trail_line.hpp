// The lines of the trail, its head and what it keeps of itself, as text (trail_format.md).
//
// Threads: pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wayside/base/result.hpp"
#include "wayside/base/secret.hpp"
#include "wayside/base/signature.hpp"
#include "wayside/device/audit/trail.hpp"
#include "wayside/device/clock/time_keeper.hpp"
#include "wayside/device/clock/time_quality.hpp"

namespace wayside::audit {

inline constexpr std::size_t largest_line_bytes = 64 * 1024;
inline constexpr std::size_t largest_text_bytes = 1024;
inline constexpr std::size_t most_details = 8;

// The last entry that is known: the next one follows it.
struct Link {
  std::uint64_t number = 0;  // 0: there is none
  Sha256 hash{};
  VerifyingKey key{};
};

struct LineTime {
  ClockReading now;
  TimeQuality quality;
  std::string boot_id;
};

// Without its end.
[[nodiscard]] std::string to_line(const TrailEvent& event, const Link& after, const LineTime& time,
                                  const Secret& seed, const VerifyingKey& key);
// Has the form of a whole line, whatever stands in it: what a tear leaves does not.
[[nodiscard]] bool is_whole_line(std::string_view line);

// The head: which entry was the last one that was cut off the front.
[[nodiscard]] std::string to_head(const Link& cut, const Secret& seed);
[[nodiscard]] Result<Link> head_from(std::string_view text);

// Up to which entry the log of records has them.
[[nodiscard]] std::string to_text(const AuditTrail::Carried& carried);
[[nodiscard]] Result<AuditTrail::Carried> carried_from(std::string_view text);

// What stands between two lines that check out, or behind the last: as the entry that names it does.
[[nodiscard]] TrailEvent torn_line_event(std::string_view torn);
[[nodiscard]] bool names_torn(const TrailEntry& entry, std::string_view torn);

}  // namespace wayside::audit
