// What edits the configuration.
#include <fmt/format.h>

#include "src/device/console/session.hpp"

namespace wayside::console {

namespace {

constexpr std::string_view configuration = "configuration";

}  // namespace

void Session::configure() {
  const Status editing = services_.configuration.edit(fmt::format("{} on {}", name_, options_.terminal_name));
  if (!editing) return say(editing.error());
  mode_ = Mode::configure;
  for (const std::string& problem : services_.configuration.problems())
    say(problem);
  const auto changes = services_.configuration.compare();
  if (changes && !changes->empty())
    say("The candidate has changes that were not committed: show | compare; \"rollback 0\" drops them.");
  const auto waiting = services_.configuration.waiting();
  if (waiting && *waiting) say(**waiting);
}

void Session::edit(Command command, const Words& words) {
  ConsoleConfiguration& store = services_.configuration;
  if (command == Command::rollback) {
    const std::size_t n = std::stoul(words[1]);
    done(store.rollback(n), n == 0 ? "The candidate is what runs."
                                   : "The candidate is that configuration: show | compare, then commit.");
  } else if (command == Command::confirm) {
    confirm();
  } else {
    const Words path(words.begin() + 1, words.end());
    const Status edited = command == Command::set ? store.set(path) : store.unset(path);
    if (!edited) say(edited.error());
  }
}

void Session::confirm() {
  const auto waiting = services_.configuration.waiting();
  if (!waiting) return say(waiting.error());
  if (!*waiting) return say({ErrorCode::refused, "no commit waits for its confirmation"});
  if (!record(configuration, {{"confirmed", "yes"}})) return;
  const Result<std::string> kept = services_.configuration.confirm();
  if (!kept) {
    static_cast<void>(record(configuration, {{"not_confirmed", kept.error().message}}));
    return say(kept.error());
  }
  say(*kept);
}

void Session::commit(const Words& words) {
  ConsoleConfiguration::Commit commit;
  commit.who = name_;
  for (std::size_t i = 1; i + 1 < words.size(); i += 2) {
    if (words[i] == "confirmed") commit.confirm_within = std::chrono::minutes(std::stoul(words[i + 1]));
    if (words[i] == "comment") commit.comment = words[i + 1];
  }
  const auto wrong = services_.configuration.check();
  if (!wrong) return say(wrong.error());
  if (!wrong->empty()) {
    ok_ = false;
    say("This cannot run yet, and nothing was committed:");
    for (const std::string& sentence : *wrong)
      say("  " + sentence);
    return;
  }
  const auto changes = services_.configuration.compare();
  if (!changes) return say(changes.error());
  const auto waiting = services_.configuration.waiting();
  if (!waiting) return say(waiting.error());
  std::vector<ConsoleTrail::Event> events;
  for (const ConsoleConfiguration::Change& change : *changes)
    events.push_back(
        event(configuration, {{"key", change.path}, {"before", change.before}, {"after", change.after}}));
  if (commit.confirm_within) {
    events.push_back(
        event(configuration, {{"confirm_within", fmt::format("{} min", commit.confirm_within->count())}}));
  } else if (*waiting) {
    events.push_back(event(configuration, {{"confirmed", "yes"}}));  // a plain commit does that too
  }
  if (!events.empty() && !record(std::move(events))) return;
  const auto outcome = services_.configuration.commit(commit);
  if (!outcome) {
    static_cast<void>(record(configuration, {{"not_committed", outcome.error().message}}));
    return say(outcome.error());
  }
  for (const std::string& line : *outcome)
    say(line);
}

void Session::check() {
  const auto wrong = services_.configuration.check();
  if (!wrong) return say(wrong.error());
  if (wrong->empty()) return say("It can be committed.");
  ok_ = false;
  for (const std::string& sentence : *wrong)
    say(sentence);
}

void Session::load() {
  const std::optional<std::string> text = read_block("the configuration");
  if (!text) return;
  done(services_.configuration.load(*text), "It is the candidate now: show | compare, then commit.");
}

void Session::save() {
  const Result<std::string> text = services_.configuration.save();
  if (!text) return say(text.error());
  terminal_.write(*text);
}

void Session::end_editing() {
  if (mode_ != Mode::configure) return;
  services_.configuration.leave();
  mode_ = Mode::operational;
}

Session::Next Session::leave() {
  if (mode_ != Mode::configure) return Next::log_out;
  const auto changes = services_.configuration.compare();
  if (changes && !changes->empty())
    say("The changes are kept as the candidate and do not run: \"configure\" goes on with them.");
  end_editing();
  return Next::on;
}

}  // namespace wayside::console
