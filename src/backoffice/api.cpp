#include "src/backoffice/api.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <vector>

#include <nlohmann/json.hpp>

#include "wayside/base/log.hpp"

#include "src/backoffice/gap_record.hpp"
#include "src/backoffice/validation.hpp"

namespace wayside::backoffice {

namespace {

bool is_hex(std::string_view text, std::size_t size) {
  return text.size() == size && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// From 1 on, as queues count. One spelling a number: what has two spellings has two keys.
std::optional<std::uint64_t> number_from(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = failed == std::errc{} && end == text.data() + text.size();
  if (!whole || text.starts_with('0') ||
      number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  return number;
}

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> steps;
  for (;;) {
    const auto slash = path.find('/');
    steps.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return steps;
    path.remove_prefix(slash + 1);
  }
}

Answer ask_later(const Error& error, const RecordId& id) {
  log::error("store_failed", {{"device_id", id.device_id}, {"error", error}});
  Answer later = Api::answer(503, "later", to_string(error.code));
  later.retry_after = std::chrono::seconds(error.code == ErrorCode::unavailable ? 1 : 60);
  return later;
}

}  // namespace

std::optional<Target> target_from(std::string_view path) {
  const auto steps = split(path);
  if (steps.size() < 4 || !steps[0].empty() || steps[1] != "v1" || !is_hex(steps[3], 16)) return std::nullopt;
  Target target;
  target.id.device_id = steps[3];
  if (steps[2] == "heartbeats" && steps.size() == 4) return target;
  if (steps[2] != "records" || steps.size() != 7 || !is_hex(steps[4], 32)) return std::nullopt;
  const auto number = number_from(steps[5]);
  target.part = part_from(steps[6]);
  if (!number || !target.part) return std::nullopt;
  target.id.queue_uuid = steps[4];
  target.id.number = *number;
  return target;
}

Answer Api::answer(int status, std::string_view outcome, std::string_view reason) {
  return {status, nlohmann::json{{"outcome", outcome}, {"reason", reason}}.dump()};
}

std::optional<Answer> Api::refuse_peer(const Target& target, const Peer& peer) {
  if (peer.common_name != target.id.device_id) {
    return answer(403, "refused", "the certificate's common name is not the device id in the path");
  }
  const auto enrolled = store_.is_enrolled(target.id.device_id, peer.certificate);
  if (!enrolled) return ask_later(enrolled.error(), target.id);
  if (!*enrolled) return answer(403, "refused", "the device is not enrolled with this certificate");
  return std::nullopt;
}

Answer Api::take(const Target& target, const std::string& payload, std::string_view content_type,
                 std::string_view stated_hash, UtcTime now) {
  const bool picture = target.part && *target.part != Part::document;
  const std::string_view expected = picture ? "image/jpeg" : "application/json";
  if (content_type.substr(0, content_type.find(';')) != expected) {
    return answer(415, "refused", std::string("header Content-Type must be ") + std::string(expected));
  }
  return target.part ? take_part(target.id, *target.part, payload, stated_hash, now)
                     : take_heartbeat(target.id.device_id, payload, now);
}

Status Api::check(const RecordId& id, Part part, const std::string& payload, const Sha256& hash) {
  if (part == Part::document && is_gap_record(payload)) {
    const auto gaps = gaps_from(payload, id.number);
    return gaps ? Status{} : fail(gaps.error());
  }
  if (part == Part::document) return check_document(payload, id.device_id);
  const auto document = store_.document(id);
  if (!document) return fail(document.error());
  if (is_gap_record(*document)) return fail(ErrorCode::invalid_input, "a gap record has no pictures");
  return check_picture(part, as_bytes(payload), hash, *document);
}

Answer Api::take_part(const RecordId& id, Part part, const std::string& payload, std::string_view stated_hash,
                      UtcTime now) {
  const Sha256 hash = sha256(as_bytes(payload));
  if (to_hex(hash) != stated_hash) {
    return answer(400, "damaged", "header Wayside-Sha256 is not the payload's SHA-256 in lower case hex");
  }
  auto outcome = store_.look_up(id, part, hash);
  if (outcome && *outcome == Store::Outcome::accepted) {
    if (const auto fits = check(id, part, payload, hash); !fits) {
      if (fits.error().code != ErrorCode::invalid_input) return ask_later(fits.error(), id);
      log::warning("part_refused", {{"device_id", id.device_id},
                                    {"queue_uuid", id.queue_uuid},
                                    {"number", id.number},
                                    {"part", to_string(part)},
                                    {"reason", fits.error()}});
      return answer(422, "refused", fits.error().message);
    }
    outcome = store_.put(id, part, as_bytes(payload), hash, now);
  }
  if (!outcome) return ask_later(outcome.error(), id);
  const auto stored = [&](int status, std::string_view word) {
    return Answer{status, nlohmann::json{{"outcome", word}, {"sha256", to_hex(hash)}}.dump()};
  };
  switch (*outcome) {
    case Store::Outcome::accepted:
      if (part == Part::document && on_record_ && !is_gap_record(payload)) {
        const std::lock_guard lock(on_record_mutex_);
        on_record_(payload);
      }
      return stored(201, "accepted");
    case Store::Outcome::duplicate:
      return stored(200, "duplicate");
    case Store::Outcome::document_missing:
      return answer(409, "document_missing", "this record's document must be stored first");
    case Store::Outcome::mismatch:
      break;
  }
  log::warning("part_mismatch", {{"device_id", id.device_id},
                                 {"queue_uuid", id.queue_uuid},
                                 {"number", id.number},
                                 {"part", to_string(part)}});
  return answer(409, "mismatch", "stored before under this key with another SHA-256");
}

Answer Api::take_heartbeat(const std::string& device_id, const std::string& payload, UtcTime now) {
  if (const auto fits = check_heartbeat(payload); !fits) return answer(422, "refused", fits.error().message);
  if (const auto kept = store_.put_heartbeat(device_id, payload, now); !kept) {
    return ask_later(kept.error(), {device_id, {}, 0});
  }
  return {204};
}

}  // namespace wayside::backoffice
