// How good the camera's clock is: whoever keeps it is asked again and again, and every record is told. Where
// there is a satellite receiver, its place is compared with the configured one.
//
// It is the clock of a camera: the system's time, with a quality that is never better than the time keeper
// can answer for. Steps and the first synchronisation become clock records; steps are told besides. What is
// wrong stands in the health as "clock" and "position".
//
// Life: start(), then stop(); or look() instead. Threads: one of its own, "clock"; look() and look_at_place()
// from one thread, write_records() from the one that appends to the queue, the rest from any. Ownership:
// system clock and health outlive it. Failure: none; whoever does not answer makes times unsure, which they
// say.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "wayside/anpr/track/vehicle_pass.hpp"
#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/clock/gnss_report.hpp"
#include "wayside/device/clock/position_check.hpp"
#include "wayside/device/clock/time_keeper.hpp"
#include "wayside/device/health/health.hpp"

#include "src/app/record_outbox.hpp"

namespace wayside::app {

struct TimekeepingOptions {
  std::string device_id;
  TimeKeeperOptions keeper;
  std::function<Result<Discipline>()> ask;  // whoever keeps the clock; empty: nobody does
  bool age_known = true;                    // false: it does not say when it last measured
  // The receiver's next report, waited for at most so long; empty: there is none.
  std::function<Result<std::optional<GnssReport>>(std::chrono::milliseconds)> gnss;
  std::optional<std::pair<double, double>> site;  // latitude and longitude, degrees; with gnss
  // Both from the clock's thread, and may be empty: each fix of the receiver's; each step, and what the clock
  // was said to follow when it was noticed.
  std::function<void(const GnssPosition&)> on_position;
  std::function<void(const ClockEvent&, TimeSource follows)> on_step;
  std::chrono::milliseconds every{16'000};
};

// What the kernel says of its clock, for TimekeepingOptions::ask. A clock that is set is unsynchronised to it
// until it has been corrected anew (adjtimex(2)), so each answer counts as measured just now.
[[nodiscard]] std::function<Result<Discipline>()> by_kernel(const Clock& clock);

class Timekeeping final : public Clock {
 public:
  Timekeeping(TimekeepingOptions options, const Clock& system, Health& health);
  ~Timekeeping() override { stop(); }

  void start();
  void stop();

  [[nodiscard]] UtcTime utc_now() const override { return system_.utc_now(); }
  [[nodiscard]] MonotonicTime monotonic_now() const override { return system_.monotonic_now(); }
  [[nodiscard]] TimeQuality quality() const override;

  // The quality of a pass's time, which is put right where the clock has been set since.
  [[nodiscard]] TimeQuality date(VehiclePass& pass) const;

  // True: clock records were appended. What the queue does not take is tried again with the next call.
  [[nodiscard]] bool write_records(RecordQueue& queue) { return outbox_.write(queue); }

  // Asks how good the clock is.
  void look();
  // Waits at most so long for a report of the receiver's. False: it cannot be asked now.
  bool look_at_place(std::chrono::milliseconds limit);

 private:
  void run(const std::stop_token& stop);
  void tell(std::string_view part, std::string_view event, const std::string& problem);

  const TimekeepingOptions options_;
  const Clock& system_;
  Health& health_;
  std::optional<PositionCheck> position_;  // of the clock's thread
  bool position_alarm_ = false;            // likewise
  std::optional<MonotonicTime> last_fix_;  // likewise; at first when the receiver was first asked

  mutable std::mutex mutex_;
  TimeKeeper keeper_;  // mutex_
  RecordOutbox outbox_{RecordType::clock, "clock"};
  std::jthread thread_;
};

}  // namespace wayside::app
