#include "src/app/service_manager.hpp"

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

std::optional<std::chrono::milliseconds> ServiceManager::watchdog_limit() const {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::microseconds(microseconds));
}

}  // namespace wayside::app
