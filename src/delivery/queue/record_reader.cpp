#include "src/delivery/queue/record_reader.hpp"

#include <utility>

#include <fmt/format.h>

#include "wayside/base/log.hpp"

namespace wayside::flash {

Result<SealedRecord> RecordReader::read(SequenceNumber number) const {
  // A record may lose its overview, and so move, while it is being read; and a read error may pass. Two in
  // a row from the same place do not.
  std::optional<StoredRecord> place = state_.find(number);
  for (int failures = 0; place; ++failures) {
    Result<DecodedRecord> found = decoded_at(*place);
    if (found) return std::move(found->record);
    const std::optional<StoredRecord> now = state_.find(number);
    const bool moved = !now || now->segment != place->segment;
    if (!moved && failures >= 1) return give_up_damaged(number, found.error());
    if (moved) failures = -1;
    place = now;
  }
  return fail(not_waiting(number));
}

Result<DecodedRecord> RecordReader::decoded_at(const StoredRecord& place) const {
  Bytes bytes(place.entry.bytes());
  if (Status ok = state_.files[place.segment]->read(place.entry.offset(), bytes); !ok)
    return fail(ok.error());
  Result<DecodedRecord> record = decode_record(bytes);
  if (!record) return fail(record.error());
  if (record->header.number != place.entry.number())
    return fail(ErrorCode::corrupt, "another record stands in its place");
  return record;
}

tl::unexpected<Error> RecordReader::give_up_damaged(SequenceNumber number, const Error& error) const {
  {
    const std::lock_guard lock(state_.index_mutex);
    // Given up and overwritten while it was being read: nothing is damaged.
    if (!state_.index.find(number.value())) return fail(not_waiting(number));
    state_.index.lose(number.value());
    ++state_.damaged;
  }
  state_.count("queue_numbers_damaged", 1);
  log::error("queue_record_damaged", {{"number", number.value()}, {"error", error}});
  return fail(ErrorCode::corrupt, fmt::format("record {} is unreadable on the device and was given up: {}",
                                              number.value(), error.message));
}

Error RecordReader::not_waiting(SequenceNumber number) {
  return Error{ErrorCode::not_found,
               fmt::format("record {} does not wait any more: it was delivered or given up", number.value())};
}

}  // namespace wayside::flash
