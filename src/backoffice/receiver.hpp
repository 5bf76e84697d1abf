// What becomes of the shipments of a batch: each is verified, opened, validated and stored, or its receipt
// says why not.
//
// Threads: any number at once; the store does its own locking. Ownership: store and keys must outlive it.
// Failure: where the store fails, nothing of the batch is stored.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/backoffice/store.hpp"
#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

#include "src/backoffice/batch.hpp"
#include "src/backoffice/office_keys.hpp"

namespace wayside::backoffice {

struct Receipt {
  enum class Outcome { accepted, duplicate, mismatch, text_missing, refused, damaged, later };
  Outcome outcome = Outcome::later;
  Sha256 sha256{};     // of the payload, as stated; the payload's own unless it is damaged
  std::string reason;  // for a person, where it was not stored; never a value from the record
};
[[nodiscard]] std::string_view to_string(Receipt::Outcome outcome);

class Receiver {
 public:
  Receiver(Store& store, OfficeKeys& keys) : store_(store), keys_(keys) {}

  struct Taken {
    std::vector<Receipt> receipts;         // one a shipment, in their order
    std::vector<std::string> new_records;  // the documents of the capture records stored now
  };
  // From this device, as its certificate says.
  [[nodiscard]] Result<Taken> take(const std::string& device_id, std::span<const ReceivedShipment> batch,
                                   UtcTime now);

 private:
  Store& store_;
  OfficeKeys& keys_;
};

}  // namespace wayside::backoffice
