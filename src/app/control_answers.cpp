#include "src/app/control_answers.hpp"

#include <utility>

#include "wayside/base/log.hpp"
#include "wayside/base/version.hpp"
#include "wayside/delivery/seal/recipient_folder.hpp"

#include "src/app/camera_parts.hpp"
#include "src/app/privacy_text.hpp"

namespace wayside::app {

namespace {

using Json = nlohmann::json;

// Of the office's or a library's words there may be many; the first ones say what it is.
constexpr std::size_t longest_reason = 500;

Json health_of(CameraParts& parts) {
  Json problems = Json::array();
  for (const auto& [part, reason] : parts.health().problems())
    problems.push_back({{"part", part}, {"reason", reason}});
  const bool healthy = problems.empty();
  return {{"healthy", healthy},
          {"problems", std::move(problems)},
          {"states", parts.health().states()},
          {"version", version()},
          {"configuration", parts.configuration().version},
          {"device_id", parts.device_id()},
          {"capturing", parts.authority() == nullptr || parts.authority()->may_capture()}};
}

Json counters_of(CameraParts& parts) {
  Json counters = Json::array();
  for (const CounterSet::Reading& reading : parts.counters().readings())
    counters.push_back({{"name", reading.name}, {"value", reading.value}, {"help", reading.help}});
  return {{"counters", std::move(counters)}};
}

Json queue_of(CameraParts& parts) {
  const std::optional<UploaderState> upload = parts.upload_state();
  Json answer = queue_answer(parts.queue().depth(), upload, std::chrono::steady_clock::now());
  answer["segments_configured"] = parts.configuration().queue.segments;
  return answer;
}

Json authority_of(CameraParts& parts) {
  const AuthorityKeeper* authority = parts.authority();
  if (authority == nullptr) return {{"needed", false}, {"may_capture", true}, {"sentence", ""}};
  Json out = {{"needed", true},
              {"may_capture", authority->may_capture()},
              {"sentence", authority->sentence()},
              {"highest_held", authority->highest_held()}};
  if (const auto deciding = authority->deciding()) {
    out["number"] = deciding->number;
    out["organisation"] = deciding->organisation;
    out["purpose"] = deciding->purpose;
    out["site"] = deciding->site;
    out["contact"] = deciding->contact;
    out["valid_from"] = to_iso8601(deciding->valid_from);
    out["valid_until"] = to_iso8601(deciding->valid_until);
    out["review"] = to_iso8601(deciding->review);
    out["overview_occupants"] = deciding->clear_occupants ? "clear" : "blurred";
  }
  return out;
}

Result<Json> load_authority(CameraParts& parts, const ControlRequest& request) {
  AuthorityKeeper* const authority = parts.authority();
  if (authority == nullptr) return fail(ErrorCode::unsupported, "a recording needs no authority");
  const Result<std::uint64_t> number = authority->offer(request.document);
  if (!number) return fail(number.error());
  return Json{{"number", *number}};
}

Result<Json> forget_view(CameraParts& parts, const ControlRequest& request) {
  SightKeeper* const sight = parts.sight();
  if (sight == nullptr) return fail(ErrorCode::unsupported, "a recording has no commissioned view");
  const Result<std::string> said = sight->forget_view();
  log::info("view_forget_asked_for",
            {{"actor", request.actor}, {"said", said ? *said : said.error().message}});
  if (!said) return fail(said.error());
  return Json{{"text", *said}};
}

Json clock_of(CameraParts& parts) {
  const TimeQuality quality = parts.clock().quality();
  Json out = {{"utc", to_iso8601(parts.clock().utc_now())}, {"source", to_string(quality.source)}};
  if (quality.max_error_ms) out["max_error_ms"] = *quality.max_error_ms;
  if (quality.synchronised_ago_s) out["synchronised_ago_s"] = *quality.synchronised_ago_s;
  return out;
}

Json watch_lists_of(CameraParts& parts) {
  Json lists = Json::array();
  if (const WatchListKeeper* keeper = parts.watch_lists(); keeper != nullptr) {
    for (const WatchListKeeper::Held& held : keeper->lists())
      lists.push_back({{"name", held.facts.list},
                       {"revision", held.facts.revision},
                       {"entries", held.facts.entries},
                       {"state", to_string(held.state)}});
  }
  return {{"lists", std::move(lists)}};
}

Result<Json> privacy_of(CameraParts& parts) {
  Configuration configuration = parts.configuration();
  // As it was made, whatever was committed since.
  configuration.queue.segments = parts.queue().depth().segments;
  PrivacyFacts facts;
  const AuthorityKeeper* authority = parts.authority();
  facts.needs_authority = authority != nullptr;
  facts.may_capture = authority == nullptr || authority->may_capture();
  if (authority != nullptr) facts.authority = authority->deciding();
  Result<RecipientFolder> folder = read_recipient_folder(configuration.identity.directory / "recipients");
  if (!folder) return fail(folder.error());
  for (RecipientOfFile& one : folder->good)
    facts.recipients.push_back(std::move(one.recipient));
  return Json{{"text", privacy_text(configuration, facts)}};
}

}  // namespace

Json queue_answer(const QueueDepth& depth, const std::optional<UploaderState>& upload,
                  std::chrono::steady_clock::time_point now) {
  Json out = {{"waiting", depth.unacknowledged},
              {"segments", depth.segments},
              {"segments_free", depth.segments_free},
              {"evicted", depth.evicted},
              {"expired", depth.expired},
              {"upload", upload.has_value()},
              {"circuit_open", upload && upload->circuit_open}};
  if (upload && upload->last_failure) {
    const auto& [reason, at] = *upload->last_failure;
    out["last_failure"] = {{"reason", reason.substr(0, longest_reason)},
                           {"ago_s", std::chrono::floor<std::chrono::seconds>(now - at).count()}};
  }
  return out;
}

ControlAnswers control_answers(CameraParts& parts) {
  using Answer = Result<Json>;
  const auto asks = [&parts](auto of) {
    return [&parts, of](const ControlRequest&) -> Answer { return of(parts); };
  };
  return {
      {ControlTask::health, asks(health_of)},
      {ControlTask::counters, asks(counters_of)},
      {ControlTask::queue, asks(queue_of)},
      {ControlTask::authority, asks(authority_of)},
      {ControlTask::clock, asks(clock_of)},
      {ControlTask::privacy, asks(privacy_of)},
      {ControlTask::watch_lists, asks(watch_lists_of)},
      {ControlTask::load_authority,
       [&parts](const ControlRequest& request) { return load_authority(parts, request); }},
      {ControlTask::forget_view,
       [&parts](const ControlRequest& request) { return forget_view(parts, request); }},
  };
}

}  // namespace wayside::app
