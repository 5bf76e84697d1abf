// What the receipts of a batch mean for its records, for the back-off and for the size of the next batch.
#include <algorithm>
#include <string>
#include <utility>

#include "wayside/base/log.hpp"

#include "src/delivery/upload/upload_batch.hpp"
#include "src/delivery/upload/upload_engine.hpp"

namespace wayside::upload {

namespace {

using Outcome = Receipt::Outcome;

constexpr std::uint64_t failures_that_open = 5;
constexpr std::size_t whole_batches_before_growth = 8;

}  // namespace

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
  last_failure_.reset();
  circuit_open_ = false;
}

void UploadEngine::failed(const Batch& batch, const Verdict& verdict) {
  {
    const std::lock_guard lock(mutex_);
    ++failures_in_a_row_;
    last_failure_ = FailedTry{verdict.reason, now_()};
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
  {
    const std::lock_guard lock(mutex_);
    highest_delivered_ = std::max(highest_delivered_, number);
  }
  delivered_.add();
  if (duplicate) duplicate_.add();
  // It stays named in texted_, so that what lies together stays one range.
  progress_.erase(number);
}

}  // namespace wayside::upload
