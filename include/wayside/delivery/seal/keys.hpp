// The keys of sealing and signing: whose they are, how they are named, how they are kept out of harm's way.
//
// Threads: plain values. Ownership: a Secret (wayside/base/secret.hpp) wipes itself; it is moved, never
// copied.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/secret.hpp"
#include "wayside/base/time.hpp"

namespace wayside {

using PublicKey = std::array<std::uint8_t, 32>;  // X25519 of a recipient, or Ed25519 of a device
// The first 8 bytes of the key's SHA-256: names a key where nothing depends on nobody having forged it.
using KeyId = std::array<std::uint8_t, 8>;
[[nodiscard]] KeyId key_id(const PublicKey& key);

// What a recipient may see of a capture record.
enum class RecordView : std::uint8_t {
  full = 1,       // document, plate and overview
  text = 2,       // the document, no picture
  pseudonym = 3,  // a document with a keyed pseudonym instead of the VRM, no picture
};
[[nodiscard]] std::string_view to_string(RecordView view);  // "full", "text", "pseudonym"

// Somebody records are sealed to.
struct Recipient {
  std::string name;  // for people
  PublicKey key{};   // X25519
  RecordView view = RecordView::full;
  std::optional<UtcTime> valid_from;
  std::optional<UtcTime> valid_until;
  std::optional<KeyId> successor;      // the key that is to follow this one
  std::optional<Bytes> pseudonym_key;  // 32 bytes; of a pseudonym recipient, and of no other
};

// A recipient's file: TOML, keys name, key (64 hex digits), view, valid_from, valid_until (UTC, RFC 3339,
// without quotes: TOML's own form), successor (16 hex digits), pseudonym_key (64 hex digits; demanded for the
// view "pseudonym", refused for others). invalid_input names file, line, key and expected form, all errors
// together, one a line. Only its owner may write it: whoever else does reads every record from then on. It
// holds nothing secret, unless it has a pseudonym_key: then only its owner may read it. invalid_input names
// the mode.
[[nodiscard]] Result<Recipient> load_recipient(const std::filesystem::path& file);
// Every *.toml of the folder, by file name; all errors together, one a line. Only its owner may write to the
// folder, for the same reason. An absent folder has none. Two
// files with one key, a low-order point as a key, and two pseudonym keys are errors: a record holds one
// pseudonym, so all recipients of that view share its key.
[[nodiscard]] Result<std::vector<Recipient>> load_recipients(const std::filesystem::path& folder);
// The file again; of a recipient that load_recipient() would take.
[[nodiscard]] std::string to_toml(const Recipient& recipient);

// A recipient's secret half: X25519.
struct RecipientSecret {
  Secret secret;
  PublicKey key{};
};
[[nodiscard]] RecipientSecret make_recipient_secret();
[[nodiscard]] RecipientSecret recipient_secret_from(Secret secret);  // with its public half
// A file of 64 hex digits that only its owner can read (0600); invalid_input otherwise.
[[nodiscard]] Result<RecipientSecret> load_recipient_secret(const std::filesystem::path& file);
[[nodiscard]] Status save_recipient_secret(const RecipientSecret& secret, const std::filesystem::path& file);

}  // namespace wayside
