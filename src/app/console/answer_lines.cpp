#include "src/app/console/answer_lines.hpp"

#include <optional>

#include <fmt/format.h>

namespace wayside::app {

namespace {

using nlohmann::json;
using Lines = std::vector<std::string>;

std::string text_of(const json& answer, const char* member) {
  const auto found = answer.find(member);
  if (found == answer.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  if (found->is_boolean()) return found->get<bool>() ? "yes" : "no";
  if (found->is_number()) return found->dump();
  return {};
}

void add(Lines& lines, std::string_view name, const std::string& value, std::string_view unit = {}) {
  if (!value.empty())
    lines.push_back(fmt::format("{:<16}{}{}{}", name, value, unit.empty() ? "" : " ", unit));
}

std::vector<json> list_of(const json& answer, const char* member) {
  const auto found = answer.find(member);
  if (found == answer.end() || !found->is_array()) return {};
  std::vector<json> all;
  for (const json& one : *found) {
    if (one.is_object()) all.push_back(one);
  }
  return all;
}

void add_lines(Lines& lines, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

Lines health(const json& answer) {
  Lines lines;
  add(lines, "healthy", text_of(answer, "healthy"));
  add(lines, "capturing", text_of(answer, "capturing"));
  add(lines, "device", text_of(answer, "device_id"));
  add(lines, "version", text_of(answer, "version"));
  add(lines, "configuration", text_of(answer, "configuration"));
  if (const auto states = answer.find("states"); states != answer.end() && states->is_object()) {
    for (const auto& [part, state] : states->items())
      add(lines, part, state.is_string() ? state.get<std::string>() : std::string());
  }
  for (const json& problem : list_of(answer, "problems"))
    lines.push_back(fmt::format("{}: {}", text_of(problem, "part"), text_of(problem, "reason")));
  return lines;
}

// With how long ago it was; empty: the last try did not fail.
std::string last_failure(const json& queue) {
  const auto failure = queue.find("last_failure");
  if (failure == queue.end() || !failure->is_object()) return {};
  return fmt::format("{} s ago: {}", text_of(*failure, "ago_s"), text_of(*failure, "reason"));
}

Lines queue(const json& answer) {
  Lines lines;
  add(lines, "waiting", text_of(answer, "waiting"), "records");
  add(lines, "segments", text_of(answer, "segments"));
  add(lines, "of these free", text_of(answer, "segments_free"));
  // Whoever has configured another size since would else wait for it.
  const std::string configured = text_of(answer, "segments_configured");
  if (!configured.empty() && configured != text_of(answer, "segments"))
    add(lines, "configured", configured + ", which count when the queue is next made: after a wipe");
  add(lines, "back office", text_of(answer, "upload"));
  add(lines, "link at rest", text_of(answer, "circuit_open"));
  add(lines, "last try failed", last_failure(answer));
  return lines;
}

Lines clock(const json& answer) {
  Lines lines;
  add(lines, "utc", text_of(answer, "utc"));
  add(lines, "source", text_of(answer, "source"));
  add(lines, "error at most", text_of(answer, "max_error_ms"), "ms");
  add(lines, "synchronised", text_of(answer, "synchronised_ago_s"), "s ago");
  return lines;
}

Lines authority(const json& answer) {
  Lines lines;
  add(lines, "needed", text_of(answer, "needed"));
  add(lines, "may capture", text_of(answer, "may_capture"));
  add(lines, "number", text_of(answer, "number"));
  add(lines, "organisation", text_of(answer, "organisation"));
  add(lines, "purpose", text_of(answer, "purpose"));
  add(lines, "site", text_of(answer, "site"));
  add(lines, "contact", text_of(answer, "contact"));
  add(lines, "valid from", text_of(answer, "valid_from"));
  add(lines, "valid until", text_of(answer, "valid_until"));
  add(lines, "review by", text_of(answer, "review"));
  add(lines, "occupants", text_of(answer, "overview_occupants"));
  add_lines(lines, text_of(answer, "sentence"));
  return lines;
}

Lines update(const json& answer) {
  Lines lines;
  add(lines, "version", text_of(answer, "version"));
  add(lines, "for", text_of(answer, "compatible"));
  add(lines, "slot", text_of(answer, "slot"));
  add(lines, "update", text_of(answer, "state"));
  add(lines, "of version", text_of(answer, "of_version"));
  add(lines, "from", text_of(answer, "from"));
  add(lines, "installed", text_of(answer, "percent"), "%");
  add(lines, "confirmed", text_of(answer, "confirmed"));
  add(lines, "offered", text_of(answer, "offered"));
  add(lines, "fetched", text_of(answer, "fetched"), "%");
  add_lines(lines, text_of(answer, "reason"));
  add_lines(lines, text_of(answer, "problem"));
  return lines;
}

}  // namespace

std::string link_problem(const json& queue, bool heard) {
  if (text_of(queue, "upload") == "no") return "upload.url is empty, so that nothing is delivered";
  if (const std::string failure = last_failure(queue); !failure.empty()) {
    return fmt::format(
        "the last try to reach the office failed {}. Look at upload.url, the network and the clock", failure);
  }
  if (heard) return {};
  return "the office has not answered yet; the first try is under way, for upload.time_limit_s at most: ask "
         "again";
}

Lines lines_of_answer(std::string_view what, const json& answer) {
  Lines lines;
  if (what == "health") return health(answer);
  if (what == "queue") return queue(answer);
  if (what == "clock") return clock(answer);
  if (what == "authority") return authority(answer);
  if (what == "update") return update(answer);
  if (what == "privacy") {
    add_lines(lines, text_of(answer, "text"));
  } else if (what == "counters") {
    for (const json& counter : list_of(answer, "counters"))
      lines.push_back(fmt::format("{:>12} {}", text_of(counter, "value"), text_of(counter, "name")));
  } else if (what == "watch_lists") {
    for (const json& list : list_of(answer, "lists")) {
      lines.push_back(fmt::format("{} revision {}, {} entries, {}", text_of(list, "name"),
                                  text_of(list, "revision"), text_of(list, "entries"),
                                  text_of(list, "state")));
    }
  }
  return lines;
}

}  // namespace wayside::app
