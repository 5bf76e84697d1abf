#include "src/app/service_manager.hpp"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

namespace wayside::app {

// A manager that does not listen is no reason to stop a camera, so the results are not looked at.
void ServiceManager::ready() const {
  static_cast<void>(sd_notify(0, "READY=1"));
}
void ServiceManager::stopping() const {
  static_cast<void>(sd_notify(0, "STOPPING=1"));
}
void ServiceManager::status(const std::string& sentence) const {
  static_cast<void>(sd_notify(0, ("STATUS=" + sentence).c_str()));
}
void ServiceManager::alive() const {
  static_cast<void>(sd_notify(0, "WATCHDOG=1"));
}
void ServiceManager::gets_on(const std::string& sentence, std::chrono::milliseconds next_within) const {
  const std::chrono::microseconds within = next_within;
  const std::string state =
      fmt::format("STATUS={}\nWATCHDOG=1\nEXTEND_TIMEOUT_USEC={}", sentence, within.count());
  static_cast<void>(sd_notify(0, state.c_str()));
}

std::optional<std::chrono::milliseconds> ServiceManager::watchdog_limit() const {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::microseconds(microseconds));
}

}  // namespace wayside::app
