#include "src/app/update_answers.hpp"

#include <utility>

#include "wayside/base/log.hpp"
#include "wayside/base/version.hpp"

namespace wayside::app {

namespace {

using Json = nlohmann::json;

void add(Json& out, const char* name, std::string value) {
  if (!value.empty()) out[name] = std::move(value);
}

Result<Json> update_of(const UpdateFolder& folder, const UpdateHooks& hooks, const SystemFiles& files) {
  Json out = hooks.offered ? hooks.offered() : Json::object();
  if (const auto system = read_running_system(files)) {
    out["version"] = to_string(system->version);
    out["compatible"] = system->compatible;
    if (system->slot) out["slot"] = to_string(*system->slot);
  } else {
    out["version"] = version();
    out["problem"] = system.error().message;
  }
  const auto status = read_update_status(folder);
  if (!status) return fail(status.error());
  out["state"] = to_string(status->state);
  add(out, "of_version", status->version);
  add(out, "from", status->from);
  add(out, "reason", status->reason);
  add(out, "confirmed", status->confirmed);
  if (status->state == UpdateState::installing) out["percent"] = status->percent;
  return out;
}

using Hook = std::function<Result<std::string>()>;

Result<std::string> said_by(const Hook& hook) {
  if (hook) return hook();
  return fail(ErrorCode::unsupported,
              "this camera fetches no updates: it needs a back office over HTTPS (upload.url)");
}

Result<Json> text_of(const Result<std::string>& said) {
  if (!said) return fail(said.error());
  return Json{{"text", *said}};
}

ControlAnswers::mapped_type told(const char* event, Hook hook) {
  return [event, hook = std::move(hook)](const ControlRequest& request) {
    const Result<std::string> done = said_by(hook);
    log::info(event, {{"actor", request.actor}, {"said", done ? *done : done.error().message}});
    return text_of(done);
  };
}

}  // namespace

void add_update_answers(ControlAnswers& answers, const UpdateFolder& folder, UpdateHooks hooks,
                        const SystemFiles& files) {
  answers[ControlTask::update_check] = told("update_asked_for", hooks.check);
  answers[ControlTask::update_waiting] = [hook = hooks.waiting](const ControlRequest&) {
    return text_of(said_by(hook));
  };
  answers[ControlTask::update_install] = told("update_install_asked_for", hooks.install);
  answers[ControlTask::update] = [folder, hooks = std::move(hooks), files](const ControlRequest&) {
    return update_of(folder, hooks, files);
  };
}

}  // namespace wayside::app
