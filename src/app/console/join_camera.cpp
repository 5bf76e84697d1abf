#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/files.hpp"
#include "wayside/device/control/control_client.hpp"
#include "wayside/device/wipe/wipe.hpp"

#include "src/app/console/answer_lines.hpp"
#include "src/app/console/joined_services.hpp"

namespace wayside::app {

namespace {

namespace fs = std::filesystem;

struct Answered {
  std::string_view name;
  ControlTask task;
};
constexpr Answered answered[] = {{"health", ControlTask::health},
                                 {"counters", ControlTask::counters},
                                 {"queue", ControlTask::queue},
                                 {"authority", ControlTask::authority},
                                 {"clock", ControlTask::clock},
                                 {"privacy", ControlTask::privacy},
                                 {"watch_lists", ControlTask::watch_lists},
                                 {"update", ControlTask::update}};

// Which of the daemon's problems a test is about.
struct Part {
  std::string_view test;
  std::string_view part;
};
constexpr Part parts[] = {{"camera", "configuration"},
                          {"camera", "authority"},
                          {"camera", "camera"},
                          {"camera", "recognition"},
                          {"camera", "illuminator"},
                          {"camera", "sight"},
                          {"camera", "commissioned-view"},
                          {"upload", "configuration"},
                          {"upload", "identity"},
                          {"upload", "uplink"},
                          {"upload", "back_office_records"},
                          {"upload", "queue_rolled_back"},
                          {"upload", "unlock_key"},
                          {"recipients", "configuration"},
                          {"recipients", "identity"},
                          {"recipients", "sealing"}};

class JoinedCamera final : public console::ConsoleCamera {
 public:
  explicit JoinedCamera(ConsolePlaces places) : places_(std::move(places)) {}

  Result<std::vector<std::string>> show(std::string_view what) override {
    for (const auto& [name, task] : answered) {
      if (name != what) continue;
      const Result<nlohmann::json> answer = ask(task);
      if (!answer) return fail(answer.error());
      return lines_of_answer(what, *answer);
    }
    return fail(ErrorCode::unsupported, fmt::format("{} is nothing that the camera shows", what));
  }

  // What the daemon, which has the keys and the camera, finds wrong now.
  Result<std::vector<std::string>> test(std::string_view what) override {
    const Result<nlohmann::json> answer = ask(ControlTask::health);
    if (!answer) return fail(answer.error());
    std::vector<std::string> all;
    const auto problems = answer->find("problems");
    if (problems == answer->end() || !problems->is_array()) return all;
    for (const auto& problem : *problems) {
      if (!problem.is_object()) continue;
      const std::string part = text_of(problem, "part");
      bool meant = what == "everything";
      for (const auto& [test, of] : parts)
        meant = meant || (test == what && of == part);
      if (meant) all.push_back(fmt::format("{}: {}", part, text_of(problem, "reason")));
    }
    const bool everything = what == "everything";
    if (everything || what == "camera") look_for_frames(all);
    if (everything || what == "upload") look_at_link(all);
    return all;
  }

  Status aim(bool commissioning, unsigned rate, const Show& show) override {
    Result<ControlClient> daemon = connect();
    if (!daemon) return fail(daemon.error());
    ControlRequest request = request_of(ControlTask::aim);
    request.commissioning = commissioning;
    if (rate > 0) request.every = aim_period(rate);
    return daemon->aim(request, [&](const ControlClient::AimReport& report) { return show(report.text); });
  }

  Result<Bytes> snapshot(bool commissioning) override {
    Result<ControlClient> daemon = connect();
    if (!daemon) return fail(daemon.error());
    ControlRequest request = request_of(ControlTask::snapshot);
    request.commissioning = commissioning;
    auto picture = daemon->snapshot(request);
    if (!picture) return fail(picture.error());
    return std::move(picture->jpeg);
  }

  Result<std::vector<std::string>> show_enrolment() override {
    const Result<nlohmann::json> answer = ask(ControlTask::identity);
    if (!answer) return fail(answer.error());
    std::vector<std::string> lines = {"This camera is " + text_of(*answer, "device_id") + "."};
    if (answer->contains("office")) {
      lines.push_back(fmt::format("It belongs to the office {}; its certificate ends {}.",
                                  text_of(*answer, "office"), text_of(*answer, "valid_until")));
    } else if (answer->contains("problem")) {
      lines.push_back("It cannot show whose it is: " + text_of(*answer, "problem"));
    } else {
      lines.push_back(
          "It belongs to no office yet. Have the request below signed there (wayside-backoffice enrol), then "
          "paste what comes back with \"enrol load\".");
    }
    const std::string request = text_of(*answer, "request");
    for (std::size_t at = 0; at < request.size();) {
      const std::size_t end = std::min(request.find('\n', at), request.size());
      lines.push_back(request.substr(at, end - at));
      at = end + 1;
    }
    return lines;
  }

  Result<std::vector<std::string>> load_enrolment(std::string_view document) override {
    Result<ControlClient> daemon = connect();
    if (!daemon) return fail(daemon.error());
    ControlRequest request = request_of(ControlTask::enrol);
    request.document = tidied(document);
    const Result<nlohmann::json> answer = daemon->ask(request);
    if (!answer) return fail(answer.error());
    return std::vector<std::string>{
        fmt::format("This camera belongs to the office {} now; its certificate ends {}.",
                    text_of(*answer, "office"), text_of(*answer, "valid_until")),
        "Compare the office's number with the one that was shown there."};
  }

  // The folder of authorities is the daemon's own, beside its keys.
  Result<std::string> load_authority(std::string_view document) override {
    Result<ControlClient> daemon = connect();
    if (!daemon) return fail(daemon.error());
    ControlRequest request = request_of(ControlTask::load_authority);
    request.document = tidied(document);
    const Result<nlohmann::json> answer = daemon->ask(request);
    if (!answer) return fail(answer.error());
    return fmt::format("Number {} is taken: \"authority show\" says what is in force.",
                       text_of(*answer, "number"));
  }

  Result<std::string> forget_view() override { return sentence(ControlTask::forget_view); }
  Result<std::string> check_update() override { return sentence(ControlTask::update_check); }
  Result<std::string> waiting_update() override { return sentence(ControlTask::update_waiting); }
  Result<std::string> install_update() override { return sentence(ControlTask::update_install); }

  Status reboot() override {
    const fs::path request = places_.requests / "reboot";
    const Status asked = replace_file(request, as_bytes(places_.terminal_name), 0600);
    if (!asked) return fail(asked.error().context("the machine cannot be asked to start again"));
    return {};
  }

  // Keys and records are the daemon's: wayside-wipe.service, which has the right to them, takes it from here.
  Result<std::vector<std::string>> wipe(std::string_view who, const Show&) override {
    WipeRequest request;
    request.name = who;
    request.role = "installer";
    request.terminal = places_.terminal_name;
    request.reason = "asked for at the console";
    const fs::path folder = wipe_folder(places_.state);
    if (const Status asked = request_wipe(folder, request); !asked) return fail(asked.error());
    return std::vector<std::string>{
        "Everything is being destroyed, at the latest when the machine starts again; nothing stops that any "
        "more.",
        "The receipt will be in " + folder.string() + "."};
  }

 private:
  // Nothing of it is a problem of the daemon's, and everything of whoever commissions the camera. A daemon
  // without a configuration answers neither, and has said so.
  void look_for_frames(std::vector<std::string>& all) {
    const Result<nlohmann::json> counters = ask(ControlTask::counters);
    if (counters && counted(*counters, "frames_captured") == 0)
      all.emplace_back("camera: no frame has come from it since it began");
  }
  void look_at_link(std::vector<std::string>& all) {
    const Result<nlohmann::json> identity = ask(ControlTask::identity);
    if (!identity) {
      all.push_back("identity: " + identity.error().message);
    } else if (!identity->contains("office")) {
      all.push_back(identity->contains("problem")
                        ? "identity: " + text_of(*identity, "problem")
                        : "identity: this camera belongs to no office yet: enrol show");
    }
    const Result<nlohmann::json> queue = ask(ControlTask::queue);
    const Result<nlohmann::json> counters = ask(ControlTask::counters);
    if (!queue || !counters) return;
    const std::string problem = link_problem(*queue, counted(*counters, "heartbeats_sent") > 0);
    if (!problem.empty()) all.push_back("upload: " + problem);
  }
  static std::uint64_t counted(const nlohmann::json& counters, std::string_view name) {
    const auto list = counters.find("counters");
    if (list == counters.end() || !list->is_array()) return 0;
    for (const auto& counter : *list) {
      if (counter.is_object() && text_of(counter, "name") == name && counter.contains("value") &&
          counter.at("value").is_number_unsigned())
        return counter.at("value").get<std::uint64_t>();
    }
    return 0;
  }
  // A daemon that begins anew is away for seconds. One that was just waited for in vain is not waited for
  // again: whoever looks for the reason asks for more than one thing.
  [[nodiscard]] Result<ControlClient> connect() {
    using std::chrono::steady_clock;
    constexpr int tries = 50;
    constexpr auto just = std::chrono::seconds(30);
    const bool waits = !waited_in_vain_ || steady_clock::now() - *waited_in_vain_ > just;
    Result<ControlClient> daemon = ControlClient::connect(places_.control_socket);
    for (int i = 1; waits && i < tries && !daemon && daemon.error().code == ErrorCode::unavailable; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      daemon = ControlClient::connect(places_.control_socket);
    }
    if (daemon) {
      waited_in_vain_.reset();
    } else if (waits) {
      waited_in_vain_ = steady_clock::now();
    }
    if (daemon) return daemon;
    return fail(daemon.error().code,
                daemon.error().message +
                    "; it may be starting, which takes a minute for each 150 segments where it makes its "
                    "queue (3000: 21 minutes), and longer on a slow card: try again");
  }
  // What is pasted comes with blanks and empty lines that nobody signed, around it and behind its lines.
  static std::string tidied(std::string_view pasted) {
    std::string out;
    while (!pasted.empty()) {
      const std::size_t end = std::min(pasted.find('\n'), pasted.size());
      const std::string_view line = pasted.substr(0, end);
      const std::size_t last = line.find_last_not_of(" \t\r");
      if (last != std::string_view::npos || !out.empty())
        out.append(line.substr(0, last + 1)).push_back('\n');
      pasted.remove_prefix(std::min(end + 1, pasted.size()));
    }
    out.erase(out.find_last_not_of('\n') + 1);
    return out + '\n';
  }
  static std::string text_of(const nlohmann::json& of, const char* member) {
    const auto found = of.find(member);
    if (found == of.end()) return {};
    return found->is_string()   ? found->get<std::string>()
           : found->is_number() ? found->dump()
                                : std::string();
  }
  [[nodiscard]] ControlRequest request_of(ControlTask task) const {
    ControlRequest request;
    request.task = task;
    request.actor = "console on " + places_.terminal_name;
    return request;
  }
  Result<std::string> sentence(ControlTask task) {
    const Result<nlohmann::json> answer = ask(task);
    if (!answer) return fail(answer.error());
    return text_of(*answer, "text");
  }
  Result<nlohmann::json> ask(ControlTask task) {
    Result<ControlClient> daemon = connect();
    if (!daemon) return fail(daemon.error());
    return daemon->ask(request_of(task));
  }

  ConsolePlaces places_;
  std::optional<std::chrono::steady_clock::time_point> waited_in_vain_;
};

}  // namespace

std::unique_ptr<console::ConsoleCamera> join_camera(const ConsolePlaces& places) {
  return std::make_unique<JoinedCamera>(places);
}

}  // namespace wayside::app
