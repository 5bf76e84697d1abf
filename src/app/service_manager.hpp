// What the service manager (systemd) is told: ready, how it goes, alive, stopping. Without one every call
// does nothing.
//
// Threads: the main thread. Protocol: sd_notify(3), sd_watchdog_enabled(3).
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace wayside::app {

class ServiceManager {
 public:
  void ready() const;
  void stopping() const;
  void status(const std::string& sentence) const;
  // Only on real progress: a watchdog that is fed by habit guards nothing.
  void alive() const;
  // Alive likewise, with what comes before its work and takes longer than a start may: the sentence says how
  // it goes, and the start's limit is put off until the next step, which takes so long at most.
  void gets_on(const std::string& sentence, std::chrono::milliseconds next_within) const;
  // Within which it wants to hear alive(); nothing: it does not.
  [[nodiscard]] std::optional<std::chrono::milliseconds> watchdog_limit() const;
};

}  // namespace wayside::app
