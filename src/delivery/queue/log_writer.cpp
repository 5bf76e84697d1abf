#include "src/delivery/queue/log_writer.hpp"

#include <utility>

#include <sodium.h>

#include "wayside/base/log.hpp"

namespace wayside::flash {

LogWriter::LogWriter(QueueState& state, std::array<std::optional<WritePosition>, 3> positions)
    : state_(state), active_(std::move(positions)) {}

bool LogWriter::fits(const WritePosition& at, std::size_t records, std::uint64_t bytes) const {
  return rounded_up(at.offset + bytes, block_bytes) + contents_bytes(at.entries.size() + records) <=
         state_.segment_bytes;
}

void LogWriter::begin(Log log, std::uint32_t segment) {
  SegmentState& state = state_.index.segments()[segment];
  WritePosition& at = active(log).emplace();
  at.fresh = true;
  at.reuses = state.epoch != 0;
  at.header.uuid = state_.uuid;
  at.header.log = log;
  at.header.index = segment;
  at.header.segments = static_cast<std::uint32_t>(state_.files.size());
  at.header.segment_bytes = state_.segment_bytes;
  at.header.epoch = ++state_.epoch;
  at.header.first_number = state_.next_number;
  randombytes_buf(&at.header.salt, sizeof at.header.salt);
  state.epoch = state_.epoch;
  state.log = log;
  state.active = true;
}

// The table of contents is a help: it is not synced, and does without where the device refuses it.
void LogWriter::leave(Log log) {
  const WritePosition at = *std::exchange(active(log), std::nullopt);
  {
    const std::lock_guard lock(state_.index_mutex);
    SegmentState& state = state_.index.segments()[at.header.index];
    state.active = false;
    state.records.close();
  }
  if (at.fresh) return;
  const Bytes table = encode_contents(at.entries, at.header);
  if (Status ok = state_.files[at.header.index]->write(state_.segment_bytes - table.size(), table); !ok)
    log::warning("queue_contents_unwritten", {{"segment", at.header.index}, {"error", ok.error()}});
}

Result<std::uint64_t> LogWriter::put(const WritePosition& at, const Bytes& frames) {
  Bytes bytes;
  if (at.fresh) {
    bytes.resize(segment_header_bytes);
    encode(at.header, std::span(bytes).first(block_bytes));
    encode(at.header, std::span(bytes).subspan(block_bytes));
  }
  bytes.insert(bytes.end(), frames.begin(), frames.end());
  bytes.resize(rounded_up(bytes.size(), block_bytes));
  const std::uint64_t start = at.fresh ? 0 : at.offset;
  DiskFile& file = *state_.files[at.header.index];
  if (Status ok = file.write(start, bytes); !ok) return fail(ok.error());
  if (Status ok = file.sync(); !ok) return fail(ok.error());
  return start + bytes.size();
}

void LogWriter::give_up_segment(Log log, std::uint64_t numbers, const Error& error) {
  const std::uint32_t segment = active(log)->header.index;
  {
    const std::lock_guard lock(state_.index_mutex);
    SegmentState& state = state_.index.segments()[segment];
    state.failed = true;
    state.active = false;
    const std::uint64_t first = state_.next_number;
    if (numbers != 0) state_.index.owe({{{first, first + numbers - 1}, GapReason::interrupted}});
    state_.interrupted += numbers;
    state_.next_number += numbers;
    active(log).reset();
    ++state_.failed_syncs;
  }
  state_.count("queue_syncs_failed", 1);
  log::error("queue_sync_failed", {{"segment", segment}, {"error", error}});
}

}  // namespace wayside::flash
