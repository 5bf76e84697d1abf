// Who watches over the daemon from outside, and is told how it goes: the service manager, the machine's
// hardware watchdog, and whoever reads the metrics.
//
// Life: gets_on(), begin(), then the rest; end() lets go of the watchdog, which going without it does not: a
// daemon that dies has the watchdog's limit to be back. Threads: the main thread; the metrics are asked for
// on their own. Ownership: health outlives it. Failure: what cannot be had is in the health ("watchdog",
// "metrics"), and the camera works on.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "wayside/device/config/configuration.hpp"
#include "wayside/device/health/health.hpp"

#include "drivers/watchdog/watchdog.hpp"
#include "src/app/metrics.hpp"
#include "src/app/service_manager.hpp"

namespace wayside::app {

class Supervision {
 public:
  Supervision(const Configuration::Supervision& wanted, Health& health) : wanted_(wanted), health_(health) {}

  // Before begin(): what comes first takes minutes, and has got on by a step.
  void gets_on(const std::string& sentence) const;
  // The daemon is ready to work.
  void begin(MetricsSocket::Text metrics);
  // Only on real progress: a watchdog that is fed by habit guards nothing.
  void alive();
  void status(const std::string& sentence) const { manager_.status(sentence); }
  void stopping() const { manager_.stopping(); }
  // Whether there is a hardware watchdog that restarts the machine when it is not fed.
  [[nodiscard]] bool has_watchdog() const { return watchdog_.limit().count() > 0; }
  // From now on it is not, while the service manager still hears alive(). How long it takes at most.
  [[nodiscard]] std::chrono::seconds leave_machine_to_watchdog();
  // The metrics are closed, the watchdog is let go of.
  void end();

  // How often to look for progress. Four looks within whoever's limit is the shortest: a flow that moves is
  // seen in time even when one look comes late.
  [[nodiscard]] std::chrono::milliseconds look_every() const;

 private:
  void open_watchdog();
  void watchdog_failed(const Error& error);

  const Configuration::Supervision& wanted_;
  Health& health_;
  ServiceManager manager_;
  Watchdog watchdog_;
  bool feeds_ = true;
  std::unique_ptr<MetricsSocket> metrics_;
};

}  // namespace wayside::app
