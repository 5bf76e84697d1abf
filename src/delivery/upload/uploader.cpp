#include "wayside/delivery/upload/uploader.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <random>
#include <string_view>
#include <utility>

#include "wayside/base/log.hpp"

#include "src/delivery/upload/back_off.hpp"
#include "src/delivery/upload/record_uploader.hpp"

namespace wayside::upload {

namespace {

using Outcome = Receipt::Outcome;

std::uint64_t seed_of(const UploaderOptions& options) {
  return options.jitter_seed != 0 ? options.jitter_seed : std::random_device{}();
}

class RecordUploader : public Uploader {
 public:
  RecordUploader(UploaderOptions options, RecordQueue& queue, BackOffice& back_office, CounterSet& counters,
                 Pause pause)
      : options_(std::move(options)),
        queue_uuid_(queue.uuid()),
        queue_(queue),
        back_office_(back_office),
        pause_(std::move(pause)),
        back_off_(options_.first_retry, options_.longest_retry, seed_of(options_)),
        delivered_(counters.counter("records_delivered", "records that the back office has")),
        duplicate_(counters.counter("records_duplicate", "of these, records that it had already")),
        dead_lettered_(
            counters.counter("records_dead_lettered", "records that the back office refused for good")),
        quarantined_(
            counters.counter("records_quarantined", "records stored under their key with another content")),
        retried_(counters.counter("uploads_retried", "parts that had to be sent again")),
        forbidden_(
            counters.counter("uploads_forbidden", "parts refused because the device is not enrolled")) {}

  void run(std::stop_token stop) override {
    while (!stop.stop_requested()) {
      const std::optional<SequenceNumber> number = next();
      if (!number) {
        wait_for_records(stop);
      } else if (deliver(*number, stop)) {
        finished(*number);
      }
    }
  }

  void wake() override {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    changed_.notify_all();
  }

  bool wait_drained(std::chrono::milliseconds limit) override {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return queue_.pending(done_, 1).empty(); });
  }

 private:
  // Numbers only ever grow, so what was dealt with lies behind done_, whether it is still in the queue or
  // not.
  [[nodiscard]] std::optional<SequenceNumber> next() const {
    const std::vector<SequenceNumber> numbers = queue_.pending(done_, 1);
    return numbers.empty() ? std::nullopt : std::optional(numbers.front());
  }

  void finished(SequenceNumber number) {
    {
      const std::lock_guard lock(mutex_);
      done_ = number;
    }
    changed_.notify_all();
  }

  void wait_for_records(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [&] { return std::exchange(woken_, false); });
  }

  // False: told to stop first.
  bool deliver(SequenceNumber number, const std::stop_token& stop) {
    const Result<RecordParts> parts = queue_.read(number);
    // Given up for room meanwhile, or unreadable: the queue has counted it and describes it in a gap record.
    if (!parts) return true;
    bool all_duplicate = true;
    for (const PartKind kind : {PartKind::document, PartKind::plate, PartKind::overview}) {
      if (kind != PartKind::document && parts->part(kind).empty()) continue;
      const std::optional<Outcome> outcome = deliver_part(number, *parts, kind, stop);
      if (!outcome) return !stop.stop_requested();
      if (*outcome == Outcome::refused || *outcome == Outcome::mismatch) return true;
      all_duplicate = all_duplicate && *outcome == Outcome::duplicate;
    }
    // not_found: given up for room while its last part was on its way. Then the gap record says more than is
    // true, which is safe.
    const Status acknowledged = queue_.acknowledge(number);
    if (!acknowledged && acknowledged.error().code != ErrorCode::not_found) {
      log::warning("acknowledgement_failed", {{"number", number.value()}, {"error", acknowledged.error()}});
    }
    delivered_.add();
    if (all_duplicate) duplicate_.add();
    return true;
  }

  // A record given up for room is not sent any more: the gap record speaks for its number.
  [[nodiscard]] bool waits(SequenceNumber number) const {
    const std::vector<SequenceNumber> first = queue_.pending(SequenceNumber(number.value() - 1), 1);
    return !first.empty() && first.front() == number;
  }

  // The same bytes until there is a final outcome: accepted, duplicate, refused or mismatch. Nothing: told to
  // stop first, or the queue has given the record up meanwhile.
  std::optional<Outcome> deliver_part(SequenceNumber number, const RecordParts& parts, PartKind kind,
                                      const std::stop_token& stop) {
    const RecordKey key{options_.device_id, queue_uuid_, number};
    bool document_sent_again = false;
    while (!stop.stop_requested() && waits(number)) {
      const Receipt receipt = back_office_.deliver(key, kind, parts.part(kind));
      switch (receipt.outcome) {
        case Outcome::accepted:
        case Outcome::duplicate:
          back_off_.succeeded();
          return receipt.outcome;
        case Outcome::refused:
          give_up(dead_lettered_, "record_dead_lettered", number, kind, receipt);
          return receipt.outcome;
        case Outcome::mismatch:
          give_up(quarantined_, "record_quarantined", number, kind, receipt);
          return receipt.outcome;
        case Outcome::document_missing:
          // Once at once; should that not help, slowly.
          if (kind != PartKind::document && !std::exchange(document_sent_again, true)) {
            const std::optional<Outcome> document = deliver_part(number, parts, PartKind::document, stop);
            if (!document || *document == Outcome::refused || *document == Outcome::mismatch) return document;
            continue;
          }
          document_sent_again = false;
          break;
        case Outcome::forbidden:
          forbidden_.add();
          break;
        case Outcome::later:
          break;
      }
      try_later(number, kind, receipt, stop);
    }
    return std::nullopt;
  }

  void try_later(SequenceNumber number, PartKind kind, const Receipt& receipt, const std::stop_token& stop) {
    retried_.add();
    const std::chrono::milliseconds wait = back_off_.next(receipt.retry_after);
    const bool alarm = receipt.outcome == Outcome::forbidden;
    log::write(alarm ? log::Level::error : log::Level::warning, alarm ? "upload_forbidden" : "upload_retried",
               {{"number", number.value()},
                {"part", static_cast<int>(kind)},
                {"reason", receipt.reason},
                {"wait_ms", wait.count()}});
    pause_(stop, wait);
  }

  void give_up(Counter& counter, std::string_view event, SequenceNumber number, PartKind kind,
               const Receipt& receipt) {
    back_off_.succeeded();
    counter.add();
    log::error(event,
               {{"number", number.value()}, {"part", static_cast<int>(kind)}, {"reason", receipt.reason}});
  }

  const UploaderOptions options_;
  const std::string queue_uuid_;
  RecordQueue& queue_;
  BackOffice& back_office_;
  const Pause pause_;
  BackOff back_off_;  // run() only
  Counter& delivered_;
  Counter& duplicate_;
  Counter& dead_lettered_;
  Counter& quarantined_;
  Counter& retried_;
  Counter& forbidden_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<SequenceNumber> done_;  // mutex_; only run() changes it and may read it without
  bool woken_ = false;                  // mutex_
};

}  // namespace

void pause_for_real(std::stop_token stop, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
}

std::unique_ptr<Uploader> make_uploader_pausing(UploaderOptions options, RecordQueue& queue,
                                                BackOffice& back_office, CounterSet& counters, Pause pause) {
  return std::make_unique<RecordUploader>(std::move(options), queue, back_office, counters, std::move(pause));
}

}  // namespace wayside::upload

namespace wayside {

std::unique_ptr<Uploader> make_uploader(UploaderOptions options, RecordQueue& queue, BackOffice& back_office,
                                        CounterSet& counters) {
  return upload::make_uploader_pausing(std::move(options), queue, back_office, counters,
                                       upload::pause_for_real);
}

}  // namespace wayside
