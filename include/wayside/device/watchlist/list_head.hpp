// The head of a VOI list's document: which list, which revision of it, how long it is valid, and the digest
// of what follows; signed by the office (list_document.md).
//
// Threads: pure. Failure: corrupt where it is no such head, refused where it is signed by another key,
// invalid_input naming the field, unsupported where it is of a newer form. Nothing of a head is read before
// its signature holds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/secret.hpp"
#include "wayside/base/signature.hpp"
#include "wayside/base/time.hpp"

namespace wayside {

using ListDigest = std::array<std::uint8_t, 32>;  // BLAKE2b over lines, their ends included

// A list at one revision, however it got there.
struct ListFacts {
  std::string list;            // its id: 1 to 64 of a-z, 0-9 and -
  std::uint64_t revision = 0;  // from 1 to below 2^53, rising
  UtcTime issued;
  UtcTime valid_from;
  UtcTime valid_until;  // from then on it is not valid
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;  // of all its lines
  ListDigest digest{};      // of all its lines
  friend bool operator==(const ListFacts&, const ListFacts&) = default;
};

// From which revision a delta leads there, and the lines that do.
struct ListChanges {
  std::uint64_t base = 0;  // the revision that it changes
  ListDigest base_digest{};
  std::uint64_t changes = 0;  // lines
  std::uint64_t bytes = 0;
  ListDigest digest{};
  friend bool operator==(const ListChanges&, const ListChanges&) = default;
};

struct ListHead {
  ListFacts facts;
  std::optional<ListChanges> delta;  // nothing: the full list
  // Of the lines that follow the head.
  [[nodiscard]] std::uint64_t lines() const { return delta ? delta->changes : facts.entries; }
  [[nodiscard]] std::uint64_t bytes() const { return delta ? delta->bytes : facts.bytes; }
  [[nodiscard]] const ListDigest& digest() const { return delta ? delta->digest : facts.digest; }
  friend bool operator==(const ListHead&, const ListHead&) = default;
};

[[nodiscard]] bool is_list_id(std::string_view text);

// Two lines, the ends included. invalid_input: a field cannot be what it is.
[[nodiscard]] Result<std::string> sign_list_head(const ListHead& head, const Secret& seed);
// By any of these keys. Exactly the two lines.
[[nodiscard]] Result<ListHead> list_head_from(std::string_view text, std::span<const VerifyingKey> keys);

inline constexpr std::size_t first_head_line_bytes = 166;
inline constexpr std::size_t largest_list_head_bytes = 2048;

}  // namespace wayside
