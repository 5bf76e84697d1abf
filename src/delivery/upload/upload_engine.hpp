// What the uploader does, step by step and without a thread or a clock of its own: chooses the next batch,
// hands it to the back office, and draws the conclusions. uploader.cpp runs it; tests drive it through time.
//
// Threads: step() from one thread; state() from any. Memory: the shipments of one batch, one record more, and
// what it remembers of records under way, which is bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "wayside/base/counters.hpp"
#include "wayside/delivery/upload/uploader.hpp"

#include "src/delivery/upload/back_off.hpp"
#include "src/delivery/upload/number_ranges.hpp"

namespace wayside::upload {

class UploadEngine {
 public:
  UploadEngine(const UploaderOptions& options, RecordQueue& queue, BackOffice& back_office,
               CounterSet& counters, std::function<Time()> now);
  ~UploadEngine();

  struct Wait {
    std::optional<Time> until;   // nothing: until new records are there
    bool records_end_it = true;  // false: a back-off
    // Nothing was left to send: all up to here are delivered, dead-lettered, quarantined or given up.
    std::optional<SequenceNumber> drained_to;
  };
  // Sends one batch; or sends nothing and says what to wait for. The first step begins the run.
  [[nodiscard]] std::optional<Wait> step();

  [[nodiscard]] UploaderState state() const;

 private:
  // Of one record under way, beyond whether its text is there.
  struct Progress {
    std::uint8_t pictures = 0;   // those receipted
    bool fresh_picture = false;  // one of them the back office did not have
    bool text_was_missing = false;
    std::uint64_t failures = 0;  // of this record alone
    Time not_before = Time::min();
  };
  struct Batch;
  enum class Lane { live, backlog };

  [[nodiscard]] std::optional<NumberRange> given_up(std::uint64_t number) const;
  [[nodiscard]] bool delayed(std::uint64_t number, Time now) const;
  bool add(Batch& batch, const WaitingRecord& waiting, std::uint8_t wanted);
  void choose_live(Batch& batch, Time now);
  bool choose_texts(Batch& batch, Time now, bool hits);
  bool choose_pictures(Batch& batch, Time now, bool hits);
  void choose_backlog(Batch& batch, Time now);
  [[nodiscard]] bool has_backlog(Time now) const;
  [[nodiscard]] Batch choose(Time now, Lane& lane);
  [[nodiscard]] Wait nothing_to_send(Time now, SequenceNumber newest);

  struct Verdict;
  void settle(Batch& batch, const std::vector<Receipt>& receipts);
  void settle_one(Batch& batch, std::size_t index, const Receipt& receipt, Verdict& verdict);
  void conclude(const Batch& batch, const Verdict& verdict);
  void complete_if_all_receipted(std::uint64_t number, std::uint8_t present);
  void succeeded(bool batch_was_whole);
  void failed(const Batch& batch, const Verdict& verdict);
  void delay(std::uint64_t number, std::optional<std::chrono::seconds> retry_after);
  void give_up(NumberRanges& into, Counter& counter, std::string_view event, const Shipment& shipment,
               const Receipt& receipt);
  void forget(std::uint64_t number);
  Progress& progress(std::uint64_t number);
  void forget_what_does_not_wait(NumberRanges& ranges);
  [[nodiscard]] std::uint64_t count_waiting(const std::vector<NumberRange>& ranges) const;

  const UploaderOptions options_;
  const QueueUuid queue_uuid_;
  RecordQueue& queue_;
  BackOffice& back_office_;
  const std::function<Time()> now_;
  BackOff back_off_;
  BandwidthCap cap_;
  Counter& delivered_;
  Counter& duplicate_;
  Counter& dead_lettered_;
  Counter& quarantined_;
  Counter& kept_;
  Counter& retried_;
  Counter& forbidden_;
  Counter& bytes_;

  // The newest record when the run began: what is behind it is live.
  std::optional<SequenceNumber> begun_at_;
  NumberRanges texted_;         // their text is receipted; those acknowledged since may still be named
  NumberRanges texted_before_;  // of these, those whose text the back office had already
  std::map<std::uint64_t, Progress> progress_;
  std::size_t most_shipments_;  // today's; halved where a batch was too large
  std::size_t whole_batches_ = 0;
  unsigned live_in_a_row_ = 0;
  Time not_before_ = Time::min();
  Time backlog_not_before_ = Time::min();

  // What state() tells. Changed by the thread of step() alone, which reads it without the lock.
  mutable std::mutex mutex_;
  NumberRanges dead_;
  NumberRanges quarantine_;
  NumberRanges formless_;  // this profile has no form for them
  std::uint64_t highest_delivered_ = 0;
  std::uint64_t failures_in_a_row_ = 0;
  std::optional<FailedTry> last_failure_;
  bool circuit_open_ = false;
};

}  // namespace wayside::upload
