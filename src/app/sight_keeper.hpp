// Keeps the book of what the camera could have read: closes its minutes, puts them into the queue every ten
// as a sight record, keeps the commissioned view in a file, and says in the health when nothing can be read.
//
// A minute that ended without a word from anybody is one without frames. What the queue does not take waits,
// a day of it at most.
//
// Threads: saw_frame() and saw_reads() from a thread each; look() and close() from the thread that appends;
// forget_view() from any. Ownership: queue, clock, health and counters outlive it. Failure: logged, and tried
// again at the next look.
#pragma once

#include <deque>
#include <filesystem>
#include <mutex>
#include <string>

#include "wayside/anpr/sight/sight_gauge.hpp"
#include "wayside/base/counters.hpp"
#include "wayside/base/result.hpp"
#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/health/health.hpp"

namespace wayside::app {

struct SightKeeperOptions {
  std::string device_id;
  std::filesystem::path view_file;  // learnt and written where there is none
  double least_plate_width_px = 60;
};

class SightKeeper {
 public:
  SightKeeper(SightKeeperOptions options, RecordQueue& queue, const Clock& clock, Health& health,
              CounterSet& counters);

  // lit: the illuminator burns.
  void saw_frame(const Frame& frame, bool lit = false);
  void saw_reads(const FrameReads& reads);
  // True: it appended something, which the uplink should be told of.
  [[nodiscard]] bool look();
  // At a clean stop: the minutes so far.
  void close();
  // Has the commissioned view learnt anew; that which is kept is gone for good when this returns. A sentence,
  // also where there was none. io: its file could not be removed, and it stays.
  [[nodiscard]] Result<std::string> forget_view();

 private:
  void close_minutes();
  void judge(const SightMinute& minute);
  [[nodiscard]] FramesLost lost_so_far() const;
  [[nodiscard]] FramesLost lost_until(MonotonicTime end);
  void count_gap(MonotonicTime end);
  void keep_view();
  [[nodiscard]] bool write(std::size_t at_least);

  const SightKeeperOptions options_;
  RecordQueue& queue_;
  const Clock& clock_;
  Health& health_;
  Counter& could_read_;
  Counter& doubtful_;
  Counter& could_not_read_;
  Counter& unwritten_;
  Counter& plates_unread_;
  Counter& missed_;
  Counter& damaged_;
  Counter& unbuffered_;
  Counter& dropped_;
  Counter& unread_;
  // Around the view's file, which no frame waits for: what is being kept must not outlive what is forgotten.
  std::mutex view_mutex_;
  bool view_damaged_ = false;  // view_mutex_; in its file
  SightGauge gauge_;
  std::uint64_t view_kept_ = 0;  // view_mutex_; changes() of it

  std::mutex mutex_;
  MonotonicTime minute_began_;
  FramesLost lost_until_;
  MonotonicTime seen_until_;              // the last frame, or the minute's begin
  std::chrono::nanoseconds blind_for_{};  // in this minute
  std::deque<SightMinute> minutes_;       // closed, and not in the queue yet
  int blind_ = 0;                         // minutes in a row: so
  int unsure_ = 0;
  std::string unwritten_told_;
  std::string unkept_told_;  // view_mutex_
};

}  // namespace wayside::app
