// The camera's deployment authority: reads what lies in its folder, judges every second whether the camera
// may capture, says why not in the health ("authority"), and tells every change: to the log of records, and
// to who asked for it.
//
// A file put into the folder by hand counts within a second; a document that can never count again is
// removed. What is to be known after a restart is in a file of the folder, `seen`: which change the log of
// records knows of too, so that it is told once. Where the power went before that was kept, it is told again.
//
// Life: look() once, then start() and stop(), and keep() when the last record has been written. Threads: one
// of its own, "authority"; may_capture(), highest_held(), known_earliest(), take() and saw_position() from
// any, write_records() from the one that appends to the queue, look() and keep() from none but its own while
// it runs. Ownership: clock and health outlive it. Failure: what cannot be read is no authority; what cannot
// be kept (a full disk) is logged and tried again.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/device/authority/judgement.hpp"
#include "wayside/device/authority/memory.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/health/health.hpp"

#include "src/app/authority_folder.hpp"
#include "src/app/record_outbox.hpp"

namespace wayside::app {

struct AuthorityKeeperOptions {
  std::string device_id;
  std::filesystem::path folder;
  UtcTime not_before;  // when this firmware was made
  bool stops_where_moved = false;
  std::optional<std::pair<double, double>> site;  // as configured: latitude and longitude, degrees
  std::chrono::milliseconds every{1000};
  // Each change, and what was known before (known_as(); empty: nothing). From the thread that looks; may be
  // empty.
  std::function<void(const AuthorityJudgement& judged, const std::string& before)> on_change;
};

class AuthorityKeeper {
 public:
  AuthorityKeeper(AuthorityKeeperOptions options, const Clock& clock, Health& health);
  ~AuthorityKeeper() { stop(); }
  AuthorityKeeper(const AuthorityKeeper&) = delete;
  AuthorityKeeper& operator=(const AuthorityKeeper&) = delete;

  void start();
  void stop();
  void look();

  [[nodiscard]] bool may_capture() const { return may_capture_; }
  // The one in force says that overviews may show who sits in a vehicle.
  [[nodiscard]] bool leaves_occupants_clear() const { return leaves_occupants_clear_; }
  // Why not, or what is to be done; empty: nothing.
  [[nodiscard]] std::string sentence() const;
  // The one that decides; nothing: none has begun.
  [[nodiscard]] std::optional<AuthorityDocument> deciding() const;
  // The highest number of the documents that are here and hold; 0: none is.
  [[nodiscard]] std::uint64_t highest_held() const { return highest_held_; }
  // Of a moment of this start: it was no earlier than this, whatever the clock is set to
  // (device/authority/known_time.hpp).
  [[nodiscard]] UtcTime known_earliest(MonotonicTime at) const;
  // Documents that the office sent.
  void take(std::span<const std::string> documents);
  // One that was pasted at the console: its number, or why it is none for this camera. From any thread.
  [[nodiscard]] Result<std::uint64_t> offer(const std::string& document);
  void saw_position(const GnssPosition& position);
  // True: a record was appended. What the queue does not take is tried again with the next call.
  [[nodiscard]] bool write_records(RecordQueue& queue) { return outbox_.write(queue); }
  // What is to be known after a restart.
  void keep() { keep_memory(read_together(clock_)); }

 private:
  void run(const std::stop_token& stop);
  void read_folder();
  void load_memory();
  void keep_memory(const ClockReading& now);
  void remove_what_is_done_with() const;
  void tell(const AuthorityJudgement& judged, const ClockReading& now);

  const AuthorityKeeperOptions options_;
  const Clock& clock_;
  Health& health_;
  std::atomic<bool> may_capture_{false};
  std::atomic<bool> leaves_occupants_clear_{false};
  std::atomic<std::uint64_t> highest_held_{0};

  // Of the thread that looks.
  AuthorityFolder folder_;
  AuthorityHolding held_;
  AuthorityMemory kept_;  // as it is in its file
  std::optional<MonotonicTime> kept_at_;
  std::string unkept_told_;
  std::optional<TimeKnowledge> time_;
  std::optional<std::string> judged_as_;

  mutable std::mutex mutex_;
  MonotonicTime looked_at_;                    // mutex_
  UtcTime earliest_;                           // mutex_: then
  AuthorityPlace place_;                       // mutex_
  std::string sentence_;                       // mutex_
  std::optional<AuthorityDocument> deciding_;  // mutex_
  std::vector<std::string> arrived_;           // mutex_: from the office, not looked at yet
  std::string told_;                           // mutex_: the state that the log of records knows of
  RecordOutbox outbox_{RecordType::audit, "authority"};
  std::jthread thread_;
};

}  // namespace wayside::app
