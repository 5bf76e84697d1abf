// Takes records from the queue to the back office until told to stop, the same bytes again until there is a
// receipt.
//
// Two lanes. Live: what was appended since the start of this run or is a hit, hits first, then the newest;
// all texts before any picture. Backlog: the rest, oldest first, within the bandwidth cap, and after an
// outage not before a random delay, since thousands of cameras come back together. Live goes first; a full
// live lane leaves the backlog every eighth batch, so that nothing starves. Back-off is exponential with full
// jitter; after five failures in a row the circuit is open and one shipment at a time tries whether the
// receiver is back.
//
// Threads: run() is the body of the upload thread; wake(), state() and wait_drained() from any. Holds no lock
// across the network.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "wayside/base/counters.hpp"
#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/delivery/upload/back_office.hpp"

namespace wayside {

struct UploaderOptions {
  std::string device_id;
  std::chrono::milliseconds first_retry{500};
  std::chrono::milliseconds longest_retry{60'000};          // a Retry-After may be longer, up to an hour
  std::uint64_t backlog_bytes_per_s = 0;                    // 0: no cap
  std::chrono::milliseconds longest_backlog_delay{30'000};  // after an outage: uniform from 0 to this
  std::uint64_t jitter_seed = 0;                            // 0: from the system
};

// A try to reach the office that came to nothing.
struct FailedTry {
  std::string reason;  // as it is logged: for a person, never a VRM nor a secret
  std::chrono::steady_clock::time_point at;
};

struct UploaderState {
  bool circuit_open = false;
  std::uint64_t failures_in_a_row = 0;
  std::optional<FailedTry> last_failure;  // nothing: none failed, or one succeeded since
  std::uint64_t dead_lettered = 0;        // in this run, still in the queue
  std::uint64_t quarantined = 0;
  std::uint64_t without_form = 0;       // what this profile cannot send; still in the queue too
  std::uint64_t highest_delivered = 0;  // of the numbers delivered in this run; 0: none
};

class Uploader {
 public:
  virtual ~Uploader() = default;
  // Until stop is requested; a batch under way is finished first, a pause is cut short.
  virtual void run(std::stop_token stop) = 0;
  // New records are there. Ends the wait for them, never a back-off.
  virtual void wake() = 0;
  // Waits until nothing is left to send or the limit has passed; true: drained. What was dead-lettered or
  // quarantined, or has no form, is not left to send.
  virtual bool wait_drained(std::chrono::milliseconds limit) = 0;
  [[nodiscard]] virtual UploaderState state() const = 0;
};

// Counts in counters:
//   records_delivered      acknowledged, those included that the back office had already
//   records_duplicate      of these, those it had already, every part
//   records_dead_lettered  refused for good: logged with number and reason, not sent again before a restart,
//   and
//                          left in the queue unacknowledged until it needs the room, so that nothing vanishes
//                          silently
//   records_quarantined    stored under the same key with another hash: kept and skipped in the same way, an
//                          alarm
//   records_without_form   what the profile has no form for (gap and other ledger records with "bof2"):
//   skipped in
//                          the same way, and no alarm; another profile sends them
//   uploads_retried        shipments that will be sent again
//   uploads_forbidden      of these, those refused because the device is not enrolled: an alarm
//   bytes_uploaded         payload bytes that were receipted
// The queue and the back office outlive the uploader.
[[nodiscard]] std::unique_ptr<Uploader> make_uploader(UploaderOptions options, RecordQueue& queue,
                                                      BackOffice& back_office, CounterSet& counters);

}  // namespace wayside
