// A camera's sealing as the office meets it: records of one queue, sealed and signed one after the other by
// the real sealer, and framed for a batch.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "wayside/base/little_endian.hpp"
#include "wayside/base/signature.hpp"
#include "wayside/delivery/seal/record_sealer.hpp"

#include "src/backoffice/batch.hpp"
#include "tests/backoffice/sample_record.hpp"

namespace wayside::backoffice {

inline Bytes bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

inline QueueUuid sample_queue_uuid() {
  QueueUuid uuid{};
  for (std::size_t i = 0; i < uuid.size(); ++i)
    uuid[i] = static_cast<std::uint8_t>(i);
  return uuid;
}

inline RecordParts parts_of(const SampleRecord& sample, bool with_pictures = true) {
  RecordParts parts;
  parts.document = bytes_of(sample.document.dump());
  if (!with_pictures) return parts;
  parts.plate = bytes_of(sample.plate);
  parts.overview = bytes_of(sample.overview);
  return parts;
}

// Of the first synchronisation.
inline std::string clock_document(const std::string& device_id) {
  return R"({"boot_id":"00112233445566778899aabbccddeeff","device_id":")" + device_id +
         R"(","kind":"first_synchronisation","max_error_ms":27,"monotonic_ms":316000,"schema":"wayside-clock-1",)"
         R"("source":"gnss","step_ms":0,"utc":"2026-11-28T02:33:02.047Z","whole_gnss_weeks":false})";
}

// That it came under an authority.
inline std::string audit_document(const std::string& device_id) {
  return R"({"authority":{"captures":true,"number":7,"reason":"","review_days":null,"state":"in_force"},)"
         R"("device_id":")" +
         device_id +
         R"(","event":"authority","schema":"wayside-audit-1",)"
         R"("time":{"max_error_ms":27,"source":"gnss","utc":"2026-11-28T02:33:02.047Z"}})";
}

inline RecordParts ledger_parts(RecordType type, const std::string& document) {
  RecordParts parts;
  parts.type = type;
  parts.record_class = RecordClass::ledger;
  parts.document = bytes_of(document);
  return parts;
}

struct GapEntry {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint32_t reason = 1;
  std::uint32_t zero = 0;
};
inline Bytes gap_list(const std::vector<GapEntry>& entries) {
  Bytes list(entries.size() * 24);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    little_endian::put<std::uint64_t>(list, 24 * i, entries[i].first);
    little_endian::put<std::uint64_t>(list, 24 * i + 8, entries[i].last);
    little_endian::put<std::uint32_t>(list, 24 * i + 16, entries[i].reason);
    little_endian::put<std::uint32_t>(list, 24 * i + 20, entries[i].zero);
  }
  return list;
}

// One shipment before it is framed.
struct Sending {
  std::uint64_t number = 0;
  ShipmentPart part = ShipmentPart::text;
  Bytes payload;
  QueueUuid queue_uuid = sample_queue_uuid();
};

inline Bytes frame_of(const Sending& sending) {
  Bytes frame(72);
  const std::string magic = "WYSH";
  std::copy(magic.begin(), magic.end(), frame.begin());
  frame[4] = static_cast<std::uint8_t>(sending.part);
  little_endian::put<std::uint32_t>(frame, 8, static_cast<std::uint32_t>(sending.payload.size()));
  std::copy(sending.queue_uuid.begin(), sending.queue_uuid.end(), frame.begin() + 16);
  little_endian::put<std::uint64_t>(frame, 32, sending.number);
  const Sha256 hash = sha256(sending.payload);
  std::copy(hash.begin(), hash.end(), frame.begin() + 40);
  frame.insert(frame.end(), sending.payload.begin(), sending.payload.end());
  return frame;
}

inline Bytes batch_of(const std::vector<Sending>& sendings) {
  Bytes body;
  for (const Sending& sending : sendings) {
    const Bytes frame = frame_of(sending);
    body.insert(body.end(), frame.begin(), frame.end());
  }
  return body;
}

struct SealedSample {
  std::uint64_t number = 0;
  SealedRecord record;
  QueueUuid queue_uuid = sample_queue_uuid();

  [[nodiscard]] Sending text() const {
    Sending sending{number, ShipmentPart::text, record.head, queue_uuid};
    for (const SealedPart& part : record.parts) {
      if (part.kind == PartKind::plate || part.kind == PartKind::overview) continue;
      sending.payload.insert(sending.payload.end(), part.bytes.begin(), part.bytes.end());
    }
    return sending;
  }
  [[nodiscard]] Sending plate() const {
    return {number, ShipmentPart::plate, *record.part(PartKind::plate), queue_uuid};
  }
  [[nodiscard]] Sending overview() const {
    return {number, ShipmentPart::overview, *record.part(PartKind::overview), queue_uuid};
  }
  [[nodiscard]] std::vector<Sending> all() const { return {text(), plate(), overview()}; }
};

class SealingCamera {
 public:
  SealingCamera(const std::string& device_id, Secret seed, std::vector<Recipient> recipients)
      : device_id_(device_id), key_(verifying_key(seed)) {
    sealer_ = make_record_sealer({device_id, std::move(seed), std::move(recipients), {}});
  }

  // Number and chain go on from record to record; both can be set.
  SealedSample seal(const RecordParts& parts) {
    auto sealed = sealer_->seal(place(), parts);
    if (!sealed) throw std::runtime_error(sealed.error().message);
    return next(std::move(*sealed));
  }
  SealedSample pass(const std::string& vrm = "AB12CDE", int minute = 0) {
    return seal(parts_of(sample_record(device_id_, vrm, minute)));
  }
  SealedSample gaps(const std::vector<GapEntry>& entries) {
    return next(sealer_->sign_gaps(place(), gap_list(entries)));
  }

  std::uint64_t number = 1;  // of the next record
  Sha256 previous{};         // what its head will name
  QueueUuid queue_uuid = sample_queue_uuid();

  [[nodiscard]] const std::string& device_id() const { return device_id_; }
  [[nodiscard]] const PublicKey& key() const { return key_; }
  [[nodiscard]] ReplaceableSealer& sealer() { return *sealer_; }

 private:
  [[nodiscard]] RecordPlace place() const { return {queue_uuid, SequenceNumber(number), previous}; }
  SealedSample next(SealedRecord record) {
    previous = chain_hash(record.head);
    return {number++, std::move(record), queue_uuid};
  }

  std::string device_id_;
  PublicKey key_{};
  std::unique_ptr<ReplaceableSealer> sealer_;
};

}  // namespace wayside::backoffice
