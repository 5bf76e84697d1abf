// The receipt of a wipe, and what the wipe keeps of itself while it is under way (receipt_format.md).
//
// Threads: pure. Failure: corrupt or refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/base/secret.hpp"
#include "wayside/device/clock/time_keeper.hpp"
#include "wayside/device/clock/time_quality.hpp"
#include "wayside/device/wipe/wipe.hpp"

namespace wayside::wipe_parts {

inline constexpr std::size_t largest_under_way_bytes = 256 * 1024;

struct Moment {
  ClockReading now;
  TimeQuality quality;
  std::string boot_id;
};

struct Found {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

struct Outcome {
  std::string name;
  std::string result;   // "destroyed", "removed" (and not overwritten), "absent", "left"
  std::string problem;  // a sentence; empty: none
};

// The outcome that follows those of the things.
inline constexpr std::string_view free_space = "free space";
// Whether nothing is left of any, nor of an earlier version of one.
[[nodiscard]] bool all_overwritten(const std::vector<Outcome>& outcomes);

// device: its key, where it could be read; else the wipe's own signs, which proves nothing.
[[nodiscard]] std::string receipt_line(std::string_view device_id, const Moment& at,
                                       const WipeRequest& request, const std::vector<WipeThing>& things,
                                       const std::vector<Found>& found, const Secret* device,
                                       const Secret& own);
// outcomes: of each thing, then of free_space.
[[nodiscard]] std::string completion_line(std::string_view receipt, const Moment& at,
                                          const std::vector<Outcome>& outcomes, const Secret& own);

struct Known {
  std::string lies_on;     // when it came to be a thing (what_it_lies_on)
  bool unwritten = false;  // something of it was removed and not overwritten, by whichever start
};

struct UnderWay {
  std::string receipt;  // its first line
  std::string file;     // the receipt's name
  Secret own;           // signs the completion
  std::vector<WipeThing> things;
  std::vector<Known> known;       // of each
  std::vector<Outcome> outcomes;  // of the first of them
};
[[nodiscard]] std::string to_text(const UnderWay& under_way);
[[nodiscard]] Result<UnderWay> under_way_from(std::string_view text);

[[nodiscard]] std::string to_text(const WipeRequest& request);
[[nodiscard]] Result<WipeRequest> wipe_request_from(std::string_view text);

}  // namespace wayside::wipe_parts
