// Borrows the keys that open this camera's records (profile "bof2") from the unlock service, looks again
// every hour whether they still are this camera's, and drops them where they are not.
//
// Life: start(), then stop(). Threads: one of its own, "unlock". Ownership: everything handed in outlives it.
// Failure: without a key, health's part "unlock_key" is ill, logged once for each reason; records stay sealed
// in the queue. Where the service does not answer, keys at hand are kept for a day and no longer: whoever
// cuts a stolen camera off must not keep it open.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "wayside/base/counters.hpp"
#include "wayside/delivery/upload/unlock.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/health/health.hpp"

namespace wayside::app {

struct UnlockKeeperOptions {
  std::filesystem::path recipients;  // the camera's folder of them
  std::chrono::milliseconds first_retry{1'000};
  std::chrono::milliseconds longest_retry{300'000};
  std::chrono::milliseconds look_again{3'600'000};
  std::chrono::milliseconds longest_unconfirmed{24 * 3'600'000};
};

class UnlockKeeper {
 public:
  using Connect = std::function<Result<std::unique_ptr<UnlockService>>()>;

  UnlockKeeper(UnlockKeeperOptions options, Connect connect, UnlockKeys& keys, const Clock& clock,
               Health& health, CounterSet& counters);
  ~UnlockKeeper();
  UnlockKeeper(const UnlockKeeper&) = delete;
  UnlockKeeper& operator=(const UnlockKeeper&) = delete;

  void start();
  void stop();
  // One look: what the thread does each time. How long to wait until the next one.
  [[nodiscard]] std::chrono::milliseconds look();

 private:
  [[nodiscard]] Result<UnlockKeys::Set> fetch();
  // What keeps records from being sealed to these keys, so that they could not be opened; empty: nothing
  // does.
  [[nodiscard]] std::string problem_with(const UnlockKeys::Set& keys) const;
  void say(const std::string& problem);

  const UnlockKeeperOptions options_;
  const Connect connect_;
  UnlockKeys& keys_;
  const Clock& clock_;
  Health& health_;
  Counter& fetched_;
  Counter& failures_;
  Counter& revoked_;

  // Of the thread that looks alone.
  std::uint64_t failures_in_a_row_ = 0;
  std::optional<MonotonicTime> confirmed_;

  std::mutex mutex_;
  std::unique_ptr<UnlockService> service_;  // set once, under the mutex
  bool stopping_ = false;                   // mutex_
  std::jthread thread_;
};

}  // namespace wayside::app
