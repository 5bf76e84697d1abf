// The daemon's side of the audit trail: puts down what the camera itself sees (start and stop, its door), and
// carries every entry, the console's too, into the log of records, from where the back office gets it.
//
// What has an audit or clock record of its own (the authority, a step of the clock) is not put down twice.
//
// Threads: put() from any, write_records() from the one that appends to the queue. Ownership: clock and
// health outlive it. Failure: what cannot be put down or carried is a problem in the health ("audit"), and
// carrying is tried again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

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

  void put(const TrailEvent& event);
  // True: a record was appended.
  [[nodiscard]] bool write_records(RecordQueue& queue);

 private:
  [[nodiscard]] Result<bool> carry(RecordQueue& queue);
  void say(const Error& error);

  const TrailKeeperOptions options_;
  const Clock& clock_;
  Health& health_;
  std::mutex mutex_;
  std::optional<AuditTrail> trail_;  // mutex_, set once
  // Of write_records(): the file as it was when all of it had been carried.
  struct Seen {
    std::uintmax_t size = 0;
    std::filesystem::file_time_type changed;
    friend bool operator==(const Seen&, const Seen&) = default;
  };
  std::optional<Seen> seen_;

  [[nodiscard]] Result<AuditTrail*> trail();
};

}  // namespace wayside::app
