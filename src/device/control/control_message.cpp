#include "wayside/device/control/control_message.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"
#include "wayside/base/strict_json.hpp"

namespace wayside {

namespace {

using Json = nlohmann::json;

constexpr std::array<std::pair<ControlTask, std::string_view>, 18> tasks{{
    {ControlTask::health, "health"},
    {ControlTask::counters, "counters"},
    {ControlTask::queue, "queue"},
    {ControlTask::authority, "authority"},
    {ControlTask::clock, "clock"},
    {ControlTask::privacy, "privacy"},
    {ControlTask::watch_lists, "watch_lists"},
    {ControlTask::identity, "identity"},
    {ControlTask::enrol, "enrol"},
    {ControlTask::load_authority, "load_authority"},
    {ControlTask::forget_view, "forget_view"},
    {ControlTask::update, "update"},
    {ControlTask::update_check, "update_check"},
    {ControlTask::update_waiting, "update_waiting"},
    {ControlTask::update_install, "update_install"},
    {ControlTask::reload, "reload"},
    {ControlTask::aim, "aim"},
    {ControlTask::snapshot, "snapshot"},
}};

// As they are written on the line; of any other an answer is none.
constexpr std::array<std::pair<ErrorCode, std::string_view>, 8> codes{{
    {ErrorCode::invalid_input, "invalid_input"},
    {ErrorCode::not_found, "not_found"},
    {ErrorCode::corrupt, "corrupt"},
    {ErrorCode::io, "io"},
    {ErrorCode::exhausted, "exhausted"},
    {ErrorCode::refused, "refused"},
    {ErrorCode::unavailable, "unavailable"},
    {ErrorCode::unsupported, "unsupported"},
}};

constexpr std::size_t most_actor_bytes = 64;
constexpr std::int64_t least_every_ms = 100;
constexpr std::int64_t most_every_ms = 10'000;

// No error handler but this keeps what is not UTF-8 from throwing.
std::string line_of(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

bool takes_document(ControlTask task) {
  return task == ControlTask::enrol || task == ControlTask::load_authority;
}

Status take_member(const std::string& name, const Json& value, ControlRequest& request) {
  const bool pictures = request.task == ControlTask::aim || request.task == ControlTask::snapshot;
  if (name == "actor") {
    if (value.is_string() && value.get_ref<const std::string&>().size() <= most_actor_bytes) {
      request.actor = value.get<std::string>();
      return {};
    }
    return fail(ErrorCode::invalid_input,
                fmt::format("\"actor\" is a text of at most {} bytes", most_actor_bytes));
  }
  if (name == "document" && takes_document(request.task)) {
    if (!value.is_string()) return fail(ErrorCode::invalid_input, "\"document\" is a text");
    request.document = value.get<std::string>();
    return {};
  }
  if (name == "commissioning" && pictures) {
    if (!value.is_boolean()) return fail(ErrorCode::invalid_input, "\"commissioning\" is true or false");
    request.commissioning = value.get<bool>();
    return {};
  }
  if (name == "every_ms" && request.task == ControlTask::aim) {
    // A number above what fits into 64 bits with a sign is kept as one without.
    const std::int64_t ms = value.is_number_unsigned() ? static_cast<std::int64_t>(std::min<std::uint64_t>(
                                                             value.get<std::uint64_t>(), most_every_ms + 1))
                                                       : -1;
    if (ms < least_every_ms || ms > most_every_ms) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("\"every_ms\" is a whole number from {} to {}", least_every_ms, most_every_ms));
    }
    request.every = std::chrono::milliseconds(ms);
    return {};
  }
  return fail(ErrorCode::invalid_input, fmt::format("\"{}\" takes no \"{}\"", to_string(request.task),
                                                    json_escape(name.substr(0, 60))));
}

}  // namespace

std::string_view to_string(ControlTask task) {
  for (const auto& [known, name] : tasks) {
    if (known == task) return name;
  }
  return "health";
}

std::string encode(const ControlRequest& request) {
  Json json = {{"do", to_string(request.task)}};
  if (!request.actor.empty()) json["actor"] = request.actor;
  if (takes_document(request.task)) json["document"] = request.document;
  if (request.commissioning) json["commissioning"] = true;
  if (request.task == ControlTask::aim) json["every_ms"] = request.every.count();
  return line_of(json);
}

Result<ControlRequest> parse_control_request(std::string_view line) {
  if (line.size() > most_control_request_bytes) {
    return fail(ErrorCode::invalid_input,
                fmt::format("a request has at most {} bytes", most_control_request_bytes));
  }
  const Result<Json> json = parse_object(line, "the request");
  if (!json) return fail(json.error());
  const auto wanted = json->find("do");
  if (wanted == json->end() || !wanted->is_string())
    return fail(ErrorCode::invalid_input, "the request lacks \"do\", a text");
  const auto& name = wanted->get_ref<const std::string&>();
  const auto* const task =
      std::find_if(tasks.begin(), tasks.end(), [&](const auto& known) { return known.second == name; });
  if (task == tasks.end()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("there is no task \"{}\"", json_escape(name.substr(0, 60))));
  }
  ControlRequest request;
  request.task = task->first;
  for (const auto& [key, value] : json->items()) {
    if (key == "do") continue;
    if (const Status taken = take_member(key, value, request); !taken) return fail(taken.error());
  }
  return request;
}

Result<Json> parse_control_answer(std::string_view line) {
  if (line.size() > most_control_answer_bytes)
    return fail(ErrorCode::corrupt, "the daemon's answer is too long to be one");
  Result<Json> json = parse_object(line, "the daemon's answer");
  if (!json) return fail(ErrorCode::corrupt, json.error().message);
  const auto ok = json->find("ok");
  if (ok == json->end() || !ok->is_boolean())
    return fail(ErrorCode::corrupt, "the daemon's answer does not say whether it is one");
  if (ok->get<bool>()) return json;
  const auto code = json->find("code");
  const auto reason = json->find("reason");
  if (code == json->end() || !code->is_string() || reason == json->end() || !reason->is_string())
    return fail(ErrorCode::corrupt, "the daemon refuses and does not say why");
  for (const auto& [known, name] : codes) {
    if (code->get_ref<const std::string&>() != name) continue;
    const auto& said = reason->get_ref<const std::string&>();
    return fail(known, said.empty() ? "the daemon refuses" : json_escape(said));
  }
  return fail(ErrorCode::corrupt, "the daemon refuses for a reason that is none");
}

std::string encode_refusal(const Error& error) {
  std::string_view name = "io";
  for (const auto& [known, text] : codes) {
    if (known == error.code) name = text;
  }
  return line_of({{"ok", false}, {"code", name}, {"reason", error.message}});
}

}  // namespace wayside
