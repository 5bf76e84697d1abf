#include "src/backoffice/api.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>

#include <nlohmann/json.hpp>

#include "wayside/backoffice/server.hpp"
#include "wayside/backoffice/unlock_keys.hpp"
#include "wayside/base/log.hpp"
#include "wayside/device/watchlist/list_head.hpp"

#include "src/backoffice/batch.hpp"
#include "src/backoffice/list_files.hpp"
#include "src/backoffice/validation.hpp"

namespace wayside::backoffice {

namespace {

constexpr std::size_t heartbeat_limit_bytes = std::size_t{64} * 1024;
constexpr std::size_t device_id_digits = 16;
constexpr std::string_view batches_path = "/v2/batches/";
constexpr std::string_view heartbeats_path = "/v1/heartbeats/";
constexpr std::string_view unlocks_path = "/v2/unlock/";
constexpr std::string_view watch_lists_path = "/v1/watchlists/";
constexpr std::string_view updates_path = "/v1/updates/";
constexpr std::size_t public_key_bytes = 32;
constexpr std::string_view topic_head = "wayside/v2/";

bool is_device_id(std::string_view text) {
  return text.size() == device_id_digits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// The steps of a path, at most four; more than that: none.
std::vector<std::string_view> steps_of(std::string_view path) {
  constexpr std::size_t most = 4;
  std::vector<std::string_view> steps;
  for (bool more = true; more;) {
    if (steps.size() == most) return {};
    const std::size_t end = path.find('/');
    steps.push_back(path.substr(0, end));
    more = end != std::string_view::npos;
    if (more) path.remove_prefix(end + 1);
  }
  return steps;
}

// In its one spelling.
std::optional<std::uint64_t> from_in(std::string_view step) {
  std::uint64_t from = 0;
  const std::errc failed = std::from_chars(step.data(), step.data() + step.size(), from).ec;
  const bool plain = failed == std::errc{} && std::to_string(from) == step;
  return plain && from < std::uint64_t{1} << 53U ? std::optional(from) : std::nullopt;
}

// "{device_id}/key" or "{device_id}/{list}/{document}/{from}".
std::optional<Target> list_target_from(std::string_view path) {
  const auto steps = steps_of(path);
  if (steps.size() < 2 || !is_device_id(steps[0])) return std::nullopt;
  Target target{Target::What::list_key, std::string(steps[0])};
  if (steps.size() == 2 && steps[1] == "key") return target;
  if (steps.size() != 4 || !is_list_id(steps[1]) || !list_files::is_document_name(steps[2]))
    return std::nullopt;
  const auto from = from_in(steps[3]);
  if (!from) return std::nullopt;
  target.what = Target::What::list_piece;
  target.list = steps[1];
  target.document = steps[2];
  target.from = *from;
  return target;
}

// "{device_id}/{sha256}/{from}".
std::optional<Target> update_target_from(std::string_view path) {
  const auto steps = steps_of(path);
  if (steps.size() != 3 || !is_device_id(steps[0]) || !is_bundle_sha256(steps[1])) return std::nullopt;
  const auto from = from_in(steps[2]);
  if (!from) return std::nullopt;
  return Target{Target::What::update_piece, std::string(steps[0]), {}, std::string(steps[1]), *from};
}

Answer ask_later(const Error& error, const std::string& device_id) {
  log::error("store_failed", {{"device_id", device_id}, {"error", error}});
  Answer later = Api::answer(503, "later", to_string(error.code));
  later.retry_after = std::chrono::seconds(error.code == ErrorCode::unavailable ? 1 : 60);
  return later;
}

nlohmann::json json_of(const Receipt& receipt) {
  nlohmann::json json{{"outcome", to_string(receipt.outcome)}};
  if (receipt.outcome == Receipt::Outcome::accepted || receipt.outcome == Receipt::Outcome::duplicate) {
    json["sha256"] = to_hex(receipt.sha256);
  } else {
    json["reason"] = receipt.reason;
  }
  return json;
}

// Names what it is for, and by its hash for which bytes, whatever became of them: nobody else's bytes under
// the same key may decide over them.
nlohmann::json keyed_json_of(const ReceivedShipment& shipment, const Receipt& receipt) {
  nlohmann::json json = json_of(receipt);
  json["queue"] = to_hex(shipment.queue_uuid);
  json["number"] = shipment.number.value();
  json["kind"] = to_string(shipment.part);
  json["sha256"] = to_hex(receipt.sha256);
  return json;
}

}  // namespace

std::string_view Target::method() const {
  if (!has_body()) return "GET";
  return what == What::heartbeat ? "PUT" : "POST";
}
std::string_view Target::content_type() const {
  switch (what) {
    case What::batch:
      return "application/vnd.wayside.batch";
    case What::unlock:
    case What::list_key:
      return "application/octet-stream";
    case What::list_piece:
    case What::update_piece:
    case What::heartbeat:
      break;
  }
  return "application/json";
}
std::size_t Target::limit_bytes() const {
  switch (what) {
    case What::batch:
      return batch_limit_bytes;
    case What::unlock:
    case What::list_key:
      return public_key_bytes;
    case What::list_piece:
    case What::update_piece:
      return 0;
    case What::heartbeat:
      break;
  }
  return heartbeat_limit_bytes;
}

std::optional<Target> target_from(std::string_view path) {
  for (const auto& [start, what] :
       {std::pair{batches_path, Target::What::batch}, std::pair{heartbeats_path, Target::What::heartbeat},
        std::pair{unlocks_path, Target::What::unlock}}) {
    if (!path.starts_with(start)) continue;
    const std::string_view device_id = path.substr(start.size());
    if (is_device_id(device_id)) return Target{what, std::string(device_id)};
  }
  if (path.starts_with(watch_lists_path)) return list_target_from(path.substr(watch_lists_path.size()));
  return path.starts_with(updates_path) ? update_target_from(path.substr(updates_path.size())) : std::nullopt;
}

std::optional<Target> target_from_topic(std::string_view topic) {
  if (!topic.starts_with(topic_head)) return std::nullopt;
  topic.remove_prefix(topic_head.size());
  const std::string_view device_id = topic.substr(0, device_id_digits);
  if (!is_device_id(device_id)) return std::nullopt;
  const std::string_view rest = topic.substr(device_id.size());
  if (rest == "/batch") return Target{Target::What::batch, std::string(device_id)};
  if (rest == "/heartbeat") return Target{Target::What::heartbeat, std::string(device_id)};
  return std::nullopt;
}

Answer Api::answer(int status, std::string_view outcome, std::string_view reason) {
  return {status, nlohmann::json{{"outcome", outcome}, {"reason", reason}}.dump()};
}

std::optional<Answer> Api::refuse_peer(const Target& target, const Peer& peer) {
  if (peer.common_name != target.device_id) {
    return answer(403, "refused", "the certificate's common name is not the device id in the path");
  }
  const auto revoked = revoked_.contains(target.device_id);
  if (!revoked) return ask_later(revoked.error(), target.device_id);
  if (*revoked) return answer(403, "refused", "the device is revoked");
  const auto enrolled = store_.is_enrolled(target.device_id, peer.certificate);
  if (!enrolled) return ask_later(enrolled.error(), target.device_id);
  if (!*enrolled) return answer(403, "refused", "the device is not enrolled with this certificate");
  return std::nullopt;
}

Answer Api::take(const Target& target, const std::string& body, UtcTime now) {
  assert(target.what == Target::What::batch || target.what == Target::What::heartbeat);
  return target.what == Target::What::batch ? take_batch(target.device_id, body, now)
                                            : take_heartbeat(target.device_id, body, now);
}

Answer Api::unlock(const std::filesystem::path& folder, const Peer& peer, const std::string& body,
                   UtcTime now) {
  const auto lent = lend_unlock_keys(folder, {peer.common_name, peer.certificate, body}, now);
  if (lent) return {200, std::string(lent->begin(), lent->end()), {}, "application/octet-stream"};
  switch (lent.error().code) {
    case ErrorCode::refused:
      return answer(403, "refused", lent.error().message);
    case ErrorCode::not_found:
      return answer(404, "refused", lent.error().message);
    case ErrorCode::invalid_input:
      return answer(400, "damaged", "the body must be the 32 bytes of a public key");
    default:
      return ask_later(lent.error(), peer.common_name);
  }
}

namespace {

Answer no_piece(const Error& error, const std::string& device_id) {
  if (error.code == ErrorCode::not_found) return Api::answer(404, "refused", error.message);
  if (error.code == ErrorCode::invalid_input) return Api::answer(400, "damaged", error.message);
  return ask_later(error, device_id);
}

}  // namespace

Answer Api::watch_list(const Target& target, const Peer& peer, const std::string& body, UtcTime now) const {
  const GivenLists::Asking who{target.device_id, peer.certificate};
  if (target.what == Target::What::list_key) {
    const auto key = lists_.lend_key(who, body, now);
    if (!key) return no_piece(key.error(), target.device_id);
    return {200, std::string(key->begin(), key->end()), {}, "application/octet-stream"};
  }
  auto piece = lists_.piece(who, target.list, target.document, target.from, now);
  if (!piece) return no_piece(piece.error(), target.device_id);
  return {200, std::move(*piece), {}, "application/vnd.wayside.watchlist"};
}

// Whose board it is says its last heartbeat: who never sent one has been offered nothing.
Answer Api::update(const Target& target, const Peer& peer, UtcTime now) {
  const auto heartbeat = store_.heartbeat(target.device_id);
  if (!heartbeat && heartbeat.error().code != ErrorCode::not_found)
    return ask_later(heartbeat.error(), target.device_id);
  const auto system = system_in_heartbeat(heartbeat.value_or(std::string()));
  auto piece = updates_.piece({target.device_id, peer.certificate}, system ? system->compatible : "",
                              target.document, target.from, now);
  if (!piece) return no_piece(piece.error(), target.device_id);
  return {200, std::move(*piece), {}, "application/vnd.wayside.update"};
}

Answer Api::take_batch(const std::string& device_id, const std::string& body, UtcTime now) {
  const auto batch = parse_batch(as_bytes(body));
  if (!batch) {
    const bool too_much = batch.error().code == ErrorCode::exhausted;
    return answer(too_much ? 413 : 400, too_much ? "refused" : "damaged", batch.error().message);
  }
  const auto stored = store_batch(device_id, *batch, now);
  if (!stored) return ask_later(stored.error(), device_id);
  nlohmann::json receipts = nlohmann::json::array();
  for (const Receipt& receipt : *stored)
    receipts.push_back(json_of(receipt));
  return {200, nlohmann::json{{"receipts", std::move(receipts)}}.dump()};
}

Result<std::vector<Receipt>> Api::store_batch(const std::string& device_id,
                                              std::span<const ReceivedShipment> batch, UtcTime now) {
  auto taken = receiver_.take(device_id, batch, now);
  if (!taken) return fail(taken.error());
  if (on_record_) {
    const std::lock_guard lock(on_record_mutex_);
    for (const std::string& document : taken->new_records)
      on_record_(document);
  }
  return std::move(taken->receipts);
}

Result<std::string> Api::take_message(const Target& target, ByteView payload, UtcTime now) {
  const auto keys = store_.device_keys(target.device_id);
  if (!keys) return fail(keys.error());
  // Refused shipments would be given up by a camera that is only enrolled somewhere else yet.
  if (keys->empty()) return fail(ErrorCode::refused, "no such device is enrolled here");
  // The broker knows certificates by who signed them.
  const auto revoked = revoked_.contains(target.device_id);
  if (!revoked) return fail(revoked.error());
  if (*revoked) return fail(ErrorCode::refused, "the device is revoked");
  if (payload.size() > target.limit_bytes())
    return fail(ErrorCode::invalid_input, "it is larger than is taken here");
  if (target.what == Target::What::heartbeat) {
    const std::string heartbeat(payload.begin(), payload.end());
    if (const auto fits = check_heartbeat(heartbeat); !fits) return fail(fits.error());
    return keep_heartbeat(target.device_id, heartbeat, now);
  }
  const auto batch = parse_batch(payload);
  if (!batch) return fail(batch.error());
  const auto stored = store_batch(target.device_id, *batch, now);
  if (!stored) return fail(stored.error());
  nlohmann::json receipts = nlohmann::json::array();
  for (std::size_t i = 0; i < batch->size(); ++i)
    receipts.push_back(keyed_json_of((*batch)[i], (*stored)[i]));
  return nlohmann::json{{"receipts", std::move(receipts)}}.dump();
}

Answer Api::take_heartbeat(const std::string& device_id, const std::string& body, UtcTime now) {
  if (const auto fits = check_heartbeat(body); !fits) return answer(422, "refused", fits.error().message);
  auto kept = keep_heartbeat(device_id, body, now);
  if (!kept) return ask_later(kept.error(), device_id);
  return {kept->empty() ? 204 : 200, std::move(*kept)};
}

Result<std::string> Api::keep_heartbeat(const std::string& device_id, const std::string& heartbeat,
                                        UtcTime now) {
  if (const auto kept = store_.put_heartbeat(device_id, heartbeat, now); !kept) return fail(kept.error());
  const std::string queue_uuid = queue_in_heartbeat(heartbeat);
  if (queue_uuid.empty()) return std::string();
  const auto highest = store_.highest_number(device_id, queue_uuid);
  if (!highest) return fail(highest.error());
  if (const std::uint64_t delivered = delivered_in_heartbeat(heartbeat); delivered > *highest) {
    log::error(
        "records_gone",
        {{"device_id", device_id}, {"queue", queue_uuid}, {"receipted", delivered}, {"highest", *highest}});
  }
  nlohmann::json answer{{"queue_uuid", queue_uuid}, {"highest_number", *highest}};
  add_authorities(device_id, heartbeat, answer);
  add_watch_lists(device_id, heartbeat, answer);
  add_update(device_id, heartbeat, answer);
  return answer.dump();
}

// What it has not, or has lost. Records are worth more than these: an office that cannot read them answers
// without.
void Api::add_authorities(const std::string& device_id, const std::string& heartbeat,
                          nlohmann::json& answer) {
  const auto held = authority_in_heartbeat(heartbeat);
  if (!held) return;
  auto newer = authorities_.newer_than(*held, device_id);
  if (!newer) {
    log::error("authorities_unreadable", {{"device_id", device_id}, {"reason", newer.error()}});
  } else if (!newer->empty()) {
    answer["authorities"] = std::move(*newer);
  }
}

// All that it is given, so that it lets go of what it is not given any more.
void Api::add_watch_lists(const std::string& device_id, const std::string& heartbeat,
                          nlohmann::json& answer) const {
  const auto held = watch_lists_in_heartbeat(heartbeat);
  if (!held) return;
  const auto offers = lists_.offers(device_id, *held);
  if (!offers) {
    log::error("watch_lists_unreadable", {{"device_id", device_id}, {"reason", offers.error()}});
    return;
  }
  nlohmann::json lists = nlohmann::json::array();
  for (const GivenLists::Offer& offer : *offers) {
    nlohmann::json one{{"list", offer.list}, {"revision", offer.revision}};
    if (!offer.document.empty()) {
      one["document"] = offer.document;
      one["bytes"] = offer.bytes;
    }
    lists.push_back(std::move(one));
  }
  answer["watch_lists"] = std::move(lists);
}

// null: none, so that it lets go of one that was withdrawn.
void Api::add_update(const std::string& device_id, const std::string& heartbeat,
                     nlohmann::json& answer) const {
  const auto system = system_in_heartbeat(heartbeat);
  if (!system) return;
  const auto offer = updates_.offer_for(device_id, system->compatible);
  if (!offer) {
    log::error("updates_unreadable", {{"device_id", device_id}, {"reason", offer.error()}});
    return;
  }
  answer["update"] = *offer ? to_json(**offer) : nlohmann::json();
}

}  // namespace wayside::backoffice
