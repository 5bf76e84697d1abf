#include "wayside/delivery/seal/record_sealer.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/signature.hpp"

#include "src/delivery/seal/head_format.hpp"
#include "src/delivery/seal/part_cipher.hpp"
#include "src/delivery/seal/recipient_choice.hpp"
#include "src/delivery/seal/wiped.hpp"

namespace wayside {

namespace {

constexpr std::size_t largest_plain_bytes = largest_part_bytes - seal::padding_block - seal::tag_bytes;

struct PlainPart {
  PartKind kind;
  ByteView bytes;
};

// Those that are there, ascending by kind.
std::vector<PlainPart> present(const RecordParts& parts, bool with_pseudonym) {
  std::vector<PlainPart> out;
  const auto add = [&](PartKind kind, const Bytes& bytes) {
    if (!bytes.empty()) out.push_back({kind, bytes});
  };
  add(PartKind::document, parts.document);
  add(PartKind::plate, parts.plate);
  add(PartKind::overview, parts.overview);
  if (with_pseudonym) add(PartKind::pseudonymous, parts.pseudonymous);
  return out;
}

Status check(const RecordParts& parts) {
  const auto refuse = [](const char* why) { return fail(ErrorCode::invalid_input, why); };
  if (parts.type == RecordType::gap) return refuse("a gap record is signed, not sealed");
  if (!seal::fits(parts.type, parts.record_class)) {
    return refuse("a capture record is of the class ordinary or hit, every other one of the class ledger");
  }
  if (parts.document.empty()) return refuse("a record needs a document");
  const auto all = present(parts, true);
  if (parts.type != RecordType::capture && all.size() > 1)
    return refuse("only a capture record has pictures or a pseudonym");
  if (std::any_of(all.begin(), all.end(),
                  [](const PlainPart& part) { return part.bytes.size() > largest_plain_bytes; })) {
    return fail(ErrorCode::invalid_input,
                fmt::format("a part of a record has at most {} bytes", largest_plain_bytes));
  }
  return {};
}

// What the view's recipients get: of the full view everything, hence the master.
void take_view_key(seal::Wiped<32>& out, const seal::Wiped<32>& master, RecordView view) {
  if (view == RecordView::full) {
    std::copy(master.begin(), master.end(), out.begin());
  } else {
    seal::derive_part_key(out, master,
                          view == RecordView::text ? PartKind::document : PartKind::pseudonymous);
  }
}

class Sealer final : public ReplaceableSealer {
 public:
  explicit Sealer(SealerOptions options)
      : device_id_(std::move(options.device_id)),
        seed_(std::move(options.signing_seed)),
        signer_(key_id(verifying_key(seed_))),
        now_(std::move(options.now)),
        recipients_(std::make_shared<const std::vector<Recipient>>(std::move(options.recipients))) {
    assert(device_id_.size() == 16 && bytes_from_hex(device_id_));
    seal::start_sodium();
  }

  Result<SealedRecord> seal(const RecordPlace& place, const RecordParts& parts) override {
    if (const Status whole = check(parts); !whole) return fail(whole.error());
    const auto recipients = current();
    const auto now = time_now();
    const auto chosen = seal::choose(*recipients, now, !parts.pseudonymous.empty());
    if (chosen.empty() || chosen.front()->view != RecordView::full)
      return fail(ErrorCode::unavailable, seal::problem_with(*recipients, now));

    seal::Wiped<32> master;
    randombytes_buf(master.data(), master.size());
    RecordHead head = begin(place, parts.type, parts.record_class);
    for (const Recipient* one : chosen) {
      seal::Wiped<32> key;
      take_view_key(key, master, one->view);
      RecordHead::Box box{key_id(one->key), one->view, {}};
      if (crypto_box_seal(box.sealed_key.data(), key.data(), key.size(), one->key.data()) != 0) {
        return fail(ErrorCode::invalid_input,
                    fmt::format("the key {} of a recipient is none that anything can be "
                                "sealed to: make its key pair anew",
                                to_hex(box.recipient)));
      }
      head.boxes.push_back(box);
    }
    // A pseudonym that nobody would get is left out.
    const auto plain = present(parts, chosen.back()->view == RecordView::pseudonym);
    for (const PlainPart& part : plain)
      head.parts.push_back({part.kind, 0, {}});

    SealedRecord record;
    for (std::size_t i = 0; i < plain.size(); ++i) {
      seal::Wiped<32> key;
      seal::derive_part_key(key, master, plain[i].kind);
      Bytes sealed = seal::seal_part(head, plain[i].kind, key, plain[i].bytes);
      head.parts[i] = {plain[i].kind, static_cast<std::uint32_t>(sealed.size()), sha256(sealed)};
      record.parts.push_back({plain[i].kind, std::move(sealed)});
    }
    record.head = sign(head);
    return record;
  }

  SealedRecord sign_gaps(const RecordPlace& place, ByteView list) override {
    assert(!list.empty() && list.size() <= largest_part_bytes);
    RecordHead head = begin(place, RecordType::gap, RecordClass::ledger);
    head.parts.push_back({PartKind::gaps, static_cast<std::uint32_t>(list.size()), sha256(list)});
    return {sign(head), {{PartKind::gaps, Bytes(list.begin(), list.end())}}};
  }

  std::size_t sealed_bytes(const RecordParts& parts) const override {
    const auto plain = present(parts, true);
    std::size_t bytes = seal::head_bytes(plain.size(), most_boxes);
    for (const PlainPart& part : plain)
      bytes += seal::sealed_size(part.bytes.size());
    return bytes;
  }

  std::string device_id() const override { return device_id_; }

  void replace_recipients(std::vector<Recipient> recipients) override {
    auto replacement = std::make_shared<const std::vector<Recipient>>(std::move(recipients));
    const std::lock_guard lock(mutex_);
    recipients_.swap(replacement);
  }

  std::string problem() const override { return seal::problem_with(*current(), time_now()); }

 private:
  RecordHead begin(const RecordPlace& place, RecordType type, RecordClass record_class) const {
    assert(place.number.value() >= 1 && place.number.value() <= seal::most_number);
    RecordHead head;
    head.type = type;
    head.record_class = record_class;
    head.device_id = device_id_;
    head.queue_uuid = place.queue_uuid;
    head.number = place.number;
    head.previous = place.previous;
    head.signer = signer_;
    return head;
  }

  Bytes sign(const RecordHead& head) const {
    Bytes out = seal::encode_head(head);
    const Signature signature = wayside::sign(seal::signed_message(out), seed_);
    std::copy(signature.begin(), signature.end(), out.end() - seal::signature_bytes);
    return out;
  }

  std::shared_ptr<const std::vector<Recipient>> current() const {
    const std::lock_guard lock(mutex_);
    return recipients_;
  }
  std::optional<UtcTime> time_now() const { return now_ ? now_() : std::nullopt; }

  std::string device_id_;
  Secret seed_;
  KeyId signer_;
  std::function<std::optional<UtcTime>()> now_;
  mutable std::mutex mutex_;
  std::shared_ptr<const std::vector<Recipient>> recipients_;
};

}  // namespace

std::unique_ptr<ReplaceableSealer> make_record_sealer(SealerOptions options) {
  return std::make_unique<Sealer>(std::move(options));
}

}  // namespace wayside
