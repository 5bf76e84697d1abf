// The camera's connection to its back office: gets one, keeps the uploader and the heartbeat going on it, and
// keeps trying while there is none. What is wrong with it never touches the capture.
//
// The answer to a heartbeat says how far the back office's numbers of this queue go. A queue that is behind
// was put back to an older state: it leaves the numbers in between out, and health's part "queue_rolled_back"
// says so until the program ends. An office that has less than it receipted is a problem of
// "back_office_records" as long as it says so.
//
// Life: start(), then stop(). Threads: two of its own, "upload" and "heartbeat"; wake(), heartbeat_now()
// and wait_drained() from any. Ownership: queue, clock, health and counters outlive it. Failure: a connection
// that cannot be made (no certificate yet, a damaged file) is a problem of health's part "uplink", logged
// once for each reason, counted in uplink_failures and tried again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>

#include "wayside/base/counters.hpp"
#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/delivery/upload/back_office.hpp"
#include "wayside/delivery/upload/uploader.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/health/health.hpp"

#include "src/app/run_report.hpp"

namespace wayside::app {

struct UplinkOptions {
  UploaderOptions uploader;
  std::chrono::milliseconds connect_again{30'000};
  std::chrono::milliseconds heartbeat_every{30'000};
  // For the part under way and the last heartbeat: a service manager waits little longer.
  std::chrono::milliseconds longest_stop{5'000};
  // The highest number of the deployment authorities here, told with each heartbeat; empty: none is kept.
  std::function<std::uint64_t()> authority_held;
  // Those that the office sent with its answer; from the heartbeat's thread.
  std::function<void(std::span<const std::string>)> on_authorities;
  // The same of VOI lists: the revision of each, and all that the office gives this camera.
  std::function<std::map<std::string, std::uint64_t>()> watch_lists_held;
  std::function<void(std::span<const ListOffer>)> on_watch_lists;
  // What runs, and what became of updates; and the one that the office gives this camera, or none.
  std::function<ToldSystem()> system;
  std::function<void(const std::optional<UpdateOffer>&)> on_update;
};

class Uplink {
 public:
  using Connect = std::function<Result<std::unique_ptr<BackOffice>>()>;

  Uplink(UplinkOptions options, Connect connect, RecordQueue& queue, const Clock& clock, Health& health,
         CounterSet& counters);
  ~Uplink();
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  void start();
  // After the part under way, which has longest_stop to arrive; a last heartbeat is sent where the one before
  // it arrived.
  void stop();
  // New records are there.
  void wake();
  // The next heartbeat is not waited for.
  void heartbeat_now();
  // last_failure: of connecting, heartbeats and uploads, whichever failed last and has not succeeded since.
  [[nodiscard]] UploaderState state();
  // Waits until nothing is left to send or the limit has passed; true: nothing is.
  [[nodiscard]] bool wait_drained(std::chrono::milliseconds limit);

 private:
  void run_upload(const std::stop_token& stop);
  void run_heartbeat(const std::stop_token& stop);
  [[nodiscard]] bool wait_for_heartbeat(const std::stop_token& stop);
  [[nodiscard]] bool send_heartbeat();
  void remember(const std::optional<Error>& failure);
  void compare_numbers(const KnownNumbers& known, std::uint64_t delivered_to);

  const UplinkOptions options_;
  const Connect connect_;
  RecordQueue& queue_;
  const Clock& clock_;
  Health& health_;
  CounterSet& counters_;
  Counter& failures_;
  Counter& heartbeats_;
  Counter& heartbeats_failed_;

  std::mutex mutex_;
  std::condition_variable_any connected_;
  std::unique_ptr<BackOffice> back_office_;  // set once, under the mutex, by the upload thread
  std::unique_ptr<Uploader> uploader_;       // likewise
  std::optional<FailedTry> last_failure_;    // mutex_; of connecting and heartbeats
  std::condition_variable_any asked_;
  bool heartbeat_asked_ = false;  // mutex_
  std::jthread upload_;
  std::jthread heartbeat_;
};

}  // namespace wayside::app
