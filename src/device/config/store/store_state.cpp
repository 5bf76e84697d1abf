#include "src/device/config/store/store_state.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/strict_json.hpp"

#include "src/device/config/store/damaged.hpp"

namespace wayside::config {

namespace {

using Json = nlohmann::json;

constexpr std::size_t most_earlier = 64;
constexpr std::size_t boot_id_length = 32;
constexpr int format = 1;

std::optional<std::uint32_t> number_in(const Json& json) {
  if (!json.is_number_unsigned() || json.get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max())
    return std::nullopt;
  return json.get<std::uint32_t>();
}

std::optional<std::uint32_t> number_at(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at == object.end() ? std::nullopt : number_in(*at);
}

Result<StoreState::Waiting> waiting_from(const Json& json) {
  if (!json.is_object() || json.size() != 3) return damaged("its waiting commit is not one");
  StoreState::Waiting waiting;
  const auto back = number_at(json, "goes_back_to");
  const auto boot = json.find("boot_id");
  const auto deadline = json.find("deadline_ms");
  if (!back || boot == json.end() || !boot->is_string() || deadline == json.end() ||
      !deadline->is_number_unsigned() ||
      deadline->get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return damaged("its waiting commit is not one");
  }
  waiting.goes_back_to = *back;
  waiting.boot_id = boot->get<std::string>();
  waiting.deadline_ms = deadline->get<std::int64_t>();
  const bool hex = std::all_of(waiting.boot_id.begin(), waiting.boot_id.end(),
                               [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (waiting.boot_id.size() != boot_id_length || !hex) return damaged("its boot id is not one");
  return waiting;
}

}  // namespace

std::string text_of(const StoreState& state) {
  std::string waiting = "null";
  if (state.waiting) {
    waiting = fmt::format(R"({{"goes_back_to":{},"boot_id":"{}","deadline_ms":{}}})",
                          state.waiting->goes_back_to, state.waiting->boot_id, state.waiting->deadline_ms);
  }
  const std::string line =
      fmt::format(R"({{"format":{},"running":{},"last":{},"earlier":[{}],"waiting":{}}})", format,
                  state.running, state.last, fmt::join(state.earlier, ","), waiting);
  return fmt::format("{}\n{}\n", line, to_hex(sha256(as_bytes(line))));
}

Result<StoreState> state_from(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return damaged("it is cut short");
  const std::string_view line = text.substr(0, end);
  if (text.substr(end + 1) != to_hex(sha256(as_bytes(line))) + "\n")
    return damaged("its checksum is not that of what it says");
  const Result<Json> json = parse_object(line, "it");
  if (!json) return damaged(json.error().message);
  if (json->size() != 5 || number_at(*json, "format") != std::uint32_t{format})
    return damaged("it is of another format");
  const auto running = number_at(*json, "running");
  const auto last = number_at(*json, "last");
  const auto earlier = json->find("earlier");
  const auto waiting = json->find("waiting");
  if (!running || !last || earlier == json->end() || !earlier->is_array() || waiting == json->end() ||
      earlier->size() > most_earlier) {
    return damaged("it lacks something");
  }
  StoreState state;
  state.running = *running;
  state.last = *last;
  for (const Json& element : *earlier) {
    const auto number = number_in(element);
    if (!number || *number == 0 || *number > state.last) return damaged("it names no versions");
    state.earlier.push_back(*number);
  }
  if (!waiting->is_null()) {
    Result<StoreState::Waiting> taken = waiting_from(*waiting);
    if (!taken) return fail(taken.error());
    state.waiting = std::move(*taken);
  }
  if (state.running > state.last || (state.waiting && state.waiting->goes_back_to > state.last))
    return damaged("it names a version that was never made");
  return state;
}

}  // namespace wayside::config
