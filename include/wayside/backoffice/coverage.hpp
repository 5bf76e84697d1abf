// Which record numbers of each camera's queue are accounted for, which are a loss to look into, and whether
// the records are still one chain.
//
// Threads: as the store. Numbers of one queue run from 1 without a hole: each is stored here, or given up by
// the camera in a gap record (delivery/upload/https_api.md), or missing: lost, or still waiting on the
// camera. Each head names the chain hash of the record before it, and each day's book that of the last one:
// where a record follows another one directly and does not name it, something was changed, taken away or put
// in. Failure: as the store.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/backoffice/store.hpp"
#include "wayside/base/result.hpp"

namespace wayside::backoffice {

struct NumberRange {  // both ends belong to it
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  friend bool operator==(const NumberRange&, const NumberRange&) = default;
};

// The surer a loss, the earlier: a number told with two reasons counts under the first of them.
enum class GapReason { evicted, expired, damaged, rolled_back, interrupted };
inline constexpr std::array gap_reasons = {GapReason::evicted, GapReason::expired, GapReason::damaged,
                                           GapReason::rolled_back, GapReason::interrupted};
[[nodiscard]] std::string_view to_string(GapReason reason);

// How often something was found in a queue, and at which numbers first and last.
struct Places {
  std::uint64_t count = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

struct QueueCoverage {
  std::string device_id;
  std::string queue_uuid;
  // Given up and not stored, each number once, in the order of gap_reasons.
  std::array<std::uint64_t, gap_reasons.size()> given_up{};
  // Below the highest number stored, given up or receipted; ascending, never touching each other.
  std::vector<NumberRange> missing;
  // Stored although the camera gave them up: no loss, and no damage; in the form of `missing`. Not those that
  // were rolled back, which are told because they are stored.
  std::vector<NumberRange> stored_and_given_up;
  // Told as rolled back: the camera went on from an older state of its card, and left these out.
  std::vector<NumberRange> rolled_back;
  // Numbers with more than one record that the device signed: what it recorded after its card was put back to
  // an older state, before it heard how far its numbers had gone. In the form of `missing`.
  std::vector<NumberRange> twins;
  // Numbers whose head names no record just before it, although neither was given up. All of them:
  // one that has a harmless reason must not hide the next.
  Places chain_breaks;
  // Numbers whose record is another than a day's book says.
  Places book_contradictions;
  // The highest number that the camera has a receipt for, as its last heartbeat says, where that number is
  // neither stored nor given up: it was stored here, or the camera would have no receipt, and is gone. 0: no
  // such thing is known. Heartbeats lie in the same file as the records and are not signed: who edits both
  // with care is found out by the camera's next heartbeat only.
  std::uint64_t receipted_and_gone = 0;
  UtcTime receipted_said_at;  // when that heartbeat came

  // As many as fit: a damaged or hostile store ends at the largest number, never at a small one.
  [[nodiscard]] std::uint64_t given_up_count() const;
  [[nodiscard]] std::uint64_t missing_count() const;
  [[nodiscard]] bool is_sound() const {
    return chain_breaks.count == 0 && book_contradictions.count == 0 && rolled_back.empty() &&
           twins.empty() && receipted_and_gone == 0;
  }
};

// One entry a queue, by device and queue, those included of which a heartbeat alone tells. A gap record that
// is damaged here gives up nothing: check() names it.
[[nodiscard]] Result<std::vector<QueueCoverage>> coverage(Store& store);

// As many as fit, as above.
struct CoverageTotals {
  std::uint64_t given_up = 0;
  std::uint64_t missing = 0;
};
[[nodiscard]] CoverageTotals totals(const std::vector<QueueCoverage>& queues);

// One sentence on what was given up, one on what is missing, one on what is both stored and given up, one on
// a card that was put back, on records that are gone although receipted, and one each on how often and where
// the chain is broken, and where it is another than a book says; none where nothing is.
[[nodiscard]] std::vector<std::string> sentences(const QueueCoverage& queue);

}  // namespace wayside::backoffice
