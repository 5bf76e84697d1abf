#include "src/delivery/upload/upload_engine.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include "wayside/base/log.hpp"

#include "src/delivery/upload/shipment.hpp"
#include "src/delivery/upload/upload_batch.hpp"
#include "src/delivery/upload/waiting_scan.hpp"

namespace wayside::upload {

namespace {

using Order = RecordQueue::Order;

// What is remembered of records under way. Forgetting costs a shipment sent again, which the back office
// absorbs.
constexpr std::size_t most_texted_ranges = 4096;
constexpr std::size_t most_given_up_ranges = 65'536;
constexpr std::size_t most_in_progress = 1024;

std::uint64_t seed_of(const UploaderOptions& options) {
  return options.jitter_seed != 0 ? options.jitter_seed : std::random_device{}();
}

}  // namespace

UploadEngine::UploadEngine(const UploaderOptions& options, RecordQueue& queue, BackOffice& back_office,
                           CounterSet& counters, std::function<Time()> now)
    : options_(options),
      queue_uuid_(queue.uuid()),
      queue_(queue),
      back_office_(back_office),
      now_(std::move(now)),
      back_off_(options.first_retry, options.longest_retry, seed_of(options)),
      cap_(options.backlog_bytes_per_s),
      delivered_(counters.counter("records_delivered", "records that the back office has")),
      duplicate_(counters.counter("records_duplicate", "of these, records that it had already")),
      dead_lettered_(
          counters.counter("records_dead_lettered", "records that the back office refused for good")),
      quarantined_(
          counters.counter("records_quarantined", "records stored under their key with another content")),
      kept_(counters.counter("records_without_form",
                             "records that this profile cannot send, and the queue keeps")),
      retried_(counters.counter("uploads_retried", "shipments that had to be sent again")),
      forbidden_(
          counters.counter("uploads_forbidden", "shipments refused because the device is not enrolled")),
      bytes_(counters.counter("bytes_uploaded", "payload bytes that the back office has receipted")),
      texted_(most_texted_ranges),
      texted_before_(most_texted_ranges),
      most_shipments_(std::max<std::size_t>(back_office.limits().shipments, 1)),
      dead_(most_given_up_ranges),
      quarantine_(most_given_up_ranges),
      formless_(most_given_up_ranges) {}

UploadEngine::~UploadEngine() = default;

std::optional<UploadEngine::Wait> UploadEngine::step() {
  const Time now = now_();
  const SequenceNumber newest = queue_.chain().number;
  if (!begun_at_) begun_at_ = newest;
  if (now < not_before_) return Wait{not_before_, false, std::nullopt};
  Lane lane = Lane::live;
  Batch batch = choose(now, lane);
  if (batch.shipments.empty()) return nothing_to_send(now, newest);
  if (lane == Lane::backlog) {
    cap_.take(batch.payload, now);
    live_in_a_row_ = 0;
  } else {
    ++live_in_a_row_;
  }
  settle(batch, back_office_.deliver(batch.shipments));
  return std::nullopt;
}

UploadEngine::Wait UploadEngine::nothing_to_send(Time now, SequenceNumber newest) {
  std::erase_if(progress_,
                [&](const auto& entry) { return !queue_.is_waiting(SequenceNumber(entry.first)); });
  std::optional<Time> until;
  const auto sooner = [&](Time time) { until = until ? std::min(*until, time) : time; };
  for (const auto& [number, progress] : progress_)
    if (progress.not_before > now && !given_up(number)) sooner(progress.not_before);
  const Time backlog_from = std::max(backlog_not_before_, cap_.free_at());
  if (backlog_from > now && has_backlog(now)) sooner(backlog_from);
  if (until) return {until, true, std::nullopt};
  texted_.clear();
  texted_before_.clear();
  progress_.clear();
  return {std::nullopt, true, newest};
}

// --- what is remembered of records

std::optional<NumberRange> UploadEngine::given_up(std::uint64_t number) const {
  for (const NumberRanges* ranges : {&dead_, &quarantine_, &formless_}) {
    if (const std::optional<NumberRange> range = ranges->range_of(number)) return range;
  }
  return std::nullopt;
}

bool UploadEngine::delayed(std::uint64_t number, Time now) const {
  const auto it = progress_.find(number);
  return it != progress_.end() && it->second.not_before > now;
}

void UploadEngine::delay(std::uint64_t number, std::optional<std::chrono::seconds> retry_after) {
  Progress& record = progress(number);
  record.not_before = now_() + back_off_.after(++record.failures, retry_after);
}

void UploadEngine::give_up(NumberRanges& into, Counter& counter, std::string_view event,
                           const Shipment& shipment, const Receipt& receipt) {
  const std::uint64_t number = shipment.key.number.value();
  forget(number);
  counter.add();
  if (into.full()) forget_what_does_not_wait(into);
  {
    const std::lock_guard lock(mutex_);
    into.add(number);
  }
  log::error(event, {{"number", number}, {"part", to_string(shipment.kind)}, {"reason", receipt.reason}});
}

void UploadEngine::forget(std::uint64_t number) {
  progress_.erase(number);
  texted_before_.remove(number);
}

UploadEngine::Progress& UploadEngine::progress(std::uint64_t number) {
  if (progress_.size() >= most_in_progress && !progress_.contains(number)) {
    const auto idle = std::find_if(progress_.begin(), progress_.end(), [&](const auto& entry) {
      return !queue_.is_waiting(SequenceNumber(entry.first));
    });
    progress_.erase(idle == progress_.end() ? progress_.begin() : idle);
  }
  return progress_[number];
}

void UploadEngine::forget_what_does_not_wait(NumberRanges& ranges) {
  for (const NumberRange& range : ranges.all()) {
    const auto first = queue_.waiting(Order::oldest_first, SequenceNumber(range.first - 1), 1);
    if (!first.empty() && first.front().number.value() <= range.last) continue;
    const std::lock_guard lock(mutex_);
    ranges.remove(range);
  }
}

// --- telling

std::uint64_t UploadEngine::count_waiting(const std::vector<NumberRange>& ranges) const {
  std::uint64_t count = 0;
  for (const NumberRange& range : ranges) {
    WaitingScan scan(queue_, Order::oldest_first, {}, SequenceNumber(range.first - 1));
    for (auto waiting = scan.next(); waiting && waiting->number.value() <= range.last; waiting = scan.next())
      ++count;
  }
  return count;
}

UploaderState UploadEngine::state() const {
  UploaderState state;
  std::vector<NumberRange> dead;
  std::vector<NumberRange> quarantine;
  std::vector<NumberRange> formless;
  {
    const std::lock_guard lock(mutex_);
    state.circuit_open = circuit_open_;
    state.failures_in_a_row = failures_in_a_row_;
    state.last_failure = last_failure_;
    state.highest_delivered = highest_delivered_;
    dead = dead_.all();
    quarantine = quarantine_.all();
    formless = formless_.all();
  }
  state.dead_lettered = count_waiting(dead);
  state.quarantined = count_waiting(quarantine);
  state.without_form = count_waiting(formless);
  return state;
}

}  // namespace wayside::upload
