// Seals and signs records for the queue, which gives them their number.
//
// Threads: seal() and sign_gaps() from one thread at a time; everything else from any. Ownership: the sealer
// outlives the queue. Failure: unavailable where no key of a full view's recipient is valid: nothing may be
// written then, and the same call may work later; invalid_input, with the reason, where the parts are none of
// a record.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/delivery/seal/keys.hpp"
#include "wayside/delivery/seal/record_parts.hpp"
#include "wayside/delivery/seal/sealed_record.hpp"

namespace wayside {

// A record's place in its queue.
struct RecordPlace {
  QueueUuid queue_uuid{};
  SequenceNumber number;
  Sha256 previous{};  // chain_hash() of the record before it
};

class RecordSealer {
 public:
  virtual ~RecordSealer() = default;
  // Sealed to every recipient whose key is valid now: full views first, then texts, then pseudonyms, at most
  // most_boxes. The record needs a document, and at least one recipient of the full view. Only a capture
  // record has other parts; those that are empty are left out, and a pseudonymous one that no recipient would
  // get. A capture record is of the class ordinary or hit, every other one of the class ledger, and a gap
  // record is not sealed.
  [[nodiscard]] virtual Result<SealedRecord> seal(const RecordPlace& place, const RecordParts& parts) = 0;
  // A gap record, of the class ledger: its list in clear, signed. The list is not empty.
  [[nodiscard]] virtual SealedRecord sign_gaps(const RecordPlace& place, ByteView list) = 0;
  // An upper bound of what seal() will give for these parts, head and parts together.
  [[nodiscard]] virtual std::size_t sealed_bytes(const RecordParts& parts) const = 0;
  [[nodiscard]] virtual std::string device_id() const = 0;  // 16 hex digits
};

struct SealerOptions {
  std::string device_id;  // 16 hex digits
  Secret signing_seed;    // of the device's Ed25519 key
  std::vector<Recipient> recipients;
  // The time now, where the clock can be believed; nothing: every recipient counts as valid, since a camera
  // that does not know the time must not stop recording. Called from any thread.
  std::function<std::optional<UtcTime>()> now;
};
class ReplaceableSealer : public RecordSealer {
 public:
  virtual void replace_recipients(std::vector<Recipient> recipients) = 0;
  // What is wrong with the recipients at this time, for health, with what to do: no key is valid, the last
  // one ends within 14 days and no other is valid from then on, or more are valid than most_boxes. Empty:
  // fine.
  [[nodiscard]] virtual std::string problem() const = 0;
};
[[nodiscard]] std::unique_ptr<ReplaceableSealer> make_record_sealer(SealerOptions options);

}  // namespace wayside
