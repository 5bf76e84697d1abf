// From what a camera sent to what is stored: verified against the device's keys and the head's hashes, opened
// with the office's keys, validated.
//
// Threads: any number at once. Failure: invalid_input, corrupt, refused and unsupported say that it will
// never be taken, unavailable that it may be later; the reason names the field and never its value.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wayside/backoffice/store.hpp"
#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/delivery/seal/sealed_record.hpp"

#include "src/backoffice/batch.hpp"
#include "src/backoffice/office_keys.hpp"

namespace wayside::backoffice {

// A text that pictures can follow.
struct OpenRecord {
  RecordHead head;
  Sha256 chain{};
  std::optional<RecordKey> key;  // none of a gap record
  std::string document;
};

struct OpenedText {
  NewText text;
  OpenRecord record;
};
[[nodiscard]] Result<OpenedText> open_text(const RecordId& id, const ReceivedShipment& shipment,
                                           const std::vector<Store::DeviceKey>& device_keys,
                                           OfficeKeys& keys);

// As the store has it: corrupt where that is damaged.
[[nodiscard]] Result<OpenRecord> reopen(const Bytes& head, const Bytes& key, std::string document);

[[nodiscard]] Result<NewPicture> open_picture(const RecordId& id, const ReceivedShipment& shipment,
                                              const OpenRecord& record);

// Whether the device signed the head with one of these keys.
[[nodiscard]] Status check_signature(const RecordHead& decoded, ByteView head,
                                     const std::vector<Store::DeviceKey>& device_keys);

}  // namespace wayside::backoffice
