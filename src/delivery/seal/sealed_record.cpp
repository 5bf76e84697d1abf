#include "wayside/delivery/seal/sealed_record.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "wayside/base/signature.hpp"

#include "src/delivery/seal/head_format.hpp"
#include "src/delivery/seal/part_cipher.hpp"
#include "src/delivery/seal/wiped.hpp"

namespace wayside {

namespace {

std::string_view name_of(PartKind kind) {
  switch (kind) {
    case PartKind::document:
      return "document";
    case PartKind::plate:
      return "plate picture";
    case PartKind::overview:
      return "overview picture";
    case PartKind::pseudonymous:
      return "pseudonymous document";
    case PartKind::gaps:
      return "list of gaps";
  }
  return "part of an unknown kind";
}

bool shows(RecordView view, PartKind kind) {
  switch (view) {
    case RecordView::full:
      return kind <= PartKind::pseudonymous;
    case RecordView::text:
      return kind == PartKind::document;
    case RecordView::pseudonym:
      return kind == PartKind::pseudonymous;
  }
  return false;
}

// The part's key; the box of a lesser view holds it, from that of the full view it is derived.
Status take_part_key(seal::Wiped<32>& out, const RecordKey& key, PartKind kind) {
  if (!shows(key.view, kind) || key.secret.view().size() != out.size()) {
    return fail(ErrorCode::refused, fmt::format("a key of the view \"{}\" does not open the {}",
                                                to_string(key.view), name_of(kind)));
  }
  if (key.view == RecordView::full) {
    seal::derive_part_key(out, key.secret.view(), kind);
  } else {
    std::copy(key.secret.view().begin(), key.secret.view().end(), out.begin());
  }
  return {};
}

}  // namespace

const Bytes* SealedRecord::part(PartKind kind) const {
  const auto found =
      std::find_if(parts.begin(), parts.end(), [&](const SealedPart& part) { return part.kind == kind; });
  return found == parts.end() ? nullptr : &found->bytes;
}

Sha256 chain_hash(ByteView head) {
  return sha256(head);
}

bool signature_good(ByteView head, const PublicKey& device) {
  const auto decoded = decode_head(head);
  if (!decoded || decoded->signer != key_id(device)) return false;
  return is_signed(seal::signed_message(head), decoded->signature, device);
}

Status check_part(const RecordHead& head, PartKind kind, ByteView sealed) {
  const auto named = std::find_if(head.parts.begin(), head.parts.end(),
                                  [&](const RecordHead::Part& part) { return part.kind == kind; });
  if (named == head.parts.end())
    return fail(ErrorCode::corrupt, fmt::format("the record's head names no {}", name_of(kind)));
  if (sealed.size() != named->bytes || sha256(sealed) != named->hash) {
    return fail(ErrorCode::corrupt,
                fmt::format("the {} is not the one that the record's head names", name_of(kind)));
  }
  return {};
}

Result<RecordKey> open_box(const RecordHead& head, const RecipientSecret& recipient) {
  const KeyId id = key_id(recipient.key);
  const auto box = std::find_if(head.boxes.begin(), head.boxes.end(),
                                [&](const RecordHead::Box& one) { return one.recipient == id; });
  if (box == head.boxes.end()) {
    return fail(ErrorCode::refused, fmt::format("the record is not sealed to the key {}", to_hex(id)));
  }
  RecordKey key{box->view, Secret()};
  if (crypto_box_seal_open(key.secret.data().data(), box->sealed_key.data(), box->sealed_key.size(),
                           recipient.key.data(), recipient.secret.view().data()) != 0) {
    return fail(ErrorCode::corrupt,
                fmt::format("the record's box for the key {} does not open: it is damaged, or was sealed to "
                            "another key of that name",
                            to_hex(id)));
  }
  return key;
}

Result<Bytes> open_part(const RecordHead& head, const RecordKey& key, PartKind kind, ByteView sealed) {
  seal::Wiped<32> part_key;
  if (const Status may = take_part_key(part_key, key, kind); !may) return fail(may.error());
  if (const Status whole = check_part(head, kind, sealed); !whole) return fail(whole.error());
  auto plain = seal::open_part(head, kind, part_key, sealed);
  if (!plain) {
    return fail(ErrorCode::corrupt, fmt::format("the {} does not open with the record's key", name_of(kind)));
  }
  return std::move(*plain);
}

Result<Bytes> seal_again(const RecordHead& head, const RecordKey& key, PartKind kind, ByteView plain) {
  seal::Wiped<32> part_key;
  if (const Status may = take_part_key(part_key, key, kind); !may) return fail(may.error());
  Bytes sealed = seal::seal_part(head, kind, part_key, plain);
  // Two different plain texts under one key would tell about each other: such bytes never leave here.
  if (const Status same = check_part(head, kind, sealed); !same) return fail(same.error());
  return sealed;
}

}  // namespace wayside
