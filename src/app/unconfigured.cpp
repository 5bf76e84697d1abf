#include "src/app/unconfigured.hpp"

#include <chrono>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/log.hpp"
#include "wayside/base/version.hpp"
#include "wayside/device/clock/boot_id.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/health/health.hpp"
#include "wayside/device/identity/enrolment.hpp"
#include "wayside/device/identity/identity.hpp"

#include "src/app/control_socket.hpp"
#include "src/app/identity_answers.hpp"
#include "src/app/main_events.hpp"
#include "src/app/outside.hpp"
#include "src/app/reload_desk.hpp"
#include "src/app/supervision.hpp"
#include "src/app/update_answers.hpp"
#include "src/app/update_judge.hpp"

namespace wayside::app {

namespace {

using std::chrono::milliseconds;
using Json = nlohmann::json;

constexpr milliseconds look_every{1'000};
// A camera that could not begin tries again with what it has.
constexpr milliseconds begin_again{30'000};

class UnconfiguredCamera {
 public:
  UnconfiguredCamera(StoredConfiguration& stored, const Unconfigured& camera)
      : stored_(stored), camera_(camera), supervision_(camera.with.supervision, health_) {
    static_cast<void>(health_.ill("configuration", camera_.reason));
    log::error("no_configuration", {{"reason", camera_.reason}});
    // Its key is made here at the first start of all, for the office to certify.
    const std::filesystem::path& folder = camera_.with.identity.directory;
    Status made = make_identity(folder).map([](const auto&) {});
    if (made) made = finish_enrolment(folder);
    if (!made && health_.ill("identity", made.error().message))
      log::error("no_identity", {{"reason", made.error()}});
    tell_outside(camera_.with);
    open_control();
  }

  bool wait() {
    supervision_.begin({});
    supervision_.status(fmt::format("UNHEALTHY, configuration: {}", camera_.reason));
    const MonotonicTime begin = clock_->monotonic_now();
    while (!events_.told_to_end()) {
      if (desk_.serve([this] { return look(); }) && found_other_) break;
      const auto found = stored_.look();
      if (found && found->version != camera_.failed) break;
      if (found && clock_->monotonic_now() - begin >= begin_again) break;
      judge_.look(clock_->monotonic_now(), {});
      supervision_.alive();
      events_.wait(look_every);
    }
    desk_.close();
    control_.reset();
    if (events_.told_to_end()) supervision_.stopping();
    supervision_.end();
    return !events_.told_to_end();
  }

 private:
  void open_control() {
    const std::filesystem::path& path = camera_.with.console.control_socket;
    std::error_code absent;
    if (path.empty() || !std::filesystem::is_directory(path.parent_path(), absent)) return;
    Result<std::unique_ptr<ControlSocket>> control = ControlSocket::open(path, answers(), aiming_);
    if (control) {
      control_ = std::move(*control);
    } else {
      log::warning("control_off", {{"reason", control.error()}});
    }
  }

  ControlAnswers answers() {
    ControlAnswers answers;
    for (const ControlTask task : {ControlTask::counters, ControlTask::queue, ControlTask::authority,
                                   ControlTask::clock, ControlTask::privacy, ControlTask::watch_lists,
                                   ControlTask::load_authority, ControlTask::forget_view}) {
      answers[task] = [](const ControlRequest&) -> Result<Json> {
        return fail(ErrorCode::unavailable,
                    "the camera has no configuration that it can begin with yet: show health");
      };
    }
    answers[ControlTask::health] = [this](const ControlRequest&) -> Result<Json> {
      Json problems = Json::array();
      for (const auto& [part, reason] : health_.problems())
        problems.push_back({{"part", part}, {"reason", reason}});
      return Json{{"healthy", false},
                  {"problems", std::move(problems)},
                  {"version", version()},
                  {"capturing", false}};
    };
    answers[ControlTask::reload] = [this](const ControlRequest&) -> Result<Json> {
      const Result<Reloaded> reloaded = desk_.ask(reload_within);
      if (!reloaded) return fail(reloaded.error());
      return reload_answer(*reloaded);
    };
    add_update_answers(answers, update_, {});
    add_identity_answers(answers, camera_.with.identity.directory, *clock_);
    return answers;
  }

  Result<Reloaded> look() {
    const auto found = stored_.look();
    if (!found) return fail(found.error());
    found_other_ = found->version != camera_.failed;
    Reloaded reloaded{found->version, {}};
    for (const ConfigurationChange& change : changes_between(camera_.with, found->configuration))
      reloaded.changes.begins_anew.push_back(change.path);
    return reloaded;
  }

  StoredConfiguration& stored_;
  const Unconfigured& camera_;
  MainEvents events_;
  Health health_;
  const std::unique_ptr<Clock> clock_ = make_system_clock();
  Aiming aiming_{AimOptions{}};
  const UpdateFolder update_ = update_folder_beside(camera_.with.identity.directory);
  UpdateJudge judge_{
      {update_, read_boot_id().value_or("")}};  // of one that could not do anything before either
  Supervision supervision_;
  bool found_other_ = false;
  ReloadDesk desk_{[this] { events_.wake(); }};
  std::unique_ptr<ControlSocket> control_;
};

}  // namespace

bool wait_for_configuration(StoredConfiguration& stored, const Unconfigured& camera) {
  return UnconfiguredCamera(stored, camera).wait();
}

}  // namespace wayside::app
