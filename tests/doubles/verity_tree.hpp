// A tree of hashes as dm-verity has it, made apart from the product's own on purpose.
#pragma once

#include <algorithm>

#include "wayside/base/sha256_stream.hpp"

#include "src/device/update/bundle_payload.hpp"

namespace wayside::doubles {

inline constexpr std::size_t verity_block = 4096;

inline Bytes verity_digests(const Bytes& level, const Sha256& salt) {
  Bytes digests;
  for (std::size_t at = 0; at < level.size(); at += verity_block) {
    Sha256Stream hash;
    hash.add(salt);
    hash.add(ByteView(level).subspan(at, verity_block));
    const Sha256 digest = hash.finish();
    digests.insert(digests.end(), digest.begin(), digest.end());
  }
  return digests;
}

// The payload, whole blocks of it, and its tree behind it; `hash` gets what is signed of both, its salt
// given.
inline Bytes with_verity_tree(Bytes payload, update_parts::PayloadHash& hash) {
  Bytes tree;
  Bytes digests = verity_digests(payload, hash.salt);
  while (digests.size() > sizeof(Sha256)) {
    digests.resize((digests.size() + verity_block - 1) / verity_block * verity_block);
    tree.insert(tree.begin(), digests.begin(), digests.end());
    digests = verity_digests(digests, hash.salt);
  }
  std::copy(digests.begin(), digests.end(), hash.root.begin());
  hash.tree_bytes = tree.size();
  payload.insert(payload.end(), tree.begin(), tree.end());
  return payload;
}

}  // namespace wayside::doubles
