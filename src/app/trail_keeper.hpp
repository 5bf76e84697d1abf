// The daemon's side of the audit trail: puts down what the camera itself sees and does (trail_events.hpp),
// and carries every entry, the console's too, into the log of records, from where the back office gets it.
//
// Steps of the clock, changes of the authority and of VOI lists have records of their own as well: those are
// for programs, the trail is what an auditor reads. What cannot be put down is kept in memory and tried
// again, the oldest and the newest where it is much; its entry then says when it happened.
//
// Life: start(), then stop(); or look() instead. Threads: one of its own, "trail", so that nobody waits for a
// disk or for the console, which has the folder's lock now and then; put() from any, also before start(),
// write_records() from the one that appends to the queue, look() from none but its own while it runs.
// Ownership: clock and health outlive it. Failure: what cannot be put down or carried is a problem in the
// health ("audit").
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/device/audit/trail.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/health/health.hpp"

namespace wayside::app {

struct TrailKeeperOptions {
  std::filesystem::path folder;
  std::string device_id;
  std::string boot_id;
};

class TrailKeeper {
 public:
  TrailKeeper(TrailKeeperOptions options, const Clock& clock, Health& health);
  ~TrailKeeper() { stop(); }
  TrailKeeper(const TrailKeeper&) = delete;
  TrailKeeper& operator=(const TrailKeeper&) = delete;

  // first: put down before all that has been put so far. A camera that does not come to begin puts nothing
  // down.
  void start(TrailEvent first);
  // Once what was put is down, or could not be.
  void stop();

  void put(TrailEvent event);
  // Puts down what waits.
  void look();
  // True: a record was appended.
  [[nodiscard]] bool write_records(RecordQueue& queue);

 private:
  struct Waiting {
    TrailEvent event;
    MonotonicTime at;
    UtcTime utc;
  };

  [[nodiscard]] Waiting now(TrailEvent event) const;
  [[nodiscard]] Result<AuditTrail*> trail();
  [[nodiscard]] Status put_down(Waiting waiting);
  [[nodiscard]] Result<bool> carry(RecordQueue& queue);
  void tell(std::string& problem, const Status& done);

  const TrailKeeperOptions options_;
  const Clock& clock_;
  Health& health_;
  std::mutex opening_;
  std::optional<AuditTrail> trail_;  // opening_, set once
  std::mutex mutex_;
  std::condition_variable_any woken_;
  std::deque<Waiting> waiting_;  // mutex_
  bool news_ = false;            // mutex_: of waiting_, for the thread
  std::string not_put_;          // mutex_: why what waits is not down; empty: nothing is wrong
  std::string not_carried_;      // mutex_: likewise
  // Of write_records(): the file as it was when all of it had been carried.
  struct Seen {
    std::uintmax_t size = 0;
    std::filesystem::file_time_type changed;
    friend bool operator==(const Seen&, const Seen&) = default;
  };
  std::optional<Seen> seen_;
  std::jthread thread_;
};

}  // namespace wayside::app
