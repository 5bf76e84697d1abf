// A camera for a console, in memory: accounts without delays, a configuration by the real table of keys, a
// trail that can be told to be full.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "wayside/device/console/services.hpp"

#include "src/device/config/values.hpp"

namespace wayside::doubles {

class MemoryAccounts : public console::ConsoleAccounts {
 public:
  Result<bool> has_none() override { return accounts.empty(); }
  Status make_first_installer(std::string_view name, std::string_view password) override {
    return add(name, console::ConsoleRole::installer, password);
  }
  Login log_in(std::string_view name, std::string_view password) override {
    const auto found = accounts.find(std::string(name));
    const bool known = found != accounts.end();
    if (known && found->second.second == password) return {found->second.first, {}, {}, true};
    return {std::nullopt, wait, "Name and password do not belong together. Wait 1 s.", known};
  }
  std::string challenge() override { return "c0ffee"; }
  Login log_in(std::string_view name, std::string_view challenge, std::string_view signature) override {
    const auto found = accounts.find(std::string(name));
    const bool known = found != accounts.end();
    if (known && keys.count(std::string(name)) != 0 && challenge == "c0ffee" && signature == "5161")
      return {found->second.first, {}, {}, true};
    return {std::nullopt, wait, "Name and key do not belong together. Wait 1 s.", known};
  }
  std::optional<console::ConsoleRole> role_of(std::string_view name) override {
    const auto found = accounts.find(std::string(name));
    if (found == accounts.end()) return std::nullopt;
    return found->second.first;
  }
  Status check_password(std::string_view password) override {
    if (password.size() >= 12) return {};
    return fail(ErrorCode::invalid_input, "a password has at least 12 characters: choose a longer one");
  }
  Result<std::vector<std::string>> list() override {
    std::vector<std::string> lines;
    for (const auto& [name, one] : accounts)
      lines.push_back(name + " " + std::string(console::to_string(one.first)));
    return lines;
  }
  Status add(std::string_view name, console::ConsoleRole role, std::string_view password) override {
    if (!accounts.try_emplace(std::string(name), role, std::string(password)).second)
      return fail(ErrorCode::refused, "there is an account of that name");
    return {};
  }
  Status remove(std::string_view name) override {
    if (accounts.erase(std::string(name)) == 0) return fail(ErrorCode::not_found, "there is no such account");
    return {};
  }
  Status change_password(std::string_view name, std::string_view password) override {
    accounts.at(std::string(name)).second = password;
    return {};
  }

  Status change_key(std::string_view name, std::string_view key) override {
    if (accounts.count(std::string(name)) == 0) return fail(ErrorCode::not_found, "there is no such account");
    keys.erase(std::string(name));
    if (!key.empty()) keys.emplace(name, key);
    return {};
  }

  std::map<std::string, std::pair<console::ConsoleRole, std::string>> accounts;
  std::map<std::string, std::string> keys;
  std::chrono::milliseconds wait{0};
};

class MemoryConfiguration : public console::ConsoleConfiguration {
 public:
  using Values = std::map<std::string, std::string>;

  std::vector<console::ConsoleKey> keys() override {
    std::vector<console::ConsoleKey> all;
    const Configuration defaults;
    for (const config::Key& key : config::all_keys()) {
      console::ConsoleKey one;
      one.section = key.section;
      one.name = key.name;
      one.help = key.help;
      one.form = config::expected_form(key);
      one.choices.assign(key.choices.begin(), key.choices.end());
      one.default_value = config::value_text(key, defaults);
      one.effect = "at once";
      all.push_back(std::move(one));
    }
    all.push_back({"lane", "polygon", "The lane's corners.", "at least 3 points x,y", {}, {}, "at once"});
    return all;
  }
  Result<std::vector<Setting>> running() override { return settings(runs); }
  Result<std::vector<std::string>> history() override {
    return std::vector<std::string>{"0 " + std::to_string(commits.size()) + " commits"};
  }
  std::vector<std::string> problems() override { return {}; }
  Result<std::optional<std::string>> waiting() override { return waits; }
  Status edit(std::string_view who) override {
    if (!editor.empty()) return fail(ErrorCode::refused, editor + " edits the configuration: wait");
    editor = who;
    return {};
  }
  void leave() override { editor.clear(); }
  Status set(const std::vector<std::string>& words) override {
    for (const config::Key& key : config::all_keys()) {
      if (words.size() != 3 || key.section != words[0] || key.name != words[1]) continue;
      config::Value value = words[2];
      if (!words[2].empty() && words[2].find_first_not_of("0123456789") == std::string::npos &&
          words[2].size() < 18)
        value = std::int64_t{std::stoll(words[2])};
      Configuration scratch;
      if (!config::set_value(key, value, "/", scratch) && !config::set_value(key, words[2], "/", scratch)) {
        return fail(ErrorCode::invalid_input, words[0] + "." + words[1] + " is " + words[2] + ", expected " +
                                                  config::expected_form(key));
      }
      edited[words[0] + "." + words[1]] = config::value_text(key, scratch);
      return {};
    }
    edited[words[0] + "." + words[1]] = words.back();
    return {};
  }
  Status unset(const std::vector<std::string>& words) override {
    edited.erase(words.size() > 1 ? words[0] + "." + words[1] : words[0]);
    return {};
  }
  Status load(std::string_view toml) override {
    loaded = toml;
    return {};
  }
  Status rollback(std::size_t n) override {
    edited = n == 0 ? runs : Values();
    return {};
  }
  Result<std::vector<Setting>> candidate() override { return settings(edited); }
  Result<std::string> save() override { return std::string("[site]\n"); }
  Result<std::vector<Change>> compare() override {
    std::vector<Change> changes;
    for (const auto& [path, value] : edited) {
      const auto before = runs.find(path);
      if (before == runs.end() || before->second != value)
        changes.push_back({path, before == runs.end() ? "" : before->second, value, "at once"});
    }
    return changes;
  }
  Result<std::vector<std::string>> check() override {
    std::vector<std::string> wrong;
    if (!edited.contains("site.name"))
      wrong.emplace_back("site.name is missing, expected a text of one line");
    return wrong;
  }
  Result<std::vector<std::string>> commit(const Commit& commit) override {
    commits.push_back(commit);
    runs = edited;
    return std::vector<std::string>{"Version " + std::to_string(commits.size()) + " runs."};
  }
  Result<std::string> confirm() override {
    if (late) return fail(ErrorCode::refused, "the time to confirm it has run out");
    waits.reset();
    return std::string("It stays.");
  }
  std::optional<std::string> tick() override { return std::exchange(taken_back, std::nullopt); }

  Values runs, edited;
  std::vector<Commit> commits;
  std::string editor, loaded;
  std::optional<std::string> waits, taken_back;
  bool late = false;

 private:
  static std::vector<Setting> settings(const Values& values) {
    std::vector<Setting> all;
    for (const auto& [path, value] : values)
      all.push_back({path, value});
    return all;
  }
};

class MemoryTrail : public console::ConsoleTrail {
 public:
  Status record(const std::vector<Event>& more) override {
    if (full) return fail(ErrorCode::exhausted, "the disk is full");
    events.insert(events.end(), more.begin(), more.end());
    return {};
  }
  Result<std::vector<std::string>> last(std::size_t most) override {
    std::vector<std::string> lines;
    for (std::size_t i = events.size() - std::min(most, events.size()); i < events.size(); ++i)
      lines.push_back(events[i].event + " " + events[i].name);
    return lines;
  }
  Result<std::vector<std::string>> verify() override { return std::vector<std::string>{"It is whole."}; }
  Result<std::string> exported() override { return std::string("{}\n"); }

  [[nodiscard]] std::size_t count(std::string_view event) const {
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(), [&](const Event& one) { return one.event == event; }));
  }
  std::vector<Event> events;
  bool full = false;
};

class MemoryCamera : public console::ConsoleCamera {
 public:
  Result<std::vector<std::string>> show(std::string_view what) override {
    if (dead) return fail(ErrorCode::unavailable, "waysided does not answer: it is not running");
    return std::vector<std::string>{std::string(what) + ": " + answer};
  }
  Result<std::vector<std::string>> test(std::string_view) override { return lacking; }
  Status aim(bool commissioning, unsigned, const Show& show) override {
    aims.push_back(commissioning);
    for (int i = 0; i < 10'000; ++i) {
      if (!show("plates 84 px wide: move closer or lengthen the lens; 130 wanted\n")) return {};
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return {};
  }
  Result<Bytes> snapshot(bool commissioning) override {
    snapshots.push_back(commissioning);
    return jpeg;
  }
  Result<std::vector<std::string>> show_enrolment() override {
    return std::vector<std::string>{"This camera is 0123456789abcdef."};
  }
  Result<std::vector<std::string>> load_enrolment(std::string_view document) override {
    enrolment = document;
    if (dead) return fail(ErrorCode::unavailable, "waysided does not answer: it is not running");
    return std::vector<std::string>{"This camera belongs to the office."};
  }
  Result<std::string> load_authority(std::string_view document) override {
    authority = document;
    return std::string("It is taken.");
  }
  Result<std::string> forget_view() override {
    ++views_forgotten;
    if (dead) return fail(ErrorCode::unavailable, "waysided does not answer: it is not running");
    return std::string("The view is forgotten.");
  }
  Result<std::string> check_update() override { return std::string("1.2.3 is offered."); }
  Result<std::string> waiting_update() override {
    if (dead) return fail(ErrorCode::unavailable, "waysided does not answer: it is not running");
    if (!update_waits) return fail(ErrorCode::refused, "no update waits to be installed");
    return std::string("version 1.2.3 waits");
  }
  Result<std::string> install_update() override {
    ++installs;
    if (dead) return fail(ErrorCode::unavailable, "waysided does not answer: it is not running");
    return std::string("It is being installed.");
  }
  Status reboot() override {
    ++reboots;
    return {};
  }
  Result<std::vector<std::string>> wipe(std::string_view, const Show&) override {
    if (dead) return fail(ErrorCode::unavailable, "waysided does not answer: it is not running");
    ++wipes;
    return std::vector<std::string>{"All is destroyed."};
  }

  std::string answer = "well";
  std::vector<std::string> lacking;
  std::string authority, enrolment;
  Bytes jpeg = Bytes(75, 0xff);
  std::vector<bool> snapshots, aims;  // whether as commissioning
  bool update_waits = true;
  int reboots = 0, wipes = 0, installs = 0, views_forgotten = 0;
  bool dead = false;
};

struct MemoryCameraServices {
  MemoryAccounts accounts;
  MemoryConfiguration configuration;
  MemoryTrail trail;
  MemoryCamera camera;
  [[nodiscard]] console::ConsoleServices services() { return {accounts, configuration, trail, camera}; }
};

}  // namespace wayside::doubles
