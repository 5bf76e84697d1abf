// Reads waiting records back from the device.
//
// Threads: any. No lock is held across a disk access. Failure: not_found where the record does not wait any
// more, corrupt where its bytes rotted; then it is counted and owed to the next gap record.
#pragma once

#include "wayside/base/result.hpp"

#include "src/delivery/queue/queue_state.hpp"

namespace wayside::flash {

class RecordReader {
 public:
  explicit RecordReader(QueueState& state) : state_(state) {}

  [[nodiscard]] Result<SealedRecord> read(SequenceNumber number) const;
  // As it stands at this place; the record itself is left alone whatever is found.
  [[nodiscard]] Result<DecodedRecord> decoded_at(const StoredRecord& place) const;
  static Error not_waiting(SequenceNumber number);

 private:
  [[nodiscard]] tl::unexpected<Error> give_up_damaged(SequenceNumber number, const Error& error) const;

  QueueState& state_;
};

}  // namespace wayside::flash
