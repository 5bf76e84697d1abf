#include "src/backoffice/receiver.hpp"

#include <algorithm>
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
  static std::optional<Receipt> mismatch() {
    return receipt(Outcome::mismatch, "stored before under this key with another SHA-256");
  }

  // A second text of a number is stored beside the first where the device signed it: a camera whose card was
  // put back to an older state has no other number to give it, and it must not be lost.
  Result<std::optional<Receipt>> judge_text(const RecordId& id, const ReceivedShipment& shipment) {
    const auto known = store_.known_all(id);
    if (!known) return fail(known.error());
    for (const KnownText& one : *known)
      if (one.sha256 == shipment.stated) return receipt(Outcome::duplicate);
    if (known->size() >= most_twins) return mismatch();
    auto opened = open_text(id, shipment, device_keys_, office_keys_);
    if (!opened) {
      not_taken_.insert_or_assign(id, opened.error().code);
      const bool never = opened.error().code != ErrorCode::unavailable;
      // Whoever sent that, it says nothing against the record that is here.
      if (!known->empty() && never) return mismatch();
      return not_taken(opened.error());
    }
    to_store_.push_back(std::move(opened->text));
    open_.emplace(id, std::move(opened->record));
    return std::optional<Receipt>{};
  }

  Result<std::optional<Receipt>> judge_picture(const RecordId& id, const ReceivedShipment& shipment) {
    const auto [begin, end] = open_.equal_range(id);
    for (auto here = begin; here != end; ++here)
      if (names(here->second.head, shipment)) return judge_picture_of(id, shipment, here->second);
    const auto known = store_.known_all(id);
    if (!known) return fail(known.error());
    // Only one of several texts names it; damage of ours is no fault of the camera's.
    bool damaged = false;
    for (const KnownText& text : *known) {
      const auto& stored = shipment.part == ShipmentPart::plate ? text.plate : text.overview;
      if (stored == shipment.stated) return receipt(Outcome::duplicate);
      const auto record = reopen(text.head, text.key, text.document);
      damaged = damaged || !record;
      if (record && !stored && names(record->head, shipment)) return judge_picture_of(id, shipment, *record);
    }
    if (damaged) return not_taken({ErrorCode::unavailable, "the record's text is damaged in the store"});
    // Final only where the text's own answer is.
    if (const auto text = not_taken_.find(id); text != not_taken_.end()) {
      if (!known->empty() && text->second != ErrorCode::unavailable) return mismatch();
      return not_taken({text->second, "its text was not taken"});
    }
    if (begin != end) return judge_picture_of(id, shipment, begin->second);
    if (known->empty()) return receipt(Outcome::text_missing, "this record's text must be stored first");
    return judge_unnamed_picture(id, shipment, known->front());
  }

  // Of a text that names another one, or none.
  std::optional<Receipt> judge_unnamed_picture(const RecordId& id, const ReceivedShipment& shipment,
                                               const KnownText& text) {
    const auto& stored = shipment.part == ShipmentPart::plate ? text.plate : text.overview;
    if (stored) return mismatch();
    return judge_picture_of(id, shipment, *reopen(text.head, text.key, text.document));
  }

  static bool names(const RecordHead& head, const ReceivedShipment& shipment) {
    const PartKind kind = shipment.part == ShipmentPart::plate ? PartKind::plate : PartKind::overview;
    return std::any_of(head.parts.begin(), head.parts.end(), [&](const RecordHead::Part& part) {
      return part.kind == kind && part.hash == shipment.stated;
    });
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
  std::multimap<RecordId, OpenRecord> open_;
  std::map<RecordId, ErrorCode> not_taken_;  // texts of this batch
  std::vector<NewShipment> to_store_;
};

std::pair<Outcome, std::string> told(Store::Outcome stored) {
  switch (stored) {
    case Store::Outcome::accepted:
    case Store::Outcome::twin:
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

void warn_of_twin(const RecordId& id) {
  log::error("record_twin", {{"device_id", id.device_id},
                             {"queue_uuid", id.queue_uuid},
                             {"number", id.number},
                             {"reason", "another record of this number is stored: kept beside it"}});
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
      if ((*stored)[i] == Store::Outcome::twin) warn_of_twin(ids[undecided[i]]);
      if (text != nullptr && text->type == RecordType::capture && receipt.outcome == Outcome::accepted)
        taken.new_records.push_back(text->document);
    }
  }
  for (std::size_t i = 0; i < batch.size(); ++i)
    log_what_a_person_should_see(taken.receipts[i], ids[i], batch[i].part);
  return taken;
}

}  // namespace wayside::backoffice
