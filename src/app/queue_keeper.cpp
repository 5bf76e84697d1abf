#include "src/app/queue_keeper.hpp"

#include <chrono>
#include <cstdlib>
#include <utility>

#include <nlohmann/json.hpp>

#include "wayside/base/log.hpp"

#include "src/app/record_outbox.hpp"

namespace wayside::app {

namespace {

constexpr std::int64_t ms_per_day = 86'400'000;
constexpr std::chrono::hours steady_for{1};
constexpr std::int64_t largest_slew_ms = 60'000;  // between two looks; more is a step

std::string date_of(std::uint32_t day) {
  return to_iso8601({std::int64_t{day} * ms_per_day}).substr(0, 10);
}

}  // namespace

QueueKeeper::QueueKeeper(RecordQueue& queue, const Clock& clock, std::string device_id,
                         std::uint32_t retention_days)
    : queue_(queue),
      clock_(clock),
      device_id_(std::move(device_id)),
      retention_days_(retention_days),
      opened_(read()),
      interrupted_(queue.unbooked()),
      interrupted_told_(!interrupted_.any()) {}

QueueReading QueueKeeper::read() const {
  return {queue_.chain(), queue_.tally(), queue_.depth()};
}

std::optional<std::uint32_t> QueueKeeper::believed_day() {
  const UtcTime now = clock_.utc_now();
  const MonotonicTime running = clock_.monotonic_now();
  const std::int64_t offset_ms = now.ms - running.ns / 1'000'000;
  if (clock_.quality().source == TimeSource::unsynchronised || now.ms < 0) {
    steady_ms_.reset();
    if (!std::exchange(waits_told_, true)) {
      log::warning("clock_not_believed",
                   {{"reason", "it is not synchronised"}, {"retention", "nothing is given up for its age"}});
    }
    return std::nullopt;
  }
  if (!steady_ms_ || std::abs(offset_ms - *steady_ms_) > largest_slew_ms) steady_since_ = running;
  steady_ms_ = offset_ms;
  if (running - steady_since_ < steady_for) return std::nullopt;
  waits_told_ = false;
  return static_cast<std::uint32_t>(now.ms / ms_per_day);
}

bool QueueKeeper::look() {
  const std::optional<std::uint32_t> day = believed_day();
  if (!day || (day_ && *day < *day_)) return false;
  bool appended = !interrupted_told_ && close_interrupted(*day);
  const bool new_day = day_ != day;
  if (day_ && new_day) close_book(*day_);
  appended = appended || new_day;
  // Again and again on the same day: the mark then says how far its records go.
  if (const Status marked = queue_.mark_day(*day); !marked)
    log::error("queue_day_unmarked", {{"reason", marked.error()}});
  day_ = day;
  if (new_day) expire(*day);
  return appended;
}

void QueueKeeper::close() {
  if (const std::optional<std::uint32_t> day = believed_day(); day && day_ == day) close_book(*day);
}

void QueueKeeper::expire(std::uint32_t day) {
  if (day < retention_days_) return;
  const Result<std::uint64_t> given_up = queue_.expire(day - retention_days_);
  if (!given_up) log::error("queue_expiry_failed", {{"reason", given_up.error()}});
}

void QueueKeeper::close_book(std::uint32_t day) {
  const QueueReading closed = read();
  if (append_book(day_book(device_id_, day, opened_, closed))) opened_ = closed;
}

// Of what was lost in between nobody knows more than opening the queue has found.
bool QueueKeeper::close_interrupted(std::uint32_t today) {
  QueueReading before;
  QueueReading found;
  before.chain.number = SequenceNumber(interrupted_.first.value() - 1);
  found.chain = interrupted_.chain;
  found.tally = interrupted_.tally;
  found.depth.damaged = opened_.depth.damaged;
  found.depth.interrupted = opened_.depth.interrupted;
  interrupted_told_ = append_book(day_book(device_id_, interrupted_.day.value_or(today), before, found,
                                           DayEnded::interrupted))
                          .has_value();
  return interrupted_told_;
}

// What is not written is in the next one.
Status QueueKeeper::append_book(const std::string& document) {
  Status written = append_to_ledger(queue_, RecordType::coverage, document);
  if (written) {
    unwritten_told_.clear();
    return written;
  }
  // Of a day that was cut off it is tried at every look.
  if (std::exchange(unwritten_told_, written.error().message) != written.error().message)
    log::error("day_book_unwritten", {{"reason", written.error()}});
  return written;
}

std::string day_book(const std::string& device_id, std::uint32_t day, const QueueReading& opened,
                     const QueueReading& closed, DayEnded ended) {
  using Json = nlohmann::json;
  const auto by_class = [&](RecordClass which) {
    const auto at = static_cast<std::size_t>(which);
    return closed.tally.by_class.at(at) - opened.tally.by_class.at(at);
  };
  const auto by_type = [&](RecordType which) {
    const auto at = static_cast<std::size_t>(which);
    return closed.tally.by_type.at(at) - opened.tally.by_type.at(at);
  };
  const std::uint64_t first = opened.chain.number.value() + 1;
  const std::uint64_t last = closed.chain.number.value();
  Json book;
  book["schema"] = "wayside-coverage-1";
  book["device_id"] = device_id;
  book["day"] = date_of(day);
  if (ended == DayEnded::interrupted) book["interrupted"] = true;
  book["first"] = first <= last ? Json(first) : Json();
  book["last"] = first <= last ? Json(last) : Json();
  book["by_class"] = {{"ordinary", by_class(RecordClass::ordinary)},
                      {"hit", by_class(RecordClass::hit)},
                      {"ledger", by_class(RecordClass::ledger)}};
  book["by_type"] = {{"capture", by_type(RecordType::capture)},   {"gap", by_type(RecordType::gap)},
                     {"coverage", by_type(RecordType::coverage)}, {"clock", by_type(RecordType::clock)},
                     {"audit", by_type(RecordType::audit)},       {"sight", by_type(RecordType::sight)}};
  book["given_up"] = {{"evicted", closed.depth.evicted - opened.depth.evicted},
                      {"damaged", closed.depth.damaged - opened.depth.damaged},
                      {"interrupted", closed.depth.interrupted - opened.depth.interrupted},
                      {"expired", closed.depth.expired - opened.depth.expired},
                      {"rolled_back", closed.depth.rolled_back - opened.depth.rolled_back}};
  book["chain_head"] = {{"number", last}, {"sha256", to_hex(closed.chain.hash)}};
  return book.dump();
}

}  // namespace wayside::app
