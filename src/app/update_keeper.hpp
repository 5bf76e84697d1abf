// The camera's updates: learns from the answers to heartbeats which one the office gives it, fetches the
// bundle piece by piece while the camera works, and asks wayside-update to install it once its hour has come.
//
// A fetch goes on where it was after whatever broke it off (bundle_part.hpp), takes no more of the link than
// update.kib_per_s and no more than the backlog may, and ends in a bundle whose hash is that of the offer, or
// in none. An offer that names an hour waits for it, and for a clock that is known to be right; any waits
// until the camera captures and delivers, or has not for a quarter of an hour, so that it is known what the
// new system has to show; and where that is to deliver, until the office has answered a heartbeat lately.
// What wayside-update refused, or what was given up on trial, is not fetched again until the office gives it
// once more, or another; a version that was confirmed and whose slot was lost is, once a giving. Another
// board's bundle and an older version are not fetched at all.
//
// Life: start(), then stop(). Threads: one of its own, "update"; offered(), cap(), check_now(),
// waiting(), install_now(), state() and told() from any, look() from none but its own while it runs.
// Ownership: clock, health and counters outlive it. Failure: a sentence in state(), and in health's part
// "update" where it does not go on by itself, or has not for an hour; nothing of it touches the capture.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "wayside/base/counters.hpp"
#include "wayside/delivery/upload/update_office.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/health/health.hpp"
#include "wayside/device/update/running_system.hpp"
#include "wayside/device/update/update_folder.hpp"

#include "src/app/bundle_part.hpp"
#include "src/app/run_report.hpp"
#include "src/app/update_answers.hpp"
#include "src/delivery/upload/back_off.hpp"

namespace wayside::app {

struct UpdateKeeperOptions {
  UpdateFolder folder;
  RunningSystem system;
  std::function<Abilities()> able;   // what the camera is able to do now, which a trial has to show
  std::function<void()> ask_office;  // has a heartbeat sent at once; empty: there is no office
  std::uint64_t bytes_per_s = 0;     // of the link; 0: no cap
  std::chrono::milliseconds every{5'000};
  std::chrono::milliseconds first_retry{1'000};
  std::chrono::milliseconds longest_retry{300'000};
  // Once the office says no, and once it sent twice in a row what is not the bundle.
  std::chrono::milliseconds refused_for{3'600'000};
  std::chrono::milliseconds wrong_for{86'400'000};
  // A camera that does not capture and deliver for so long is taken as it is: the trial has to show no more.
  std::chrono::milliseconds settle{900'000};
  // An answer of the office stands for its link. Heartbeats come each 30 s (uplink.hpp) and are given up
  // after 30 s: one that is lost makes nothing wait.
  std::chrono::milliseconds answer_counts{120'000};
  // Room on the disk that this lies on.
  std::function<Result<std::uint64_t>(const std::filesystem::path&)> free_bytes;  // empty: as the system says
};

struct UpdateView {
  RunningSystem system;
  // One of to_string(UpdateState), or "fetching", "waiting" (for its hour), "asked" (for wayside-update), or
  // "unfit" (what is offered is not for this camera).
  std::string state = "none";
  std::string version;   // that it is about; empty: none
  std::string reason;    // a sentence; empty: none is needed
  unsigned percent = 0;  // of fetching or installing
  std::optional<UpdateOffer> offered;
};

class UpdateKeeper {
 public:
  using Connect = std::function<Result<std::unique_ptr<UpdateOffice>>()>;

  // connect: empty where the profile has no office to fetch from.
  UpdateKeeper(UpdateKeeperOptions options, Connect connect, const Clock& clock, Health& health,
               CounterSet& counters);
  ~UpdateKeeper();
  UpdateKeeper(const UpdateKeeper&) = delete;
  UpdateKeeper& operator=(const UpdateKeeper&) = delete;

  void start();
  void stop();
  // Between stop() and start(): another office is asked from then on.
  void connect_anew(Connect connect);
  // One look: what the thread does each time, a piece of a bundle at most. How long to wait until the next.
  [[nodiscard]] std::chrono::milliseconds look();

  // What the office gives this camera now, or that it gives none; each time that it answers a heartbeat.
  void offered(const std::optional<UpdateOffer>& offer);
  void cap(std::uint64_t bytes_per_s);
  // Asks the office now, and tries again at once what is waiting to be tried. A sentence; unsupported: there
  // is none to ask.
  [[nodiscard]] Result<std::string> check_now();
  // What install_now() would have installed, and what it waits for. A sentence; refused: nothing waits.
  [[nodiscard]] Result<std::string> waiting() const;
  // Has what was fetched installed without waiting for its hour. A sentence; refused: nothing waits for that.
  [[nodiscard]] Result<std::string> install_now();
  [[nodiscard]] UpdateView state() const;
  [[nodiscard]] ToldSystem told() const;

 private:
  [[nodiscard]] upload::Time now() const;
  [[nodiscard]] Status check_waits() const;  // with mutex_ held
  void take_what_came();
  void take_offer(const std::optional<UpdateOffer>& offer);
  void read_status();
  [[nodiscard]] std::string unfit() const;
  [[nodiscard]] bool held_off();
  [[nodiscard]] bool was_tried() const;
  [[nodiscard]] Status note_try();
  [[nodiscard]] std::chrono::milliseconds go_on();
  [[nodiscard]] std::chrono::milliseconds have_installed();
  [[nodiscard]] std::string not_yet() const;
  [[nodiscard]] std::string unheard();
  void look_at_work();
  [[nodiscard]] std::chrono::milliseconds fetch();
  [[nodiscard]] Status has_room() const;
  [[nodiscard]] bool have_office();
  [[nodiscard]] std::chrono::milliseconds finish();
  [[nodiscard]] std::chrono::milliseconds again(const Error& why, bool said);
  [[nodiscard]] std::chrono::milliseconds give_up(const std::string& why, std::chrono::milliseconds how_long);
  void at(std::string state, std::string reason = {}, unsigned percent = 0);
  void went_on();
  void fresh_start();
  void tell();

  const UpdateKeeperOptions options_;
  Connect connect_;
  const Clock& clock_;
  Health& health_;
  Counter& bytes_;
  Counter& fetched_;
  Counter& failures_;
  Counter& wrong_;
  Counter& asked_;

  // Of the thread that looks.
  BundlePart part_;
  bool begun_ = false;
  std::optional<UpdateOffer> offer_;
  UpdateStatus status_;
  upload::Time stands_since_{};  // as it is now
  UpdateView view_;
  TriedUpdate tried_;
  bool install_early_ = false;
  std::string problem_;        // of fetching or asking; empty: none
  bool problem_said_ = false;  // at once, to who looks at the camera's health
  std::optional<upload::Time> stuck_since_;
  std::string held_;  // why what is offered is left alone
  std::uint64_t failures_in_a_row_ = 0;
  unsigned wrong_in_a_row_ = 0;
  upload::BackOff back_off_;
  upload::BandwidthCap cap_;
  upload::Time not_before_ = upload::Time::min();
  std::optional<upload::Time> asked_at_;
  std::optional<upload::Time> office_asked_at_;
  Abilities able_;
  std::optional<upload::Time> lacking_since_;  // it is not able to do all that cameras do

  mutable std::mutex mutex_;
  std::condition_variable_any woken_;
  struct News {
    std::optional<std::optional<UpdateOffer>> offer;
    std::optional<std::uint64_t> bytes_per_s;
    bool check = false;
    bool install = false;
    bool any = false;
  } news_;                                // mutex_
  UpdateView shown_;                      // mutex_
  std::optional<upload::Time> answered_;  // mutex_; when the office did last
  std::unique_ptr<UpdateOffice> office_;  // set once, under the mutex
  bool has_office_ = false;               // mutex_
  bool stopping_ = false;                 // mutex_
  std::jthread thread_;
};

// For the control socket; the keeper outlives them.
[[nodiscard]] UpdateHooks hooks_of(UpdateKeeper& keeper);

}  // namespace wayside::app
