#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "wayside/device/config/store/configuration_store.hpp"
#include "wayside/device/control/control_client.hpp"

#include "src/app/console/joined_services.hpp"
#include "src/app/console/opened_late.hpp"
#include "src/app/taken_back.hpp"

namespace wayside::app {

namespace {

std::vector<console::ConsoleConfiguration::Setting> settings_of(
    const std::vector<ConfigurationSetting>& all) {
  std::vector<console::ConsoleConfiguration::Setting> out;
  for (const ConfigurationSetting& one : all)
    out.push_back({one.path, one.value});
  return out;
}

std::string line_of(const ConfigurationVersion& version, std::size_t n) {
  if (!version.unreadable.empty())
    return fmt::format("{:>3} version {} cannot be read: {}", n, version.number, version.unreadable);
  std::string line =
      fmt::format("{:>3} version {} by {} {}", n, version.number, version.who, to_iso8601(version.at));
  if (version.runs) line += ", runs";
  if (version.taken_back) line += ", taken back";
  if (!version.comment.empty()) line += ": " + version.comment;
  return line;
}

class JoinedConfiguration final : public console::ConsoleConfiguration {
 public:
  JoinedConfiguration(const ConsolePlaces& places, const Clock& clock)
      : socket_(places.control_socket),
        audit_(places.state / "audit"),
        boot_id_(places.boot_id),
        clock_(clock),
        store_([folder = places.state / "config", boot_id = places.boot_id, &clock] {
          return ConfigurationStore::open(folder, clock, boot_id);
        }) {}

  std::vector<console::ConsoleKey> keys() override {
    std::vector<console::ConsoleKey> all;
    for (const KeyDescription& key : configuration_keys()) {
      all.push_back({key.section, key.name, key.help, key.form, key.choices, key.default_value,
                     std::string(to_string(key.effect))});
    }
    return all;
  }
  Result<std::vector<Setting>> running() override {
    return with([](ConfigurationStore& store) { return listed(store.running_settings()); });
  }
  Result<std::vector<Setting>> candidate() override {
    return with([](ConfigurationStore& store) { return listed(store.candidate_settings()); });
  }
  Result<std::vector<std::string>> history() override {
    return with([](ConfigurationStore& store) -> Result<std::vector<std::string>> {
      const auto versions = store.versions();
      if (!versions) return fail(versions.error());
      std::vector<std::string> lines;
      // As rollback counts them: 0 is what runs.
      std::size_t n = versions->empty() || versions->front().runs ? 0 : 1;
      for (const ConfigurationVersion& version : *versions)
        lines.push_back(line_of(version, n++));
      return lines;
    });
  }
  std::vector<std::string> problems() override {
    const Result<ConfigurationStore*> store = store_.get();
    if (!store) return {store.error().message};
    return (*store)->problems();
  }
  Result<std::optional<std::string>> waiting() override {
    return with([](ConfigurationStore& store) -> Result<std::optional<std::string>> {
      const auto waiting = store.waiting();
      if (!waiting) return fail(waiting.error());
      if (!*waiting) return std::optional<std::string>();
      return std::optional(
          fmt::format("Version {} goes back to {} in {} s unless \"confirm\" is typed.", (*waiting)->version,
                      name_of((*waiting)->goes_back_to),
                      std::chrono::duration_cast<std::chrono::seconds>((*waiting)->left).count()));
    });
  }
  Status edit(std::string_view who) override {
    return with([&](ConfigurationStore& store) { return store.edit(who); });
  }
  void leave() override {
    if (const Result<ConfigurationStore*> store = store_.get()) (*store)->leave();
  }
  Status set(const std::vector<std::string>& words) override {
    return with([&](ConfigurationStore& store) { return store.set(words); });
  }
  Status unset(const std::vector<std::string>& words) override {
    return with([&](ConfigurationStore& store) { return store.unset(words); });
  }
  Status load(std::string_view toml) override {
    return with([&](ConfigurationStore& store) { return store.load(toml); });
  }
  Status rollback(std::size_t n) override {
    return with([&](ConfigurationStore& store) { return store.rollback(n); });
  }
  Result<std::string> save() override {
    return with([](ConfigurationStore& store) { return store.save(); });
  }
  Result<std::vector<Change>> compare() override {
    return with([](ConfigurationStore& store) -> Result<std::vector<Change>> {
      const auto changes = store.compare();
      if (!changes) return fail(changes.error());
      std::vector<Change> out;
      for (const ConfigurationChange& change : *changes)
        out.push_back({change.path, change.before, change.after, std::string(to_string(change.effect))});
      return out;
    });
  }
  Result<std::vector<std::string>> check() override {
    return with([](ConfigurationStore& store) { return store.check(); });
  }
  Result<std::vector<std::string>> commit(const Commit& commit) override {
    const Result<ConfigurationStore*> store = store_.get();
    if (!store) return fail(store.error());
    CommitRequest request;
    request.who = commit.who;
    request.comment = commit.comment;
    if (commit.confirm_within) request.confirm_within = *commit.confirm_within;
    const auto outcome = (*store)->commit(request);
    if (!outcome) return fail(outcome.error());
    std::vector<std::string> lines = {fmt::format("Version {} is committed.", outcome->version)};
    if (outcome->confirmed)
      lines.push_back(fmt::format("Version {} counts as confirmed.", *outcome->confirmed));
    awaits_ = commit.confirm_within ? std::optional(outcome->version) : std::nullopt;
    if (commit.confirm_within)
      lines.push_back(fmt::format("It goes back by itself in {} min unless \"confirm\" is typed.",
                                  commit.confirm_within->count()));
    tell_daemon(lines);
    return lines;
  }
  Result<std::string> confirm() override {
    return with([](ConfigurationStore& store) -> Result<std::string> {
      const auto version = store.confirm();
      if (!version) return fail(version.error());
      return fmt::format("Version {} stays.", *version);
    });
  }
  std::optional<std::string> tick() override {
    const Result<ConfigurationStore*> store = store_.get();
    if (!store) return std::nullopt;
    const auto reversion = (*store)->tick();
    // What cannot be looked at now is looked at in a second again.
    if (!reversion) return std::nullopt;
    if (!*reversion) return taken_back_by_the_daemon(**store);
    awaits_.reset();
    std::vector<std::string> lines = {fmt::format("Version {} was not confirmed in time: {} runs again.",
                                                  (*reversion)->from, name_of((*reversion)->to))};
    AuditTrail::Options trail;
    trail.folder = audit_;
    trail.boot_id = boot_id_;
    if (const Status recorded = record_taken_back(**reversion, std::move(trail), clock_); !recorded)
      lines.push_back("This could not be put on record: " + recorded.error().message);
    tell_daemon(lines);
    return fmt::format("{}", fmt::join(lines, "\n"));
  }

 private:
  // It looks as often, and may have been the first; nothing: it has not.
  std::optional<std::string> taken_back_by_the_daemon(const ConfigurationStore& store) {
    if (!awaits_) return std::nullopt;
    const auto waiting = store.waiting();
    const auto runs = store.running_version();
    if (!waiting || *waiting || !runs) return std::nullopt;
    const std::uint32_t awaited = *std::exchange(awaits_, std::nullopt);
    if (*runs >= awaited) return std::nullopt;  // it was confirmed, here or elsewhere
    return fmt::format("Version {} was not confirmed in time: {} runs again.", awaited, name_of(*runs));
  }
  static std::string name_of(std::uint32_t version) {
    return version == 0 ? std::string("none") : fmt::format("version {}", version);
  }
  static Result<std::vector<Setting>> listed(const Result<std::vector<ConfigurationSetting>>& settings) {
    if (!settings) return fail(settings.error());
    return settings_of(*settings);
  }
  template <class Work>
  auto with(Work work) -> decltype(work(std::declval<ConfigurationStore&>())) {
    const Result<ConfigurationStore*> store = store_.get();
    if (!store) return fail(store.error());
    return work(**store);
  }

  // The store is changed whether it hears of it or not: it reads it when it
  // starts.
  void tell_daemon(std::vector<std::string>& lines) const {
    Result<ControlClient> daemon = ControlClient::connect(socket_);
    Result<nlohmann::json> answer = fail(ErrorCode::unavailable, "");
    if (daemon) {
      ControlRequest request;
      request.task = ControlTask::reload;
      answer = daemon->ask(request);
    }
    if (!answer && answer.error().code == ErrorCode::not_found) {
      lines.emplace_back("The camera captures nothing until a configuration is committed.");
      return;
    }
    if (!answer) {
      lines.push_back(
          "waysided has not taken it up yet: " + (daemon ? answer.error().message : daemon.error().message) +
          ". It does when it starts.");
      return;
    }
    const auto names = [&](const char* member) {
      std::vector<std::string> all;
      for (const auto& one : answer->value(member, nlohmann::json::array())) {
        if (one.is_string()) all.push_back(one.get<std::string>());
      }
      return all;
    };
    if (const auto applied = names("applied"); !applied.empty())
      lines.push_back(fmt::format("In force: {}.", fmt::join(applied, ", ")));
    if (const auto later = names("begins_anew"); !later.empty())
      lines.push_back(fmt::format("The camera begins anew with these, some seconds without capture: {}.",
                                  fmt::join(later, ", ")));
  }

  std::filesystem::path socket_;
  std::filesystem::path audit_;
  std::string boot_id_;
  const Clock& clock_;
  OpenedLate<ConfigurationStore> store_;
  std::optional<std::uint32_t> awaits_;  // a commit of this console's that waits for its confirmation
};

}  // namespace

std::unique_ptr<console::ConsoleConfiguration> join_configuration(const ConsolePlaces& places,
                                                                  const Clock& clock) {
  return std::make_unique<JoinedConfiguration>(places, clock);
}

}  // namespace wayside::app
