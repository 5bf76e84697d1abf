#include "src/app/daemon.hpp"

#include <algorithm>
#include <csignal>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <pthread.h>

#include "wayside/base/files.hpp"
#include "wayside/base/log.hpp"
#include "wayside/base/version.hpp"

#include "src/app/blind_ladder.hpp"
#include "src/app/camera_parts.hpp"
#include "src/app/main_events.hpp"
#include "src/app/process.hpp"
#include "src/app/reload_desk.hpp"
#include "src/app/run_report.hpp"
#include "src/app/stored_configuration.hpp"
#include "src/app/supervision.hpp"
#include "src/app/unconfigured.hpp"

namespace wayside::app {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds status_every{10'000};
constexpr milliseconds models_again{10'000};
constexpr milliseconds configuration_every{1'000};
constexpr milliseconds update_every{1'000};
// What a watchdog may be late before it is said that it does not work.
constexpr milliseconds watchdog_late{30'000};

double seconds_between(MonotonicTime from, MonotonicTime to) {
  return std::chrono::duration<double>(to - from).count();
}

class Daemon {
 public:
  // stored: the one that the configuration comes from, as that version; null: it comes from a file.
  Daemon(Configuration configuration, const DaemonOptions& options, StoredConfiguration* stored = nullptr,
         std::uint32_t version = 0)
      : configuration_(std::move(configuration)), options_(options), stored_(stored), version_(version) {}

  // It has ended in order to begin with another configuration.
  [[nodiscard]] bool begins_anew() const { return begins_anew_ && !events_.told_to_end(); }
  [[nodiscard]] bool had_begun() const { return had_begun_; }

  Status run() {
    if (const Status prepared = parts_.prepare(); !prepared) {
      if (!events_.told_to_end()) return prepared;
      log::info("stopping", {{"reason", "told to by a signal"}, {"unfinished", prepared.error()}});
      supervision_.stopping();
      return {};
    }
    had_begun_ = true;
    if (options_.until_delivered) {
      if (const Status worth = is_worth_waiting_for(); !worth) return worth;
    } else {
      static_cast<void>(parts_.try_recognition());
    }
    parts_.start();
    supervision_.begin([this] { return parts_.metrics(); });
    log::info("started", {{"version", version()},
                          {"configuration", configuration_.version},
                          {"device_id", parts_.device_id()}});
    while (parts_.pipeline() == nullptr && !is_ending()) {
      wait_alive(models_again);
      if (!is_ending()) static_cast<void>(parts_.try_recognition());
    }
    const MonotonicTime begin = parts_.clock().monotonic_now();
    if (parts_.pipeline() != nullptr) {
      parts_.pipeline()->start();
      follow_flow();
      parts_.pipeline()->wait();
    }
    const double wall_s = seconds_between(begin, parts_.clock().monotonic_now());
    const Status delivered = deliver_rest();
    parts_.stop_watching();
    if (parts_.pipeline() != nullptr && is_ending()) parts_.close_books();  // the writer has ended
    desk_.close();
    if (help_ != BlindHelp::restart_machine && !begins_anew()) supervision_.stopping();
    parts_.stop_talking();
    const Status flushed = parts_.queue().flush();
    const Status reported = report(wall_s);
    if (help_ == BlindHelp::restart_machine) wait_for_the_watchdog();
    supervision_.end();
    log::info("ended", {{"records_waiting", parts_.queue().depth().unacknowledged}});
    // Whatever is wrong with a recording, the command line was right.
    if (const std::optional<Error> error = source_error()) return fail(ErrorCode::io, error->message);
    if (!flushed) return fail(flushed.error());
    if (const std::uint64_t lost = parts_.counters().counter("records_lost").value(); lost != 0) {
      return fail(ErrorCode::io,
                  fmt::format("{} record{} could not be put into the queue and {} lost; the log says "
                              "why (records_lost)",
                              lost, lost == 1 ? "" : "s", lost == 1 ? "is" : "are"));
    }
    if (!delivered) return fail(delivered.error());
    if (!reported) return reported;
    if (help_ != BlindHelp::none && !events_.told_to_end())
      return fail(ErrorCode::unavailable, "the camera gives no frame; ended so as to be started anew");
    return {};
  }

 private:
  // A large queue takes minutes to make. Whoever ends the daemon meanwhile does not wait for that, and its
  // limit for an end is not put off.
  bool segment_made(std::uint32_t made, std::uint32_t segments) {
    events_.wait(milliseconds(0));
    if (events_.told_to_end()) return false;
    supervision_.gets_on(fmt::format("the queue is being made: {} of {} segments", made, segments));
    return true;
  }

  // Where somebody waits for a recording, there is nothing to wait for without leave to play it, without
  // models, nor without anybody to seal records to.
  Status is_worth_waiting_for() {
    if (const AuthorityKeeper* authority = parts_.authority();
        authority != nullptr && !authority->may_capture())
      return fail(ErrorCode::refused, authority->sentence());
    if (const Status sound = parts_.try_recognition(); !sound) return sound;
    return parts_.sealing().try_to_seal();
  }

  // With nothing to do but wait, which is no reason to be restarted.
  void wait_alive(milliseconds limit) {
    parts_.sealing().look_again();
    parts_.keep();  // nothing appends meanwhile
    tell_status();
    const MonotonicTime until = parts_.clock().monotonic_now() + limit;
    while (!is_ending() && parts_.clock().monotonic_now() < until) {
      supervision_.alive();
      events_.wait(std::min(look_every(), limit));
      look_at_update();
      look_at_configuration();
    }
  }

  [[nodiscard]] milliseconds look_every() const {
    return stored_ == nullptr ? supervision_.look_every()
                              : std::min(supervision_.look_every(), configuration_every);
  }

  void look_at_configuration() {
    if (desk_.serve([this] { return take_over(true); }) || stored_ == nullptr) return;
    const MonotonicTime now = parts_.clock().monotonic_now();
    if (is_ending() || now - looked_ < configuration_every) return;
    looked_ = now;
    static_cast<void>(take_over(false));
  }

  Result<Reloaded> take_over(bool asked) {
    if (stored_ == nullptr) {
      return fail(ErrorCode::unsupported,
                  "this waysided runs a file (--config) and no store (--store): restart it to take a change");
    }
    const Result<StoredConfiguration::Found> found = stored_->look();
    const std::string problem = found ? stored_->problem() : found.error().message;
    if (problem.empty()) {
      parts_.health().well("configuration");
    } else if (parts_.health().ill("configuration", problem)) {
      log::error("configuration_unhealthy", {{"reason", problem}});
    }
    if (!found) {
      // What cannot be read is no reason to stop; that there is to be none is.
      if (found.error().code == ErrorCode::not_found) begin_anew();
      return fail(found.error());
    }
    Reloaded out{found->version, {}};
    if (found->version == version_) {
      // Whoever committed it asks a moment later than the camera looked by itself.
      return asked && untold_ ? *std::exchange(untold_, std::nullopt) : out;
    }
    out.changes = plan_reconfiguration(configuration_, found->configuration);
    begins_anew_ = !out.changes.begins_anew.empty();
    log::info("configuration_taken_over", {{"version", found->version},
                                           {"configuration", found->configuration.version},
                                           {"keys_at_once", out.changes.at_once.size()},
                                           {"keys_remade", out.changes.remade.size()},
                                           {"keys_begin_anew", out.changes.begins_anew.size()}});
    version_ = found->version;
    untold_ = asked ? std::nullopt : std::optional(out);
    if (begins_anew_) {
      begin_anew();
      return out;
    }
    configuration_ = found->configuration;
    parts_.apply(configuration_, out.changes);
    return out;
  }

  void begin_anew() {
    begins_anew_ = true;
    if (parts_.pipeline() != nullptr) parts_.pipeline()->request_stop();
  }

  // Until everything captured is in the queue.
  void follow_flow() {
    MonotonicTime told = parts_.clock().monotonic_now();
    tell_status();
    while (!events_.finished()) {
      const bool ending = events_.told_to_end();
      events_.wait(look_every());
      if (!ending && events_.told_to_end()) {
        log::info("stopping", {{"reason", "told to by a signal"}});
        supervision_.stopping();
        parts_.pipeline()->request_stop();
      }
      if (parts_.pipeline()->has_moved()) supervision_.alive();
      if (!is_ending()) help_a_blind_camera();
      look_at_update();
      look_at_configuration();
      if (parts_.clock().monotonic_now() - told >= status_every) {
        told = parts_.clock().monotonic_now();
        parts_.sealing().look_again();
        tell_status();
      }
    }
  }

  void look_at_update() {
    const MonotonicTime now = parts_.clock().monotonic_now();
    if (is_ending() || now - judged_ < update_every) return;
    judged_ = now;
    parts_.judge_update();
  }

  void help_a_blind_camera() {
    help_ =
        blind_.look(parts_.clock().monotonic_now(), {parts_.counters().counter("frames_captured").value(),
                                                     parts_.expects_frames(), supervision_.has_watchdog()});
    if (help_ != BlindHelp::none) parts_.pipeline()->request_stop();
  }

  // With everything in its place: a machine that is reset does not ask. The service manager would start the
  // daemon again, which would feed the watchdog, so it hears that all is well.
  void wait_for_the_watchdog() {
    const MonotonicTime until =
        parts_.clock().monotonic_now() + supervision_.leave_machine_to_watchdog() + watchdog_late;
    supervision_.status("the camera gives no frame: the machine is about to be restarted by its watchdog");
    while (!events_.told_to_end() && parts_.clock().monotonic_now() < until) {
      supervision_.alive();
      events_.wait(supervision_.look_every());
    }
    if (!events_.told_to_end())
      log::error("watchdog_does_nothing", {{"next", "the daemon ends, to be started anew"}});
  }

  [[nodiscard]] bool is_ending() const {
    return events_.told_to_end() || help_ != BlindHelp::none || begins_anew_;
  }

  void tell_status() {
    std::string ill;
    for (const auto& [part, reason] : parts_.health().problems())
      ill += fmt::format("UNHEALTHY, {}: {}; ", part, reason);
    supervision_.status(ill + fmt::format("{} vehicles recorded, {} records waiting, {} frames dropped",
                                          parts_.counters().counter("records_stored").value(),
                                          parts_.queue().depth().unacknowledged,
                                          parts_.counters().counter("frames_dropped").value()));
  }

  Status deliver_rest() {
    if (!options_.until_delivered || parts_.uplink() == nullptr || events_.told_to_end()) return {};
    const MonotonicTime deadline = parts_.clock().monotonic_now() + *options_.until_delivered;
    while (!parts_.queue().depth().all_delivered && !parts_.uplink()->wait_drained(milliseconds(200))) {
      events_.wait(milliseconds(0));
      if (events_.told_to_end()) return {};
      if (parts_.clock().monotonic_now() >= deadline) {
        return fail(
            ErrorCode::unavailable,
            fmt::format("{} records were not delivered within {} s; they stay in the queue and are delivered "
                        "when waysided runs again",
                        parts_.queue().depth().unacknowledged, options_.until_delivered->count()));
      }
      supervision_.alive();  // the wait has a limit of its own
    }
    const std::uint64_t waiting = parts_.queue().depth().unacknowledged;
    const std::uint64_t given_up = waiting - std::min(waiting, parts_.uplink()->state().without_form);
    if (given_up != 0) {
      return fail(ErrorCode::unavailable,
                  fmt::format("the back office will not have {} record{} in the queue, and the log says why "
                              "(record_dead_lettered, record_quarantined)",
                              given_up, given_up == 1 ? "; it stays" : "s; they stay"));
    }
    return {};
  }

  Status report(double wall_s) {
    if (!options_.report) return {};
    RunFigures figures;
    figures.ended = source_error() ? "source_failed" : events_.told_to_end() ? "stopped" : "end_of_stream";
    figures.wall_s = wall_s;
    figures.cpu_s = cpu_seconds();
    figures.frames = parts_.counters().counter("frames_captured").value();
    figures.peak_memory_bytes = peak_memory_bytes();
    figures.memory_bytes_at_end = memory_bytes();
    const UploaderState upload = parts_.uplink() != nullptr ? parts_.uplink()->state() : UploaderState{};
    const std::string json = report_json(figures, parts_.clock(), parts_.health(), parts_.queue().depth(),
                                         upload, parts_.counters());
    return replace_file(*options_.report, as_bytes(json));
  }

  [[nodiscard]] std::optional<Error> source_error() {
    return parts_.pipeline() != nullptr ? parts_.pipeline()->source_error() : std::nullopt;
  }

  Configuration configuration_;
  const DaemonOptions& options_;
  StoredConfiguration* const stored_;
  std::uint32_t version_;
  bool had_begun_ = false;
  bool begins_anew_ = false;
  MonotonicTime looked_;            // at the store
  MonotonicTime judged_;            // the update
  std::optional<Reloaded> untold_;  // taken over, and nobody has asked yet
  MainEvents events_;
  ReloadDesk desk_{[this] { events_.wake(); }};
  CameraParts parts_{
      configuration_,
      options_.models,
      {[this] { events_.flow_finished(); }, [this] { return desk_.ask(reload_within); },
       [this](std::uint32_t made, std::uint32_t segments) { return segment_made(made, segments); }}};
  Supervision supervision_{configuration_.supervision, parts_.health()};
  BlindLadder blind_{configuration_.identity.directory / "camera-restarts",
                     std::chrono::seconds(configuration_.supervision.blind_limit_s), parts_.health()};
  BlindHelp help_ = BlindHelp::none;
};

void prepare_process() {
  pthread_setname_np(pthread_self(), "waysided");  // started anew as /proc/self/exe it would be called "exe"
  std::signal(SIGPIPE, SIG_IGN);                   // a back office that hangs up is an answer, not the end
}

}  // namespace

Status run_stored_daemon(StoredConfiguration& stored, const DaemonOptions& options) {
  prepare_process();
  for (;;) {
    const auto found = stored.look();
    Status done;
    if (found) {
      const auto level = log::level_from(found->configuration.log.level);
      const auto format = log::format_from(found->configuration.log.format);
      if (level && format) log::start(*level, *format);
      Daemon daemon(found->configuration, options, &stored, found->version);
      done = daemon.run();
      if (daemon.begins_anew()) continue;
      if (done || daemon.had_begun()) return done;
    }
    const Unconfigured camera = found
                                    ? Unconfigured{done.error().message, found->configuration, found->version}
                                    : Unconfigured{found.error().message, stored.without(), 0};
    if (!wait_for_configuration(stored, camera)) return {};
  }
}

Status run_daemon(const Configuration& configuration, const DaemonOptions& options) {
  prepare_process();
  return Daemon(configuration, options).run();
}

}  // namespace wayside::app
