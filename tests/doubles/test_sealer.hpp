// The real sealer with a device key of its own and one recipient of the full view, whose secret it keeps: to
// seal in tests, and to open what was sealed.
//
// Threads: as a RecordSealer; open() from any. Ownership: outlives the queue it is given to. Failure: open()
// gives nothing where signature, box or a part does not check out.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "wayside/base/signature.hpp"
#include "wayside/delivery/seal/record_sealer.hpp"

namespace wayside::doubles {

class TestSealer final : public RecordSealer {
 public:
  explicit TestSealer(std::string device_id = "0123456789abcdef")
      : TestSealer(Secret::random(), make_recipient_secret(), std::move(device_id)) {}
  // With keys that somebody else knows too.
  TestSealer(Secret seed, RecipientSecret secret, std::string device_id = "0123456789abcdef")
      : device_id_(std::move(device_id)), secret_(std::move(secret)) {
    device_key_ = verifying_key(seed);
    sealer_ = make_record_sealer({device_id_, std::move(seed), {recipient()}, {}});
  }

  Result<SealedRecord> seal(const RecordPlace& place, const RecordParts& parts) override {
    return sealer_->seal(place, parts);
  }
  SealedRecord sign_gaps(const RecordPlace& place, ByteView list) override {
    return sealer_->sign_gaps(place, list);
  }
  std::size_t sealed_bytes(const RecordParts& parts) const override { return sealer_->sealed_bytes(parts); }
  std::string device_id() const override { return device_id_; }

  [[nodiscard]] const PublicKey& device_key() const { return device_key_; }
  [[nodiscard]] const RecipientSecret& secret() const { return secret_; }
  [[nodiscard]] Recipient recipient() const {
    Recipient one;
    one.name = "test";
    one.key = secret_.key;
    return one;
  }
  // From now on no recipient's key is valid, or this one's again.
  void lose_recipient() { sealer_->replace_recipients({}); }
  void find_recipient() { sealer_->replace_recipients({recipient()}); }

  // What went in; parts given up since are empty. Nothing of a gap record, which has nothing sealed in it.
  [[nodiscard]] std::optional<RecordParts> open(const SealedRecord& record) const {
    const auto head = decode_head(record.head);
    if (!head || !signature_good(record.head, device_key_)) return std::nullopt;
    const auto key = open_box(*head, secret_);
    if (!key) return std::nullopt;
    RecordParts parts;
    parts.type = head->type;
    parts.record_class = head->record_class;
    for (const auto& [kind, sealed] : record.parts) {
      auto plain = open_part(*head, *key, kind, sealed);
      if (!plain) return std::nullopt;
      Bytes& into = kind == PartKind::document   ? parts.document
                    : kind == PartKind::plate    ? parts.plate
                    : kind == PartKind::overview ? parts.overview
                                                 : parts.pseudonymous;
      into = std::move(*plain);
    }
    return parts;
  }

 private:
  std::string device_id_;
  RecipientSecret secret_;
  PublicKey device_key_{};
  std::unique_ptr<ReplaceableSealer> sealer_;
};

}  // namespace wayside::doubles
