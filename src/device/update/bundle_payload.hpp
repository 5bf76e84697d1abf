// Whether all of a bundle is as it was signed. RAUC looks at the signed manifest alone before it writes, and
// leaves the payload to the kernel (dm-verity), which finds what is wrong with it when the slot that does not
// run is half overwritten: so each block is looked at here before that.
//
//   payload (whole blocks) | tree of hashes | signature of the manifest | its length, 8 bytes, big endian
//
// As dm-verity's version 1 has it (Documentation/admin-guide/device-mapper/verity.rst), without a superblock:
// blocks of 4096 bytes, the digest of each is SHA-256 of salt | block; the digests of a level, 128 to a block
// and zeros behind the last, are the level above; the tree holds its topmost level, one block, first. The
// digest of that one is what the manifest has.
//
// Threads: one. Failure: refused for a bundle that is not what was signed; io where it cannot be read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"

namespace wayside::update_parts {

struct PayloadHash {
  Sha256 salt{};
  Sha256 root{};  // the digest of the topmost block
  std::uint64_t tree_bytes = 0;
};

// Of `rauc info`, as people read it: RAUC 1.8 has it in no other form. None of a bundle of the plain format,
// whose payload RAUC has checked by then.
[[nodiscard]] Result<std::optional<PayloadHash>> payload_hash_from(std::string_view said);

// Reads all of the bundle, and holds up to 1/64 of it.
[[nodiscard]] Status check_payload(const std::filesystem::path& bundle, const PayloadHash& hash);

}  // namespace wayside::update_parts
