#include "src/backoffice/receiver.hpp"

#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "wayside/base/log.hpp"

#include "src/backoffice/opening.hpp"

namespace wayside::backoffice {

namespace {

using Outcome = Receipt::Outcome;

// Of one batch: judges every shipment, and keeps those that may be stored.
class BatchWork {
 public:
  BatchWork(Store& store, OfficeKeys& keys, const std::vector<Store::DeviceKey>& device_keys)
      : store_(store), office_keys_(keys), device_keys_(device_keys) {}

  // Nothing: it goes to the store, which decides. Fails where the store does.
  Result<std::optional<Receipt>> judge(const RecordId& id, const ReceivedShipment& shipment) {
    if (sha256(shipment.payload) != shipment.stated)
      return receipt(Outcome::damaged, "the hash is not the payload's SHA-256");
    return shipment.part == ShipmentPart::text ? judge_text(id, shipment) : judge_picture(id, shipment);
  }
  [[nodiscard]] const std::vector<NewShipment>& to_store() const { return to_store_; }

 private:
  static std::optional<Receipt> receipt(Outcome outcome, std::string reason = {}) {
    return Receipt{outcome, {}, std::move(reason)};
  }
  static std::optional<Receipt> not_taken(const Error& error) {
    const bool later = error.code == ErrorCode::unavailable;
    return receipt(later ? Outcome::later : Outcome::refused, error.message);
  }
  static std::optional<Receipt> stored_before(const Sha256& stored, const Sha256& given) {
    return stored == given ? receipt(Outcome::duplicate)
                           : receipt(Outcome::mismatch, "stored before under this key with another SHA-256");
  }

  Result<std::optional<Receipt>> judge_text(const RecordId& id, const ReceivedShipment& shipment) {
    const auto known = store_.known(id);
    if (!known) return fail(known.error());
    if (*known) return stored_before((*known)->sha256, shipment.stated);
    auto opened = open_text(id, shipment, device_keys_, office_keys_);
    if (!opened) {
      not_taken_.insert_or_assign(id, opened.error().code);
      return not_taken(opened.error());
    }
    to_store_.push_back(std::move(opened->text));
    open_.try_emplace(id, std::move(opened->record));
    return std::optional<Receipt>{};
  }

  Result<std::optional<Receipt>> judge_picture(const RecordId& id, const ReceivedShipment& shipment) {
    if (const auto here = open_.find(id); here != open_.end())
      return judge_picture_of(id, shipment, here->second);
    const auto known = store_.known(id);
    if (!known) return fail(known.error());
    if (!*known) {
      // Final only where the text's own answer is.
      if (const auto text = not_taken_.find(id); text != not_taken_.end())
        return not_taken({text->second, "its text was not taken"});
      return receipt(Outcome::text_missing, "this record's text must be stored first");
    }
    const auto& stored = shipment.part == ShipmentPart::plate ? (*known)->plate : (*known)->overview;
    if (stored) return stored_before(*stored, shipment.stated);
    const auto record = reopen((*known)->head, (*known)->key, (*known)->document);
    // Damage of ours is no fault of the camera's.
    if (!record) return not_taken({ErrorCode::unavailable, "the record's text is damaged in the store"});
    return judge_picture_of(id, shipment, *record);
  }

  std::optional<Receipt> judge_picture_of(const RecordId& id, const ReceivedShipment& shipment,
                                          const OpenRecord& record) {
    auto picture = open_picture(id, shipment, record);
    if (!picture) return not_taken(picture.error());
    to_store_.push_back(std::move(*picture));
    return std::nullopt;
  }

  Store& store_;
  OfficeKeys& office_keys_;
  const std::vector<Store::DeviceKey>& device_keys_;
  std::map<RecordId, OpenRecord> open_;
  std::map<RecordId, ErrorCode> not_taken_;  // texts of this batch
  std::vector<NewShipment> to_store_;
};

std::pair<Outcome, std::string> told(Store::Outcome stored) {
  switch (stored) {
    case Store::Outcome::accepted:
      return {Outcome::accepted, {}};
    case Store::Outcome::duplicate:
      return {Outcome::duplicate, {}};
    case Store::Outcome::mismatch:
      return {Outcome::mismatch, "stored before under this key with another SHA-256"};
    case Store::Outcome::text_missing:
      return {Outcome::text_missing, "this record's text must be stored first"};
  }
  return {};
}

void log_what_a_person_should_see(const Receipt& receipt, const RecordId& id, ShipmentPart part) {
  if (receipt.outcome != Outcome::refused && receipt.outcome != Outcome::mismatch) return;
  log::warning(receipt.outcome == Outcome::refused ? "shipment_refused" : "shipment_mismatch",
               {{"device_id", id.device_id},
                {"queue_uuid", id.queue_uuid},
                {"number", id.number},
                {"part", to_string(part)},
                {"reason", receipt.reason}});
}

}  // namespace

std::string_view to_string(Receipt::Outcome outcome) {
  switch (outcome) {
    case Outcome::accepted:
      return "accepted";
    case Outcome::duplicate:
      return "duplicate";
    case Outcome::mismatch:
      return "mismatch";
    case Outcome::text_missing:
      return "text_missing";
    case Outcome::refused:
      return "refused";
    case Outcome::damaged:
      return "damaged";
    case Outcome::later:
      return "later";
  }
  return "later";
}

Result<Receiver::Taken> Receiver::take(const std::string& device_id, std::span<const ReceivedShipment> batch,
                                       UtcTime now) {
  const auto device_keys = store_.device_keys(device_id);
  if (!device_keys) return fail(device_keys.error());
  BatchWork work(store_, keys_, *device_keys);
  Taken taken;
  std::vector<RecordId> ids;
  std::vector<std::size_t> undecided;  // which shipments the store is to decide, in its order
  for (const ReceivedShipment& shipment : batch) {
    ids.push_back({device_id, to_hex(shipment.queue_uuid), shipment.number.value()});
    auto receipt = work.judge(ids.back(), shipment);
    if (!receipt) return fail(receipt.error());
    if (!*receipt) undecided.push_back(taken.receipts.size());
    taken.receipts.push_back(receipt->value_or(Receipt{}));
    taken.receipts.back().sha256 = shipment.stated;
  }
  if (!undecided.empty()) {
    const auto stored = store_.put(work.to_store(), now);
    if (!stored) return fail(stored.error());
    for (std::size_t i = 0; i < undecided.size(); ++i) {
      Receipt& receipt = taken.receipts[undecided[i]];
      std::tie(receipt.outcome, receipt.reason) = told((*stored)[i]);
      const auto* text = std::get_if<NewText>(&work.to_store()[i]);
      if (text != nullptr && text->type == RecordType::capture && receipt.outcome == Outcome::accepted)
        taken.new_records.push_back(text->document);
    }
  }
  for (std::size_t i = 0; i < batch.size(); ++i)
    log_what_a_person_should_see(taken.receipts[i], ids[i], batch[i].part);
  return taken;
}

}  // namespace wayside::backoffice
