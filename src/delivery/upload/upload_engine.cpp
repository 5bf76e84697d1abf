#include "src/delivery/upload/upload_engine.hpp"

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>

#include "wayside/base/log.hpp"

#include "src/delivery/upload/shipment.hpp"
#include "src/delivery/upload/waiting_scan.hpp"

namespace wayside::upload {

namespace {

using Outcome = Receipt::Outcome;
using Order = RecordQueue::Order;

// What is remembered of records under way. Forgetting costs a shipment sent again, which the back office
// absorbs.
constexpr std::size_t most_texted_ranges = 4096;
constexpr std::size_t most_given_up_ranges = 65'536;
constexpr std::size_t most_in_progress = 1024;

constexpr std::uint64_t failures_that_open = 5;
constexpr unsigned live_batches_before_backlog = 7;
constexpr std::size_t whole_batches_before_growth = 8;

constexpr std::uint8_t bit(ShipmentKind kind) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
}
constexpr std::uint8_t just_text = bit(ShipmentKind::text);
constexpr std::uint8_t pictures = bit(ShipmentKind::plate) | bit(ShipmentKind::overview);

std::uint64_t seed_of(const UploaderOptions& options) {
  return options.jitter_seed != 0 ? options.jitter_seed : std::random_device{}();
}

std::size_t text_bytes(const SealedRecord& record) {
  std::size_t bytes = record.head.size();
  for (const SealedPart& part : record.parts)
    if (!is_picture(part.kind)) bytes += part.bytes.size();
  return bytes;
}

}  // namespace

struct UploadEngine::Batch {
  struct Carried {
    SequenceNumber number;
    RecordClass record_class = RecordClass::ordinary;
    SealedRecord record;       // without pictures that do not go in this batch
    std::uint8_t present = 0;  // what of it the queue has
    std::uint8_t aboard = 0;   // what of it goes in this batch
  };
  std::size_t most_shipments = 1;
  std::size_t most_bytes = 1;
  std::size_t memory = 0;  // of what is carried
  std::size_t payload = 0;
  std::deque<Carried> records;  // shipments point at them
  std::unordered_map<std::uint64_t, Carried*> by_number;
  std::vector<Shipment> shipments;
  std::vector<std::size_t> payload_bytes;  // one a shipment

  [[nodiscard]] bool full() const { return shipments.size() >= most_shipments; }
};

struct UploadEngine::Verdict {
  bool progress = false;
  std::set<std::uint64_t> gone;  // not sent any more: given up, dead-lettered, quarantined
  std::map<std::uint64_t, std::optional<std::chrono::seconds>> later;  // with their Retry-After
  std::set<std::uint64_t> texted;                                      // whatever becomes of the long memory
  std::set<std::uint64_t> text_not_taken;
  std::size_t sent_again = 0;
  bool too_large = false;
  bool forbidden = false;
  std::optional<std::chrono::seconds> retry_after;  // the longest
  std::string reason;                               // the first
};

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

// --- choosing
// ----------------------------------------------------------------------------------------------------

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

// Adds what of `wanted` is not receipted yet, in the order text, plate, overview. False: the batch is full.
bool UploadEngine::add(Batch& batch, const WaitingRecord& waiting, std::uint8_t wanted) {
  if (batch.full()) return false;
  const std::uint64_t number = waiting.number.value();
  Result<SealedRecord> read = queue_.read(waiting.number);
  if (!read) {
    // Given up or found unreadable meanwhile: the queue describes it in a gap record. Should it still wait,
    // it is tried again, slowly.
    if (queue_.is_waiting(waiting.number)) delay(number, std::nullopt);
    return true;
  }
  std::uint8_t present = just_text;
  for (const SealedPart& part : read->parts)
    present |= bit(shipment_of(part.kind));
  if (texted_.contains(number)) wanted &= pictures;
  if (const auto it = progress_.find(number); it != progress_.end())
    wanted &= static_cast<std::uint8_t>(~it->second.pictures);
  wanted &= present;
  const auto known = batch.by_number.find(number);
  if (known != batch.by_number.end()) wanted &= static_cast<std::uint8_t>(~known->second->aboard);

  if (wanted == 0) {
    if (known == batch.by_number.end()) complete_if_all_receipted(number, present);
    return true;
  }
  const std::size_t text = text_bytes(*read);
  std::vector<SealedPart> chosen;
  std::size_t memory = known == batch.by_number.end() ? text : 0;
  std::vector<std::pair<ShipmentKind, std::size_t>> shipments;
  bool whole = true;
  const auto fits = [&](std::size_t more) {
    const bool first = batch.shipments.empty() && shipments.empty();
    return first || (batch.shipments.size() + shipments.size() < batch.most_shipments &&
                     batch.memory + memory + more <= batch.most_bytes);
  };
  if ((wanted & just_text) != 0) {
    if (!fits(0)) return false;
    shipments.emplace_back(ShipmentKind::text, text);
  }
  for (SealedPart& part : read->parts) {
    const ShipmentKind kind = shipment_of(part.kind);
    if (!is_picture(part.kind) || (wanted & bit(kind)) == 0) continue;
    if (!fits(part.bytes.size())) {
      whole = false;
      break;
    }
    memory += part.bytes.size();
    shipments.emplace_back(kind, part.bytes.size());
    chosen.push_back(std::move(part));
  }
  if (shipments.empty()) return false;

  Batch::Carried* carried = known == batch.by_number.end() ? nullptr : known->second;
  if (carried == nullptr) {
    std::erase_if(read->parts, [](const SealedPart& part) { return is_picture(part.kind); });
    carried = &batch.records.emplace_back(
        Batch::Carried{waiting.number, waiting.record_class, std::move(*read), present, 0});
    batch.by_number.emplace(number, carried);
  }
  std::vector<SealedPart>& parts = carried->record.parts;
  std::move(chosen.begin(), chosen.end(), std::back_inserter(parts));
  std::sort(parts.begin(), parts.end(),
            [](const SealedPart& a, const SealedPart& b) { return a.kind < b.kind; });
  carried->present = present;
  batch.memory += memory;
  for (const auto& [kind, bytes] : shipments) {
    batch.shipments.push_back(
        {{options_.device_id, queue_uuid_, waiting.number}, waiting.record_class, kind, &carried->record});
    carried->aboard |= bit(kind);
    batch.payload_bytes.push_back(bytes);
    batch.payload += bytes;
  }
  return whole;
}

// The hits, or what was appended since the run began, newest first. False: the batch is full.
bool UploadEngine::choose_texts(Batch& batch, Time now, bool hits) {
  WaitingScan scan(queue_, Order::newest_first, hits ? std::optional(RecordClass::hit) : std::nullopt);
  while (const std::optional<WaitingRecord> waiting = scan.next()) {
    const std::uint64_t number = waiting->number.value();
    if (!hits && waiting->number <= *begun_at_) break;
    std::optional<NumberRange> range = given_up(number);
    if (!range) range = texted_.range_of(number);
    if (range) {
      scan.pass(*range);
    } else if (!delayed(number, now) && !batch.by_number.contains(number)) {
      if (!add(batch, *waiting, just_text)) return false;
    }
  }
  return true;
}

bool UploadEngine::choose_pictures(Batch& batch, Time now, bool hits) {
  WaitingScan scan(queue_, Order::newest_first, hits ? std::optional(RecordClass::hit) : std::nullopt);
  while (const std::optional<WaitingRecord> waiting = scan.next()) {
    const std::uint64_t number = waiting->number.value();
    if (!hits && waiting->number <= *begun_at_) break;
    if (const std::optional<NumberRange> range = given_up(number)) {
      scan.pass(*range);
    } else if (!delayed(number, now) && (texted_.contains(number) || batch.by_number.contains(number))) {
      if (!add(batch, *waiting, pictures)) return false;
    }
  }
  return true;
}

void UploadEngine::choose_live(Batch& batch, Time now) {
  if (texted_.full()) forget_what_does_not_wait(texted_);
  // All texts before any picture, unless more would have to be remembered than there is room for.
  const bool texts = texted_.full() || (choose_texts(batch, now, true) && choose_texts(batch, now, false));
  if (texts && choose_pictures(batch, now, true)) choose_pictures(batch, now, false);
}

void UploadEngine::choose_backlog(Batch& batch, Time now) {
  batch.most_bytes = cap_.at_once(batch.most_bytes);
  WaitingScan scan(queue_, Order::oldest_first);
  while (const std::optional<WaitingRecord> waiting = scan.next()) {
    const std::uint64_t number = waiting->number.value();
    if (waiting->number > *begun_at_) break;
    if (const std::optional<NumberRange> range = given_up(number)) {
      scan.pass(*range);
    } else if (waiting->record_class != RecordClass::hit && !delayed(number, now)) {
      if (!add(batch, *waiting, just_text | pictures)) break;
    }
  }
}

bool UploadEngine::has_backlog(Time now) const {
  WaitingScan scan(queue_, Order::oldest_first);
  while (const std::optional<WaitingRecord> waiting = scan.next()) {
    const std::uint64_t number = waiting->number.value();
    if (waiting->number > *begun_at_) break;
    if (const std::optional<NumberRange> range = given_up(number)) {
      scan.pass(*range);
    } else if (waiting->record_class != RecordClass::hit && !delayed(number, now)) {
      return true;
    }
  }
  return false;
}

UploadEngine::Batch UploadEngine::choose(Time now, Lane& lane) {
  const BackOffice::BatchLimits limits = back_office_.limits();
  const auto empty = [&] {
    Batch batch;
    batch.most_shipments = circuit_open_ ? 1 : std::clamp<std::size_t>(limits.shipments, 1, most_shipments_);
    batch.most_bytes = limits.bytes;
    return batch;
  };
  const bool backlog_may_go = now >= std::max(backlog_not_before_, cap_.free_at());
  lane = Lane::backlog;
  Batch batch = empty();
  const bool backlogs_turn = live_in_a_row_ >= live_batches_before_backlog;
  if (backlogs_turn) live_in_a_row_ = 0;
  if (backlogs_turn && backlog_may_go) choose_backlog(batch, now);
  if (!batch.shipments.empty()) return batch;
  lane = Lane::live;
  batch = empty();
  choose_live(batch, now);
  if (!batch.shipments.empty() || !backlog_may_go) return batch;
  lane = Lane::backlog;
  batch = empty();
  choose_backlog(batch, now);
  return batch;
}

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

// --- drawing conclusions
// -----------------------------------------------------------------------------------------

void UploadEngine::settle(Batch& batch, const std::vector<Receipt>& receipts) {
  Verdict verdict;
  for (const Batch::Carried& carried : batch.records) {
    // Given up for room meanwhile: the gap record speaks for its number.
    if (queue_.is_waiting(carried.number)) continue;
    verdict.gone.insert(carried.number.value());
    forget(carried.number.value());
  }
  const Receipt none{Outcome::later, std::nullopt, "no receipt"};
  for (std::size_t i = 0; i < batch.shipments.size(); ++i)
    settle_one(batch, i, i < receipts.size() ? receipts[i] : none, verdict);
  conclude(batch, verdict);
  for (const Batch::Carried& carried : batch.records) {
    const std::uint64_t number = carried.number.value();
    const bool texted = texted_.contains(number) || verdict.texted.contains(number);
    if (texted && !verdict.gone.contains(number)) complete_if_all_receipted(number, carried.present);
  }
}

void UploadEngine::settle_one(Batch& batch, std::size_t index, const Receipt& receipt, Verdict& verdict) {
  const Shipment& shipment = batch.shipments[index];
  const std::uint64_t number = shipment.key.number.value();
  const bool text = shipment.kind == ShipmentKind::text;
  const bool gone = verdict.gone.contains(number);
  const auto again = [&] {
    if (gone) return;
    ++verdict.sent_again;
    retried_.add();
    if (text) verdict.text_not_taken.insert(number);
    if (verdict.reason.empty()) verdict.reason = receipt.reason;
    verdict.retry_after = std::max(verdict.retry_after, receipt.retry_after);
  };
  switch (receipt.outcome) {
    case Outcome::accepted:
    case Outcome::duplicate:
      verdict.progress = true;
      bytes_.add(batch.payload_bytes[index]);
      if (gone) return;
      if (text) {
        texted_.add(number);
        verdict.texted.insert(number);
        if (receipt.outcome == Outcome::duplicate) texted_before_.add(number);
      } else {
        Progress& record = progress(number);
        record.pictures |= bit(shipment.kind);
        record.fresh_picture |= receipt.outcome == Outcome::accepted;
      }
      return;
    case Outcome::text_missing: {
      verdict.progress = true;
      // Not taken in this very batch: it goes again with its picture.
      if (gone || verdict.text_not_taken.contains(number)) return;
      again();
      if (text) return;
      texted_.remove(number);
      texted_before_.remove(number);
      verdict.texted.erase(number);
      // Once at once; should that not help, slowly.
      if (std::exchange(progress(number).text_was_missing, true)) verdict.later.emplace(number, std::nullopt);
      return;
    }
    case Outcome::refused:
    case Outcome::mismatch: {
      verdict.progress = true;
      if (gone) return;
      const bool refused = receipt.outcome == Outcome::refused;
      give_up(refused ? dead_ : quarantine_, refused ? dead_lettered_ : quarantined_,
              refused ? "record_dead_lettered" : "record_quarantined", shipment, receipt);
      verdict.gone.insert(number);
      return;
    }
    case Outcome::no_form: {
      verdict.progress = true;
      if (gone) return;
      forget(number);
      kept_.add();
      if (formless_.full()) forget_what_does_not_wait(formless_);
      {
        const std::lock_guard lock(mutex_);
        formless_.add(number);
      }
      log::info("record_without_form", {{"number", number}, {"reason", receipt.reason}});
      verdict.gone.insert(number);
      return;
    }
    case Outcome::too_large:
      if (batch.shipments.size() > 1) {
        verdict.too_large = true;
        again();
        return;
      }
      verdict.progress = true;
      if (gone) return;
      give_up(dead_, dead_lettered_, "record_dead_lettered", shipment, receipt);
      verdict.gone.insert(number);
      return;
    case Outcome::forbidden:
      if (!gone) forbidden_.add();
      verdict.forbidden = true;
      again();
      verdict.later.emplace(number, receipt.retry_after);
      return;
    case Outcome::later:
      again();
      verdict.later.emplace(number, receipt.retry_after);
      return;
  }
}

void UploadEngine::conclude(const Batch& batch, const Verdict& verdict) {
  if (verdict.too_large) {
    most_shipments_ = std::max<std::size_t>(batch.shipments.size() / 2, 1);
    whole_batches_ = 0;
    log::info("batch_too_large", {{"shipments", batch.shipments.size()}, {"next", most_shipments_}});
  }
  if (!verdict.progress && !verdict.too_large) {
    failed(batch, verdict);
    // The next try is another record's, so that one that is never taken holds nobody up.
    if (circuit_open_) {
      for (const auto& [number, retry_after] : verdict.later)
        if (!verdict.gone.contains(number)) delay(number, std::nullopt);
    }
    return;
  }
  succeeded(!verdict.too_large);
  for (const auto& [number, retry_after] : verdict.later)
    if (!verdict.gone.contains(number)) delay(number, retry_after);
  if (verdict.sent_again > 0 && !verdict.too_large) {
    log::write(verdict.forbidden ? log::Level::error : log::Level::warning,
               verdict.forbidden ? "upload_forbidden" : "upload_retried",
               {{"shipments", verdict.sent_again}, {"reason", verdict.reason}});
  }
}

void UploadEngine::succeeded(bool batch_was_whole) {
  if (batch_was_whole && ++whole_batches_ % whole_batches_before_growth == 0)
    most_shipments_ =
        std::min(most_shipments_ + 1, std::max<std::size_t>(back_office_.limits().shipments, 1));
  if (circuit_open_) {
    for (auto& [number, record] : progress_)
      record.not_before = Time::min();
    backlog_not_before_ = now_() + back_off_.uniform(options_.longest_backlog_delay);
    log::info("upload_circuit_closed");
  }
  const std::lock_guard lock(mutex_);
  failures_in_a_row_ = 0;
  circuit_open_ = false;
}

void UploadEngine::failed(const Batch& batch, const Verdict& verdict) {
  {
    const std::lock_guard lock(mutex_);
    ++failures_in_a_row_;
    circuit_open_ = failures_in_a_row_ >= failures_that_open;
  }
  const std::chrono::milliseconds wait = back_off_.after(failures_in_a_row_, verdict.retry_after);
  not_before_ = now_() + wait;
  log::write(verdict.forbidden ? log::Level::error : log::Level::warning,
             verdict.forbidden ? "upload_forbidden" : "upload_retried",
             {{"number", batch.shipments.front().key.number.value()},
              {"shipments", batch.shipments.size()},
              {"reason", verdict.reason},
              {"wait_ms", wait.count()},
              {"circuit_open", circuit_open_}});
}

// Of a record whose text is receipted.
void UploadEngine::complete_if_all_receipted(std::uint64_t number, std::uint8_t present) {
  const auto it = progress_.find(number);
  const std::uint8_t receipted = it == progress_.end() ? 0 : it->second.pictures;
  if ((present & pictures & ~receipted) != 0) return;
  const bool duplicate =
      texted_before_.contains(number) && (it == progress_.end() || !it->second.fresh_picture);
  if (const Status done = queue_.acknowledge(SequenceNumber(number)); !done) {
    // not_found: given up for room this moment. The gap record says more than is true, which is safe.
    if (done.error().code == ErrorCode::not_found) return forget(number);
    log::warning("acknowledgement_failed", {{"number", number}, {"error", done.error()}});
    return delay(number, std::nullopt);
  }
  delivered_.add();
  if (duplicate) duplicate_.add();
  // It stays named in texted_, so that what lies together stays one range.
  progress_.erase(number);
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
// -----------------------------------------------------------------------------------------------------

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
