// The two acknowledgement blocks: which numbers are settled (delivered, or described as lost), and which were
// handed out.
//
// Threads: one at a time; the queue's acknowledgement lock sees to that.
// Failure: load() ignores what does not check out and counts it; store() fails when both files refused.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/delivery/queue/disk.hpp"
#include "src/delivery/queue/number_set.hpp"
#include "src/delivery/queue/record_format.hpp"

namespace wayside::flash {

inline constexpr std::uint64_t acknowledgement_file_bytes = 64 * 1024;

struct Settled {
  NumberSet numbers;
  std::uint64_t reserved_until = 1;  // no number from here on was ever handed out
  std::uint64_t evicted = 0;         // records given up since formatted
};

class Acknowledgements {
 public:
  static std::string file_name(int which) { return which == 0 ? "ack-0" : "ack-1"; }

  // What the newer readable block says; nothing where neither is one of this queue.
  struct Loaded {
    Settled settled;
    bool found = false;
    std::uint32_t ignored = 0;  // written blocks that are damaged or another queue's
  };
  // files: the two, opened; an absent one (nullptr) counts as ignored.
  Acknowledgements(std::unique_ptr<DiskFile> first, std::unique_ptr<DiskFile> second);
  [[nodiscard]] Loaded load(const QueueUuid& uuid);

  // Written over the older of the two and synced; when that fails, once more over the other.
  [[nodiscard]] Status store(const QueueUuid& uuid, const Settled& settled);

 private:
  std::unique_ptr<DiskFile> files_[2];
  std::uint64_t generation_ = 0;
  std::size_t next_ = 0;
};

// Whether any acknowledgement block, whoever's, is in these bytes (4 KiB suffice), and which queue wrote it.
[[nodiscard]] Result<QueueUuid> acknowledgement_owner(ByteView block);

}  // namespace wayside::flash
