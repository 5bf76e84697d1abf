// The camera's VOI lists: learns from the answers to heartbeats which ones the office gives it, fetches what
// is newer piece by piece, puts it in force once all of it is checked and lies sealed on flash, and matches
// passes against what is in force.
//
// The folder holds issuer-key, by which lists are known, and a folder for each list. Lists on flash are
// sealed with a key that the office lends, which is in memory only: before it has come nothing is in force.
// What the office does not give any more is taken away, from memory and flash. A fetch that breaks off goes
// on where it was, after a back-off; it takes no more of the link than the backlog may.
//
// Life: start(), then stop(). Threads: one of its own, "watchlists"; match(), held(), offered(), gauges() and
// lists() from any, write_records() from the one that appends to the queue, look() from none but its own
// while it runs. Ownership: clock, health and counters outlive it. Failure: a sentence in health's part
// "watch_lists", or "watch_list_entries" where a list's file was damaged since it was opened, until another
// takes its place; a list in force stays so. Nothing of an entry is logged.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "wayside/anpr/track/vehicle_pass.hpp"
#include "wayside/base/counters.hpp"
#include "wayside/delivery/event/capture_record.hpp"
#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/delivery/upload/list_office.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/health/health.hpp"
#include "wayside/device/watchlist/list_record.hpp"
#include "wayside/device/watchlist/watch_list.hpp"

#include "src/app/labelled_gauge.hpp"
#include "src/app/record_outbox.hpp"
#include "src/delivery/upload/back_off.hpp"

namespace wayside::app {

struct WatchListKeeperOptions {
  std::string device_id;
  std::filesystem::path folder;
  std::uint64_t bytes_per_s = 0;  // of the link; 0: no cap
  ListLimits limits;
  WatchMatching matching;
  std::chrono::milliseconds every{1'000};
  std::chrono::milliseconds first_retry{1'000};
  std::chrono::milliseconds longest_retry{300'000};
  // What asking again may mend: a full disk, an office that did not have it.
  std::chrono::milliseconds given_up_for{3'600'000};
  bool recording = false;  // passes have times of their own
  // What is known of a moment besides the clock: it was no earlier than this. Empty: nothing is.
  std::function<UtcTime(MonotonicTime)> known_earliest;
  // Each change of a list, and each that was refused. From the thread that looks; may be empty.
  std::function<void(const ListChange& change)> on_change;
};

class WatchListKeeper {
 public:
  using Connect = std::function<Result<std::unique_ptr<ListOffice>>()>;

  WatchListKeeper(WatchListKeeperOptions options, Connect connect, const Clock& clock, Health& health,
                  CounterSet& counters);
  ~WatchListKeeper();
  WatchListKeeper(const WatchListKeeper&) = delete;
  WatchListKeeper& operator=(const WatchListKeeper&) = delete;

  void start();
  void stop();
  // Between stop() and start(): another office is asked from then on.
  void connect_anew(Connect connect);
  // One look: what the thread does each time, a piece of a document at most. How long to wait until the next.
  [[nodiscard]] std::chrono::milliseconds look();

  // All lists that the office gives this camera.
  void offered(std::span<const ListOffer> offers);
  // The revision of each, as the office is told; 0: the full list is wanted.
  [[nodiscard]] std::map<std::string, std::uint64_t> held() const;
  // What the pass fits, likeliest first. Where none is in force for certain: nothing.
  [[nodiscard]] std::vector<RecordHit> match(const VehiclePass& pass, const TimeQuality& time);
  // True: a record was appended. What the queue does not take is tried again with the next call.
  [[nodiscard]] bool write_records(RecordQueue& queue) { return outbox_.write(queue); }

  struct Held {
    ListFacts facts;
    WatchAnswer::State state = WatchAnswer::State::in_force;  // when it was looked at last
  };
  [[nodiscard]] std::vector<Held> lists() const;
  // Revision, entries and age of each.
  [[nodiscard]] std::vector<LabelledGauge> gauges() const;

 private:
  struct UnderWay {
    ListOffer offer;
    ListUpdate update;
    std::uint64_t at = 0;
    std::uint64_t before = 0;  // revision held
  };
  struct GivenUp {
    std::string document;
    std::string reason;
    upload::Time until = upload::Time::max();  // then it is tried again
  };

  void take_offers();
  void let_go();
  [[nodiscard]] std::vector<std::string> on_flash() const;
  [[nodiscard]] bool have_office();
  [[nodiscard]] bool have_keys();
  void open_stores();
  [[nodiscard]] const ListOffer* next_offer() const;
  [[nodiscard]] std::uint64_t revision_of(const std::string& list) const;
  [[nodiscard]] std::chrono::milliseconds fetch();
  [[nodiscard]] std::chrono::milliseconds take_piece(std::string piece);
  [[nodiscard]] std::chrono::milliseconds finish();
  [[nodiscard]] std::chrono::milliseconds refused(ListWanted wanted, const Error& why);
  void give_up(const ListOffer& offer, std::string reason, bool for_good);
  [[nodiscard]] std::chrono::milliseconds again();
  [[nodiscard]] TimeBounds bounds_of(UtcTime said, MonotonicTime at, const TimeQuality& time) const;
  void publish();
  [[nodiscard]] RecordHit record_of(const WatchHit& hit, const WatchedRead& read,
                                    const std::shared_ptr<const WatchList>& list);
  void entry_unreadable(const std::shared_ptr<const WatchList>& list, const Error& why);
  [[nodiscard]] bool tell_damaged();
  void tell();
  void put_on_record(const ListChange& change);

  const WatchListKeeperOptions options_;
  Connect connect_;
  const Clock& clock_;
  Health& health_;
  Counter& hits_;
  Counter& withheld_;
  Counter& taken_;
  Counter& refused_;
  Counter& failures_;
  Counter& unreadable_;
  RecordOutbox outbox_{RecordType::audit, "watch_list"};

  // Of the thread that looks.
  std::optional<Secret> key_;
  std::optional<VerifyingKey> issuer_;
  std::map<std::string, std::unique_ptr<WatchListStore>> stores_;
  std::optional<std::vector<ListOffer>> offers_;
  std::optional<UnderWay> under_way_;
  std::map<std::string, GivenUp> given_up_;
  std::set<std::string> wants_full_;
  std::map<std::string, int> damaged_;  // how often in a row its document came so
  std::string key_problem_;
  std::uint64_t failures_in_a_row_ = 0;
  upload::BackOff back_off_;
  upload::BandwidthCap cap_;
  upload::Time not_before_ = upload::Time::min();

  mutable std::mutex mutex_;
  std::condition_variable_any woken_;
  std::optional<std::vector<ListOffer>> arrived_;  // mutex_: not looked at yet
  using InForce = std::vector<std::shared_ptr<const WatchList>>;
  std::shared_ptr<const InForce> in_force_ = std::make_shared<const InForce>();  // mutex_
  // Of which something on flash turned out damaged.
  std::map<std::string, std::weak_ptr<const WatchList>> damaged_in_force_;  // mutex_
  std::map<std::string, std::uint64_t> told_held_;                          // mutex_
  std::unique_ptr<ListOffice> office_;                                      // set once, under the mutex
  bool stopping_ = false;                                                   // mutex_
  std::jthread thread_;
};

}  // namespace wayside::app
