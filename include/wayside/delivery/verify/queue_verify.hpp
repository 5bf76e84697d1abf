// Looks at a copy of a queue's directory and says of every number where it is, whether the device signed what
// is there, and whether the chain of records is whole. It reads only, needs no secret, and cannot read
// records.
//
// What it cannot prove: delivery. The acknowledgement blocks carry a checksum and no signature, so that
// whoever holds the card can write any; and an older copy of the whole directory looks whole. Only the back
// office knows which records it has, and up to which number.
//
// Threads: one. Failure: io where the directory cannot be listed, not_found where it holds nothing of a
// queue's, invalid_input for a key's file; whatever is wrong inside a queue is in the report.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/delivery/seal/keys.hpp"
#include "wayside/delivery/seal/sealed_record.hpp"

namespace wayside {

enum class NumberFate : std::uint8_t {
  present,       // there, and waiting
  acknowledged,  // settled, says the unsigned block: delivered, or told in a gap record that was
  evicted,       // told in a gap record that is there, like the next four
  expired,
  damaged,
  interrupted,
  rolled_back,
  torn,     // a record begins there and does not check out; no gap record tells it
  missing,  // neither there nor told
};
inline constexpr std::size_t number_fates = 9;
[[nodiscard]] std::string_view to_string(NumberFate fate);

struct QueueReport {
  QueueUuid uuid{};
  std::string device_id;  // of the first record; empty: there is none
  std::uint32_t segments = 0;
  std::uint32_t segment_bytes = 0;

  struct Range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    NumberFate fate = NumberFate::missing;
  };
  std::vector<Range> numbers;  // ascending, from 1 on, without holes
  std::array<std::uint64_t, number_fates> counts{};

  // Acknowledged, and no signed record of that number is there: nothing but the block says so.
  std::uint64_t unsigned_acknowledged = 0;
  std::uint64_t unsigned_newest = 0;  // those of them above every signed record: a camera leaves none

  std::uint64_t records = 0;  // whose bytes are there, waiting or not
  std::uint64_t signatures_good = 0;
  std::uint64_t signatures_bad = 0;
  std::uint64_t without_overview = 0;  // given up for room; the head still names it

  std::uint64_t links_good = 0;     // a record names the hash of the one before it
  std::uint64_t links_gapped = 0;   // the one before it is gone, and all between are accounted for
  std::uint64_t links_unknown = 0;  // some between are not
  std::uint64_t links_broken = 0;
  std::uint64_t first_break = 0;  // the number that names another hash

  std::uint64_t trouble = 0;          // how often the following was found
  std::vector<std::string> problems;  // sentences, the first of each kind; the rest is counted
  bool good = false;                  // all accounted for, signed and chained, and something is signed
  std::string verdict;                // one sentence
};

// devices: the device's public keys; several where it was renewed while records waited. A record is good if
// any of them signed it. progress: called now and then with the segments looked at and all of them; may be
// empty.
using VerifyProgress = std::function<void(std::uint32_t done, std::uint32_t of)>;
[[nodiscard]] Result<QueueReport> verify_queue(const std::filesystem::path& directory,
                                               const std::vector<PublicKey>& devices,
                                               const VerifyProgress& progress = {});

// A device's public key: 64 hex digits, or a certificate in PEM that carries an Ed25519 key.
struct DeviceKey {
  PublicKey key{};
  std::string device_id;  // as the certificate names it; empty: it is not known
};
[[nodiscard]] Result<DeviceKey> load_device_key(const std::filesystem::path& file);
// The keys of one device: invalid_input where two certificates name different ones.
[[nodiscard]] Result<std::vector<PublicKey>> load_device_keys(
    const std::vector<std::filesystem::path>& files);

[[nodiscard]] std::string to_text(const QueueReport& report);  // lines
[[nodiscard]] std::string to_json(const QueueReport& report);  // one object, with an end of line

}  // namespace wayside
