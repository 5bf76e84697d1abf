// Which shipments go next, and on which lane.
#include <algorithm>
#include <iterator>
#include <utility>

#include "src/delivery/upload/shipment.hpp"
#include "src/delivery/upload/upload_batch.hpp"
#include "src/delivery/upload/upload_engine.hpp"
#include "src/delivery/upload/waiting_scan.hpp"

namespace wayside::upload {

namespace {

using Order = RecordQueue::Order;

constexpr unsigned live_batches_before_backlog = 7;

std::size_t text_bytes(const SealedRecord& record) {
  std::size_t bytes = record.head.size();
  for (const SealedPart& part : record.parts)
    if (!is_picture(part.kind)) bytes += part.bytes.size();
  return bytes;
}

}  // namespace

// Adds what of `wanted` is not receipted yet, in the order text, plate, overview. False: the batch is full.
bool UploadEngine::add(Batch& batch, const WaitingRecord& waiting, std::uint8_t wanted) {
  if (batch.full()) return false;
  const std::uint64_t number = waiting.number.value();
  Result<SealedRecord> read = queue_.read(waiting.number);
  if (!read) {
    // Given up or found unreadable meanwhile: the queue describes it in a gap record. Should it still wait,
    // it is tried again, slowly.
    if (queue_.is_waiting(waiting.number)) delay(number, std::nullopt);
    return true;
  }
  std::uint8_t present = just_text;
  for (const SealedPart& part : read->parts)
    present |= bit(shipment_of(part.kind));
  if (texted_.contains(number)) wanted &= pictures;
  if (const auto it = progress_.find(number); it != progress_.end())
    wanted &= static_cast<std::uint8_t>(~it->second.pictures);
  wanted &= present;
  const auto known = batch.by_number.find(number);
  if (known != batch.by_number.end()) wanted &= static_cast<std::uint8_t>(~known->second->aboard);

  if (wanted == 0) {
    if (known == batch.by_number.end()) complete_if_all_receipted(number, present);
    return true;
  }
  const std::size_t text = text_bytes(*read);
  std::vector<SealedPart> chosen;
  std::size_t memory = known == batch.by_number.end() ? text : 0;
  std::vector<std::pair<ShipmentKind, std::size_t>> shipments;
  bool whole = true;
  const auto fits = [&](std::size_t more) {
    const bool first = batch.shipments.empty() && shipments.empty();
    return first || (batch.shipments.size() + shipments.size() < batch.most_shipments &&
                     batch.memory + memory + more <= batch.most_bytes);
  };
  if ((wanted & just_text) != 0) {
    if (!fits(0)) return false;
    shipments.emplace_back(ShipmentKind::text, text);
  }
  for (SealedPart& part : read->parts) {
    const ShipmentKind kind = shipment_of(part.kind);
    if (!is_picture(part.kind) || (wanted & bit(kind)) == 0) continue;
    if (!fits(part.bytes.size())) {
      whole = false;
      break;
    }
    memory += part.bytes.size();
    shipments.emplace_back(kind, part.bytes.size());
    chosen.push_back(std::move(part));
  }
  if (shipments.empty()) return false;

  Batch::Carried* carried = known == batch.by_number.end() ? nullptr : known->second;
  if (carried == nullptr) {
    std::erase_if(read->parts, [](const SealedPart& part) { return is_picture(part.kind); });
    carried = &batch.records.emplace_back(
        Batch::Carried{waiting.number, waiting.record_class, std::move(*read), present, 0});
    batch.by_number.emplace(number, carried);
  }
  std::vector<SealedPart>& parts = carried->record.parts;
  std::move(chosen.begin(), chosen.end(), std::back_inserter(parts));
  std::sort(parts.begin(), parts.end(),
            [](const SealedPart& a, const SealedPart& b) { return a.kind < b.kind; });
  carried->present = present;
  batch.memory += memory;
  for (const auto& [kind, bytes] : shipments) {
    batch.shipments.push_back(
        {{options_.device_id, queue_uuid_, waiting.number}, waiting.record_class, kind, &carried->record});
    carried->aboard |= bit(kind);
    batch.payload_bytes.push_back(bytes);
    batch.payload += bytes;
  }
  return whole;
}

// The hits, or what was appended since the run began, newest first. False: the batch is full.
bool UploadEngine::choose_texts(Batch& batch, Time now, bool hits) {
  WaitingScan scan(queue_, Order::newest_first, hits ? std::optional(RecordClass::hit) : std::nullopt);
  while (const std::optional<WaitingRecord> waiting = scan.next()) {
    const std::uint64_t number = waiting->number.value();
    if (!hits && waiting->number <= *begun_at_) break;
    std::optional<NumberRange> range = given_up(number);
    if (!range) range = texted_.range_of(number);
    if (range) {
      scan.pass(*range);
    } else if (!delayed(number, now) && !batch.by_number.contains(number)) {
      if (!add(batch, *waiting, just_text)) return false;
    }
  }
  return true;
}

bool UploadEngine::choose_pictures(Batch& batch, Time now, bool hits) {
  WaitingScan scan(queue_, Order::newest_first, hits ? std::optional(RecordClass::hit) : std::nullopt);
  while (const std::optional<WaitingRecord> waiting = scan.next()) {
    const std::uint64_t number = waiting->number.value();
    if (!hits && waiting->number <= *begun_at_) break;
    if (const std::optional<NumberRange> range = given_up(number)) {
      scan.pass(*range);
    } else if (!delayed(number, now) && (texted_.contains(number) || batch.by_number.contains(number))) {
      if (!add(batch, *waiting, pictures)) return false;
    }
  }
  return true;
}

void UploadEngine::choose_live(Batch& batch, Time now) {
  if (texted_.full()) forget_what_does_not_wait(texted_);
  // All texts before any picture, unless more would have to be remembered than there is room for.
  const bool texts = texted_.full() || (choose_texts(batch, now, true) && choose_texts(batch, now, false));
  if (texts && choose_pictures(batch, now, true)) choose_pictures(batch, now, false);
}

void UploadEngine::choose_backlog(Batch& batch, Time now) {
  batch.most_bytes = cap_.at_once(batch.most_bytes);
  WaitingScan scan(queue_, Order::oldest_first);
  while (const std::optional<WaitingRecord> waiting = scan.next()) {
    const std::uint64_t number = waiting->number.value();
    if (waiting->number > *begun_at_) break;
    if (const std::optional<NumberRange> range = given_up(number)) {
      scan.pass(*range);
    } else if (waiting->record_class != RecordClass::hit && !delayed(number, now)) {
      if (!add(batch, *waiting, just_text | pictures)) break;
    }
  }
}

bool UploadEngine::has_backlog(Time now) const {
  WaitingScan scan(queue_, Order::oldest_first);
  while (const std::optional<WaitingRecord> waiting = scan.next()) {
    const std::uint64_t number = waiting->number.value();
    if (waiting->number > *begun_at_) break;
    if (const std::optional<NumberRange> range = given_up(number)) {
      scan.pass(*range);
    } else if (waiting->record_class != RecordClass::hit && !delayed(number, now)) {
      return true;
    }
  }
  return false;
}

UploadEngine::Batch UploadEngine::choose(Time now, Lane& lane) {
  const BackOffice::BatchLimits limits = back_office_.limits();
  const auto empty = [&] {
    Batch batch;
    batch.most_shipments = circuit_open_ ? 1 : std::clamp<std::size_t>(limits.shipments, 1, most_shipments_);
    batch.most_bytes = limits.bytes;
    return batch;
  };
  const bool backlog_may_go = now >= std::max(backlog_not_before_, cap_.free_at());
  lane = Lane::backlog;
  Batch batch = empty();
  const bool backlogs_turn = live_in_a_row_ >= live_batches_before_backlog;
  if (backlogs_turn) live_in_a_row_ = 0;
  if (backlogs_turn && backlog_may_go) choose_backlog(batch, now);
  if (!batch.shipments.empty()) return batch;
  lane = Lane::live;
  batch = empty();
  choose_live(batch, now);
  if (!batch.shipments.empty() || !backlog_may_go) return batch;
  lane = Lane::backlog;
  batch = empty();
  choose_backlog(batch, now);
  return batch;
}

}  // namespace wayside::upload
