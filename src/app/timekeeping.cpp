#include "src/app/timekeeping.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "wayside/base/log.hpp"
#include "wayside/device/clock/clock_record.hpp"

#include "src/app/interruptible_wait.hpp"
#include "src/app/named_thread.hpp"

namespace wayside::app {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds receiver_turn{200};
constexpr std::chrono::minutes fix_within{10};

void log_event(const ClockEvent& event) {
  if (event.kind == ClockEvent::Kind::first_synchronisation) {
    log::info("clock_synchronised",
              {{"source", to_string(event.source)}, {"max_error_ms", event.max_error_ms.value_or(0)}});
  } else {
    log::warning("clock_stepped", {{"step_ms", event.step_ms}, {"whole_gnss_weeks", event.whole_gnss_weeks}});
  }
}

}  // namespace

std::function<Result<Discipline>()> by_kernel(const Clock& clock) {
  return [&clock]() -> Result<Discipline> {
    const TimeQuality quality = clock.quality();
    Discipline discipline{quality.source, clock.utc_now(), 0};
    discipline.bound_s = static_cast<double>(quality.max_error_ms.value_or(0)) * 1e-3;
    return discipline;
  };
}

Timekeeping::Timekeeping(TimekeepingOptions options, const Clock& system, Health& health)
    : options_(std::move(options)), system_(system), health_(health), keeper_(options_.keeper) {
  if (options_.gnss && options_.site) position_.emplace(options_.site->first, options_.site->second);
}

void Timekeeping::start() {
  thread_ = named_thread("clock", [this](const std::stop_token& stop) { run(stop); });
}

void Timekeeping::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Timekeeping::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    look();
    const MonotonicTime next = system_.monotonic_now() + options_.every;
    bool receiver = position_.has_value();
    while (receiver && !stop.stop_requested() && system_.monotonic_now() < next)
      receiver = look_at_place(receiver_turn);
    const auto left = std::chrono::ceil<milliseconds>(next - system_.monotonic_now());
    if (left.count() > 0) wait_unless(stop, left);
  }
}

void Timekeeping::look() {
  const Result<Discipline> said = options_.ask ? options_.ask() : Result<Discipline>(Discipline{});
  bool trusted = false;
  std::string problem;
  std::vector<ClockEvent> events;
  {
    const std::lock_guard lock(mutex_);
    const ClockReading now = read_together(system_);
    keeper_.look(now, said ? std::optional(*said) : std::nullopt);
    trusted = keeper_.quality(now).source != TimeSource::unsynchronised;
    problem = keeper_.problem();
    while (const std::optional<ClockEvent> event = keeper_.next_event())
      events.push_back(*event);
  }
  for (const ClockEvent& event : events) {
    log_event(event);
    outbox_.add(clock_record(event, options_.device_id, options_.keeper.boot_id));
    if (event.kind == ClockEvent::Kind::step && options_.on_step)
      options_.on_step(event, said ? said->source : TimeSource::unsynchronised);
  }
  if (!options_.ask) return;  // that nobody keeps it is what was asked for
  constexpr std::string_view marked = "records say that their time is unsynchronised";
  if (!said) {
    problem =
        fmt::format("{}; {}", said.error().message, trusted ? "the clock's stated error grows" : marked);
  } else if (problem.empty() && said->source == TimeSource::unsynchronised) {
    problem = fmt::format(
        "the clock follows nothing: look at the time servers (clock.time_servers) "
        "and the receiver; {}",
        trusted ? "its stated error grows" : marked);
  } else if (problem.empty() && !trusted) {
    problem = fmt::format("the clock was set, and counts again when it has been measured anew; {}", marked);
  }
  tell("clock", "clock_unhealthy", problem);
}

bool Timekeeping::look_at_place(milliseconds limit) {
  const Result<std::optional<GnssReport>> report = options_.gnss(limit);
  if (!report) {
    position_alarm_ = false;
    tell("position", "position_unhealthy",
         fmt::format("{}; where the camera is cannot be checked", report.error().message));
    return false;
  }
  const MonotonicTime now = system_.monotonic_now();
  if (!last_fix_) last_fix_ = now;
  if (*report && (*report)->position) {
    position_->saw(*(*report)->position);
    if (options_.on_position) options_.on_position(*(*report)->position);
    last_fix_ = now;
  }
  const std::optional<std::string>& alarm = position_->alarm();
  // Its figures change with every fix, and are no news each.
  if (!alarm && now - *last_fix_ >= fix_within) {
    tell("position", "position_unhealthy",
         "the receiver has had no fix for ten minutes; where the camera is cannot be checked: look at its "
         "antenna");
  } else if (!alarm) {
    tell("position", "position_unhealthy", {});
  } else if (!position_alarm_) {
    tell("position", "position_unhealthy", *alarm);
  } else {
    static_cast<void>(health_.ill("position", *alarm));
  }
  position_alarm_ = alarm.has_value();
  return true;
}

void Timekeeping::tell(std::string_view part, std::string_view event, const std::string& problem) {
  if (problem.empty()) {
    health_.well(part);
  } else if (health_.ill(part, problem)) {
    log::warning(event, {{"reason", problem}});
  }
}

TimeQuality Timekeeping::quality() const {
  const std::lock_guard lock(mutex_);
  TimeQuality quality = keeper_.quality(read_together(system_));
  if (!options_.age_known) quality.synchronised_ago_s.reset();
  return quality;
}

TimeQuality Timekeeping::date(VehiclePass& pass) const {
  const std::lock_guard lock(mutex_);
  const ClockReading now = read_together(system_);
  const auto right = [&](FrameInfo& frame) {
    const TimeKeeper::TakenTime taken = keeper_.time_of({frame.monotonic, frame.utc}, now);
    frame.utc = taken.utc;
    return taken.quality;
  };
  static_cast<void>(right(pass.first_frame));
  static_cast<void>(right(pass.last_frame));
  TimeQuality quality = right(pass.best_frame);
  if (!options_.age_known) quality.synchronised_ago_s.reset();
  return quality;
}

}  // namespace wayside::app
