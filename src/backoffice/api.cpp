#include "src/backoffice/api.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "wayside/backoffice/server.hpp"
#include "wayside/base/log.hpp"

#include "src/backoffice/batch.hpp"
#include "src/backoffice/validation.hpp"

namespace wayside::backoffice {

namespace {

constexpr std::size_t heartbeat_limit_bytes = std::size_t{64} * 1024;
constexpr std::size_t device_id_digits = 16;
constexpr std::string_view batches = "/v2/batches/";
constexpr std::string_view heartbeats = "/v1/heartbeats/";

bool is_device_id(std::string_view text) {
  return text.size() == device_id_digits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
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

}  // namespace

std::string_view Target::method() const {
  return what == What::batch ? "POST" : "PUT";
}
std::string_view Target::content_type() const {
  return what == What::batch ? "application/vnd.wayside.batch" : "application/json";
}
std::size_t Target::limit_bytes() const {
  return what == What::batch ? batch_limit_bytes : heartbeat_limit_bytes;
}

std::optional<Target> target_from(std::string_view path) {
  for (const auto& [start, what] :
       {std::pair{batches, Target::What::batch}, std::pair{heartbeats, Target::What::heartbeat}}) {
    if (!path.starts_with(start)) continue;
    const std::string_view device_id = path.substr(start.size());
    if (is_device_id(device_id)) return Target{what, std::string(device_id)};
  }
  return std::nullopt;
}

Answer Api::answer(int status, std::string_view outcome, std::string_view reason) {
  return {status, nlohmann::json{{"outcome", outcome}, {"reason", reason}}.dump()};
}

std::optional<Answer> Api::refuse_peer(const Target& target, const Peer& peer) {
  if (peer.common_name != target.device_id) {
    return answer(403, "refused", "the certificate's common name is not the device id in the path");
  }
  const auto enrolled = store_.is_enrolled(target.device_id, peer.certificate);
  if (!enrolled) return ask_later(enrolled.error(), target.device_id);
  if (!*enrolled) return answer(403, "refused", "the device is not enrolled with this certificate");
  return std::nullopt;
}

Answer Api::take(const Target& target, const std::string& body, UtcTime now) {
  return target.what == Target::What::batch ? take_batch(target.device_id, body, now)
                                            : take_heartbeat(target.device_id, body, now);
}

Answer Api::take_batch(const std::string& device_id, const std::string& body, UtcTime now) {
  const auto batch = parse_batch(as_bytes(body));
  if (!batch) {
    const bool too_much = batch.error().code == ErrorCode::exhausted;
    return answer(too_much ? 413 : 400, too_much ? "refused" : "damaged", batch.error().message);
  }
  const auto taken = receiver_.take(device_id, *batch, now);
  if (!taken) return ask_later(taken.error(), device_id);
  if (on_record_) {
    const std::lock_guard lock(on_record_mutex_);
    for (const std::string& document : taken->new_records)
      on_record_(document);
  }
  nlohmann::json receipts = nlohmann::json::array();
  for (const Receipt& receipt : taken->receipts)
    receipts.push_back(json_of(receipt));
  return {200, nlohmann::json{{"receipts", std::move(receipts)}}.dump()};
}

Answer Api::take_heartbeat(const std::string& device_id, const std::string& body, UtcTime now) {
  if (const auto fits = check_heartbeat(body); !fits) return answer(422, "refused", fits.error().message);
  if (const auto kept = store_.put_heartbeat(device_id, body, now); !kept)
    return ask_later(kept.error(), device_id);
  return {204};
}

}  // namespace wayside::backoffice
