// What only looks.
#include <algorithm>

#include <fmt/format.h>

#include "wayside/device/console/printable.hpp"

#include "src/device/console/paging.hpp"
#include "src/device/console/session.hpp"

namespace wayside::console {

namespace {

// As it is typed: corners as x,y, where TOML has lists of lists.
std::string typed_form(const std::string& value) {
  if (value.rfind("[[", 0) != 0) return value;
  std::string typed;
  for (std::size_t at = 0; at < value.size(); ++at) {
    const char c = value[at];
    if (c == '[' || c == ' ' || (c == ',' && value[at - 1] == ']')) continue;
    typed += c == ']' ? ' ' : c;
  }
  typed.resize(typed.find_last_not_of(' ') + 1);
  return typed;
}

}  // namespace

void Session::show_version() {
  say(fmt::format("Wayside {}", options_.version));
}

void Session::show_from_camera(const Words& words) {
  // "show queue", "authority show", "watchlist show".
  std::string what = words.front() == "show" ? words.back() : words.front();
  if (what.rfind("watchlist", 0) == 0) what = "watch_lists";
  show(services_.camera.show(what));
}

void Session::show_settings(const Result<std::vector<ConsoleConfiguration::Setting>>& settings,
                            const Words& words) {
  if (!settings) return say(settings.error());
  const std::string only = words.size() > 2 ? words[2] + "." : std::string();
  std::string text;
  for (const ConsoleConfiguration::Setting& setting : *settings) {
    if (setting.path.rfind(only, 0) != 0) continue;
    // As it is typed: a key's path in words.
    std::string path = setting.path;
    std::replace(path.begin(), path.end(), '.', ' ');
    text += wrapped(printable(fmt::format("set {} {}", path, typed_form(setting.value))), 4) + "\n";
  }
  if (text.empty()) text = "Nothing is set there: all has its default.\n";
  write_paged(terminal_, text);
}

void Session::compare() {
  const auto changes = services_.configuration.compare();
  if (!changes) return say(changes.error());
  std::string text;
  for (const ConsoleConfiguration::Change& change : *changes) {
    if (!change.before.empty())
      text += wrapped(printable(fmt::format("- {} = {}", change.path, change.before)), 4) + "\n";
    if (!change.after.empty())
      text += wrapped(printable(fmt::format("+ {} = {}", change.path, change.after)), 4) + "\n";
  }
  if (text.empty()) text = "Nothing: the candidate is what runs.\n";
  write_paged(terminal_, text);
}

void Session::audit_show(const Words& words) {
  constexpr std::size_t usual = 20;
  std::size_t count = usual;
  // The grammar has taken nothing but a number that fits.
  if (words.size() > 2) count = std::stoul(words[2]);
  show(services_.trail.last(count));
  static_cast<void>(record("audit_read", {{"entries", std::to_string(count)}}));
}

void Session::audit_export() {
  const Result<std::string> text = services_.trail.exported();
  if (!text) return say(text.error());
  if (!record("audit_read", {{"entries", "all"}})) return;
  terminal_.write(*text);
}

void Session::show_help() {
  write_paged(terminal_,
              "Type a command word by word; any word may be shortened as long as only one begins so.\n"
              "  ?        what may stand next, with its form; in quotes a question mark\n"
              "  Tab      completes the word\n"
              "  Up, Down earlier lines of this session       Control-U  deletes the line\n"
              "  Control-C gives the line up                  Left, Right, Home, End move\n"
              "A value that holds blanks goes in quotes: set site name \"A14 J31 westbound\".\n"
              "In quotes \\\" \\\\ \\u00e9 stand for characters.\n"
              "A configuration is edited as a candidate and runs when it is committed:\n"
              "  configure; set ...; show | compare; commit confirmed 5; confirm\n"
              "What is not confirmed in time goes back by itself. \"rollback 1\" takes up the one before.\n");
}

}  // namespace wayside::console
