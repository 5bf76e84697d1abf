#include "wayside/device/authority/authority_record.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace wayside {

std::string authority_record(const AuthorityJudgement& judged, std::string_view device_id,
                             const ClockReading& now, const TimeQuality& time) {
  using Json = nlohmann::json;
  Json said = {{"utc", to_iso8601(now.utc)}, {"source", to_string(time.source)}, {"max_error_ms", nullptr}};
  if (time.max_error_ms) said["max_error_ms"] = *time.max_error_ms;
  if (time.boot_id) {
    said["boot_id"] = *time.boot_id;
    said["monotonic_ms"] = now.monotonic.ns / 1'000'000;
  }
  Json authority = {{"state", to_string(judged.state)},
                    {"captures", judged.may_capture},
                    {"number", nullptr},
                    {"review_days", nullptr},
                    {"reason", judged.sentence}};
  if (judged.number != 0) authority["number"] = judged.number;
  if (judged.review_days) authority["review_days"] = *judged.review_days;
  return Json{{"schema", "wayside-audit-1"},
              {"device_id", device_id},
              {"event", "authority"},
              {"time", std::move(said)},
              {"authority", std::move(authority)}}
      .dump();
}

std::string known_as(const AuthorityJudgement& judged) {
  std::string text(to_string(judged.state));
  if (judged.number != 0) text += fmt::format(" {}", judged.number);
  if (judged.review_days) text += fmt::format(", {} days", *judged.review_days);
  return text + (judged.may_capture ? ", captures" : ", stopped");
}

}  // namespace wayside
