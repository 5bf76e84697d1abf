// What is done for a camera that gives no frame although its capture process is started anew all the while:
// the daemon ends, to be started anew; where that did not help, the machine is restarted by its watchdog; and
// so on, after a wait that doubles each time, up to a day. How often it was tried is kept in a file, so that
// it counts across the restarts; a frame ends it.
//
// Threads: one. Failure: a file that cannot be written stops the climbing, because a wait that begins anew
// with each restart would restart the machine for ever; health's part "camera_restarts" says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "wayside/base/time.hpp"
#include "wayside/device/health/health.hpp"

namespace wayside::app {

enum class BlindHelp { none, restart_daemon, restart_machine };

class BlindLadder {
 public:
  // limit: the first wait; 0: nothing is ever done. health outlives it.
  BlindLadder(std::filesystem::path memory, std::chrono::seconds limit, Health& health);

  struct Sight {
    std::uint64_t frames = 0;          // that the camera has given in all
    bool expected = true;              // false while nothing may be captured: then no frame is missed
    bool machine_has_watchdog = true;  // without one only the daemon can be restarted
  };
  // What is due now. Anything but none is said once, and remembered as done.
  [[nodiscard]] BlindHelp look(MonotonicTime now, const Sight& sight);
  // The wait that has just passed, or passes now.
  [[nodiscard]] std::chrono::seconds wait() const;

 private:
  void saw_frames();
  [[nodiscard]] bool remember(std::uint32_t climbs);

  const std::filesystem::path memory_;
  const std::chrono::seconds limit_;
  Health& health_;
  std::uint32_t climbs_ = 0;
  std::uint64_t frames_ = 0;
  std::optional<MonotonicTime> blind_since_;
};

}  // namespace wayside::app
