#include "src/delivery/upload/answer.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/json_text.hpp"
#include "wayside/base/strict_json.hpp"

#include "src/delivery/upload/list_answer.hpp"
#include "src/delivery/upload/shipment.hpp"

namespace wayside::upload {

namespace {

using Json = nlohmann::json;
using Outcome = Receipt::Outcome;

constexpr std::size_t longest_reason = 200;

struct Row {
  std::string_view word;
  Outcome outcome;
  bool stored;  // the receipt must echo the payload's hash
};

constexpr Row receipt_table[] = {
    {"accepted", Outcome::accepted, true},  {"duplicate", Outcome::duplicate, true},
    {"mismatch", Outcome::mismatch, false}, {"text_missing", Outcome::text_missing, false},
    {"refused", Outcome::refused, false},   {"damaged", Outcome::later, false},
    {"later", Outcome::later, false},
};

// Nothing: not there. An error: there, and no string.
Result<std::optional<std::string>> string_at(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end()) return std::nullopt;
  if (!it->is_string()) return fail(ErrorCode::invalid_input, fmt::format("{} is no string", key));
  return it->get<std::string>();
}

std::optional<Sha256> hash_from(std::string_view text) {
  const Result<Bytes> bytes = bytes_from_hex(text);
  Sha256 hash{};
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

std::optional<QueueUuid> queue_from(std::string_view text) {
  const Result<Bytes> bytes = bytes_from_hex(text);
  QueueUuid uuid{};
  if (!bytes || bytes->size() != uuid.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), uuid.begin());
  return uuid;
}

struct Judged {
  Receipt receipt;
  std::optional<Sha256> hash;
};

Result<Judged> judge(const Json& entry) {
  if (!entry.is_object()) return fail(ErrorCode::invalid_input, "a receipt is no JSON object");
  const auto word = string_at(entry, "outcome");
  const auto reason = string_at(entry, "reason");
  const auto hash = string_at(entry, "sha256");
  for (const auto* text : {&word, &reason, &hash})
    if (!*text) return fail(text->error());
  const Row* const row = std::find_if(std::begin(receipt_table), std::end(receipt_table),
                                      [&](const Row& each) { return *word && each.word == **word; });
  if (row == std::end(receipt_table))
    return fail(ErrorCode::invalid_input, "a receipt has an outcome that is not agreed on");
  Judged judged;
  judged.receipt.outcome = row->outcome;
  judged.receipt.reason = safe_reason(reason->value_or(""));
  if (judged.receipt.reason.empty()) judged.receipt.reason = fmt::format("{}, without a reason", row->word);
  if (row->stored) {
    judged.hash = *hash ? hash_from(**hash) : std::nullopt;
    if (!judged.hash) return fail(ErrorCode::invalid_input, "a receipt names no SHA-256");
  }
  return judged;
}

bool is_json(std::string_view content_type) {
  return content_type.substr(0, content_type.find(';')) == "application/json";
}

Result<std::vector<Receipt>> receipts_in(std::string_view body, std::span<const Sha256> sent) {
  const Result<Json> json = parse_object(body, "the body");
  if (!json) return fail(json.error());
  const auto list = json->find("receipts");
  if (list == json->end() || !list->is_array())
    return fail(ErrorCode::invalid_input, "the body has no list of receipts");
  if (list->size() != sent.size()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} receipts for {} shipments", list->size(), sent.size()));
  }
  std::vector<Receipt> receipts;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    Result<Judged> judged = judge((*list)[i]);
    if (!judged) return fail(judged.error());
    // With one hash wrong nobody knows what the others are for.
    if (judged->hash && *judged->hash != sent[i])
      return fail(ErrorCode::invalid_input, "a receipt names the hash of other bytes");
    receipts.push_back(std::move(judged->receipt));
  }
  return receipts;
}

}  // namespace

std::string safe_reason(std::string_view text) {
  // A foreign office may quote what it was sent, and the reason goes into the log: words of letters and
  // digits, as a VRM is, are left out.
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  const auto is_of_mark = [&](char c) { return is_letter(c) || is_digit(c); };
  std::string safe(text.substr(0, longest_reason));
  for (auto begin = safe.begin(); begin != safe.end();) {
    begin = std::find_if(begin, safe.end(), is_of_mark);
    const auto end = std::find_if_not(begin, safe.end(), is_of_mark);
    if (std::any_of(begin, end, is_digit) && std::any_of(begin, end, is_letter)) std::fill(begin, end, '*');
    begin = end;
  }
  return json_escape(safe);
}

std::vector<Receipt> receipts_from(const HttpAnswer& answer, std::span<const Sha256> sent) {
  const auto all = [&](Outcome outcome, std::string reason) {
    return std::vector<Receipt>(sent.size(), Receipt{outcome, std::nullopt, std::move(reason)});
  };
  if (answer.body.size() > largest_answer)
    return all(Outcome::later, fmt::format("the answer is larger than {} bytes", largest_answer));
  switch (answer.status) {
    case 413:
      // Comes from whatever stands in the way, with any body.
      return all(Outcome::too_large, "larger than the back office takes");
    case 429:
    case 503: {
      // Whoever is busy may say so in any words; when to come back is all that matters.
      std::vector<Receipt> busy = all(Outcome::later, fmt::format("answered {}: busy", answer.status));
      for (Receipt& receipt : busy)
        receipt.retry_after = answer.retry_after;
      return busy;
    }
    default:
      break;
  }
  if (!is_json(answer.content_type))
    return all(Outcome::later, fmt::format("answered {} without the JSON agreed on", answer.status));
  if (answer.status == 200) {
    Result<std::vector<Receipt>> receipts = receipts_in(answer.body, sent);
    return receipts ? std::move(*receipts)
                    : all(Outcome::later, "answered 200, but " + receipts.error().message);
  }
  const Result<Json> json = parse_object(answer.body, "the body");
  const Result<Judged> judged = json ? judge(*json) : Result<Judged>(fail(json.error()));
  if (judged && answer.status == 403 && judged->receipt.outcome == Outcome::refused)
    return all(Outcome::forbidden, judged->receipt.reason);
  if (judged && answer.status == 400 && judged->receipt.outcome == Outcome::later)
    return all(Outcome::later, judged->receipt.reason);
  return all(Outcome::later, fmt::format("answered {}, which is not agreed on", answer.status));
}

Result<std::vector<KeyedReceipt>> keyed_receipts_from(std::string_view message) {
  if (message.size() > largest_answer)
    return fail(ErrorCode::invalid_input, fmt::format("the message is larger than {} bytes", largest_answer));
  const Result<Json> json = parse_object(message, "the message");
  if (!json) return fail(json.error());
  const auto list = json->find("receipts");
  if (list == json->end() || !list->is_array())
    return fail(ErrorCode::invalid_input, "the message has no list of receipts");
  std::vector<KeyedReceipt> receipts;
  for (const Json& entry : *list) {
    Result<Judged> judged = judge(entry);
    if (!judged) return fail(judged.error());
    KeyedReceipt keyed;
    const auto queue = string_at(entry, "queue");
    const auto kind = string_at(entry, "kind");
    const auto number = entry.find("number");
    const auto uuid = queue_from(queue && *queue ? **queue : "");
    if (!uuid) return fail(ErrorCode::invalid_input, "a receipt's queue is not 32 hex digits");
    if (number == entry.end() || !number->is_number_unsigned())
      return fail(ErrorCode::invalid_input, "a receipt's number is no whole number");
    if (!kind || !*kind) return fail(ErrorCode::invalid_input, "a receipt names no kind");
    bool known = false;
    for (const ShipmentKind each : {ShipmentKind::text, ShipmentKind::plate, ShipmentKind::overview}) {
      if (to_string(each) != **kind) continue;
      keyed.kind = each;
      known = true;
    }
    if (!known) return fail(ErrorCode::invalid_input, "a receipt's kind is none of text, plate, overview");
    keyed.queue_uuid = *uuid;
    keyed.number = SequenceNumber(number->get<std::uint64_t>());
    // Also where nothing was stored: other bytes under the same key may have been refused.
    const auto hash = string_at(entry, "sha256");
    const auto named = hash && *hash ? hash_from(**hash) : std::nullopt;
    if (!named) return fail(ErrorCode::invalid_input, "a receipt names no SHA-256");
    keyed.hash = *named;
    keyed.receipt = std::move(judged->receipt);
    receipts.push_back(std::move(keyed));
  }
  return receipts;
}

Result<KnownNumbers> known_numbers_from(std::string_view answer) {
  if (answer.size() > largest_answer)
    return fail(ErrorCode::invalid_input, fmt::format("the answer is larger than {} bytes", largest_answer));
  const Result<Json> json = parse_object(answer, "the answer to the heartbeat");
  if (!json) return fail(json.error());
  const auto queue = string_at(*json, "queue_uuid");
  const auto uuid = queue_from(queue && *queue ? **queue : "");
  if (!uuid)
    return fail(ErrorCode::invalid_input, "the answer to the heartbeat: queue_uuid is not 32 hex digits");
  const auto highest = json->find("highest_number");
  if (highest == json->end() || !highest->is_number_unsigned())
    return fail(ErrorCode::invalid_input, "the answer to the heartbeat: highest_number is no whole number");
  KnownNumbers known{*uuid, SequenceNumber(highest->get<std::uint64_t>()), {}};
  if (const auto lists = json->find("watch_lists"); lists != json->end()) {
    auto offers = list_offers_from(*lists);
    if (!offers) return fail(offers.error());
    known.watch_lists = std::move(*offers);
  }
  if (const auto update = json->find("update"); update != json->end()) {
    auto offer = update->is_null() ? Result<UpdateOffer>() : update_offer_in(*update);
    if (!offer)
      return fail(ErrorCode::invalid_input, "the answer to the heartbeat: update: " + offer.error().message);
    known.update.emplace();
    if (!update->is_null()) known.update->emplace(std::move(*offer));
  }
  const auto authorities = json->find("authorities");
  if (authorities == json->end()) return known;
  if (!authorities->is_array())
    return fail(ErrorCode::invalid_input, "the answer to the heartbeat: authorities is no list");
  for (const Json& one : *authorities) {
    if (!one.is_string())
      return fail(ErrorCode::invalid_input, "the answer to the heartbeat: an authority is no text");
    known.authorities.push_back(one.get<std::string>());
  }
  return known;
}

}  // namespace wayside::upload
