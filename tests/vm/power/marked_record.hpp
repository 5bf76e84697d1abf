// Records of some 30 kB that say by themselves what they are: the document is a mark that no other record
// has, and the pictures follow from it. Whoever opens one knows whether it is whole and whose it was.
//
// Threads: pure.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "wayside/base/bytes.hpp"
#include "wayside/delivery/seal/record_parts.hpp"

namespace wayside::vm {

// Of the n-th record of one life of the writer.
inline std::string mark_of(std::uint64_t life, std::uint64_t n) {
  return std::to_string(life) + "." + std::to_string(n);
}

inline RecordParts marked_record(const std::string& mark) {
  std::seed_seq seed(mark.begin(), mark.end());
  std::mt19937_64 random(seed);
  RecordParts parts;
  if (random() % 8 == 0) parts.record_class = RecordClass::hit;
  parts.document.assign(mark.begin(), mark.end());
  parts.plate.resize(5'000 + random() % 2'000);
  parts.overview.resize(22'000 + random() % 4'000);
  for (Bytes* picture : {&parts.plate, &parts.overview}) {
    for (std::uint8_t& byte : *picture)
      byte = static_cast<std::uint8_t>(random());
  }
  return parts;
}

inline bool same(const RecordParts& a, const RecordParts& b) {
  return a.type == b.type && a.record_class == b.record_class && a.document == b.document &&
         a.plate == b.plate && a.overview == b.overview && a.pseudonymous == b.pseudonymous;
}

}  // namespace wayside::vm
