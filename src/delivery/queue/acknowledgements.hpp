// The two acknowledgement blocks: which numbers are settled (delivered, or described as lost), which were
// handed out, and where days began.
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

// Records with smaller numbers were written on that day or earlier.
struct DayMark {
  std::uint32_t day = 0;  // since 1970-01-01 UTC
  std::uint64_t number = 0;
  friend bool operator==(const DayMark&, const DayMark&) = default;
};

// Ascending in day and number.
class DayMarks {
 public:
  static constexpr std::size_t most = 400;
  // It is `day` and the next record gets `number`. True: a day that was not there before. An earlier day than
  // the last is believed: the clock was set right since.
  bool mark(std::uint32_t day, std::uint64_t number);
  // Numbers below this one are known to be of a day before `day`; 0: none is.
  [[nodiscard]] std::uint64_t before(std::uint32_t day) const;
  // Nothing that waits has a number below this one. The newest mark stays.
  void forget_below(std::uint64_t number);
  [[nodiscard]] const std::vector<DayMark>& all() const { return marks_; }
  // Failure: the order is wrong, or there are too many.
  [[nodiscard]] static Result<DayMarks> from(std::vector<DayMark> marks);

 private:
  std::vector<DayMark> marks_;
};

struct Settled {
  NumberSet numbers;
  std::uint64_t reserved_until = 1;  // no number from here on was ever handed out
  std::uint64_t evicted = 0;         // records given up since formatted, for room
  std::uint64_t expired = 0;         // for their age
  std::uint64_t overviews = 0;       // overview images given up since formatted
  ChainHead chain;                   // of the record accepted last
  DayMarks days;
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

// Whether any acknowledgement block, whoever's, is in these bytes (those of the whole file), and which queue
// wrote it.
[[nodiscard]] Result<QueueUuid> acknowledgement_owner(ByteView block);

}  // namespace wayside::flash
