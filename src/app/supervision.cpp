#include "src/app/supervision.hpp"

#include <algorithm>
#include <utility>

#include "wayside/base/log.hpp"

namespace wayside::app {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds looks_at_most_apart{10'000};
// What a step of what comes before the work may take, where the service manager sets no limit of its own.
constexpr milliseconds longest_step{60'000};

}  // namespace

void Supervision::gets_on(const std::string& sentence) const {
  manager_.gets_on(sentence, manager_.watchdog_limit().value_or(longest_step));
}

void Supervision::begin(MetricsSocket::Text metrics) {
  open_watchdog();
  if (!wanted_.metrics_socket.empty()) {
    auto opened = MetricsSocket::open(wanted_.metrics_socket, std::move(metrics));
    if (opened) {
      metrics_ = std::move(*opened);
    } else if (health_.ill("metrics", opened.error().message)) {
      log::error("metrics_unhealthy", {{"reason", opened.error()}});
    }
  }
  manager_.ready();
}

void Supervision::open_watchdog() {
  if (wanted_.watchdog.empty()) return;
  Result<Watchdog> watchdog =
      Watchdog::open(wanted_.watchdog, std::chrono::seconds(wanted_.watchdog_limit_s));
  if (!watchdog) return watchdog_failed(watchdog.error());
  watchdog_ = std::move(*watchdog);
  log::info("watchdog_runs", {{"device", wanted_.watchdog.string()},
                              {"limit_s", watchdog_.limit().count()},
                              {"restarted_the_machine", watchdog_.restarted_the_machine()}});
}

void Supervision::watchdog_failed(const Error& error) {
  if (health_.ill("watchdog", error.message)) log::error("watchdog_unhealthy", {{"reason", error}});
}

void Supervision::alive() {
  manager_.alive();
  if (!feeds_) return;
  if (const Status fed = watchdog_.feed(); !fed) watchdog_failed(fed.error());
}

std::chrono::seconds Supervision::leave_machine_to_watchdog() {
  feeds_ = false;
  return watchdog_.limit();
}

void Supervision::end() {
  metrics_.reset();
  watchdog_.release();
}

milliseconds Supervision::look_every() const {
  milliseconds limit = manager_.watchdog_limit().value_or(4 * looks_at_most_apart);
  if (watchdog_.limit() > milliseconds(0)) limit = std::min<milliseconds>(limit, watchdog_.limit());
  return std::min(looks_at_most_apart, limit / 4);
}

}  // namespace wayside::app
