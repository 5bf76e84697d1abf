// Where a thread asks the main thread to look at the configuration now, and waits for what came of it.
//
// Threads: ask() from any but the main thread; serve() and close() from that one. Failure: of ask():
// unavailable where the main thread does not come to it in time or the camera ends, else as the work failed.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include <nlohmann/json.hpp>

#include "wayside/base/result.hpp"

#include "src/app/reconfiguration.hpp"

namespace wayside::app {

// Time enough: ending the link to the back office, which is the longest of it, takes five seconds at most.
inline constexpr std::chrono::milliseconds reload_within{8'000};

// begins_anew: the camera has begun to end, in order to begin with it.
struct Reloaded {
  std::uint32_t version = 0;  // of the store; 0: this daemon runs a file
  Reconfiguration changes;
};

// As the control socket tells it: version, applied, begins_anew (wayside/device/control/control_answer.md).
[[nodiscard]] nlohmann::json reload_answer(const Reloaded& reloaded);

class ReloadDesk {
 public:
  // wake: has the main thread come soon.
  explicit ReloadDesk(std::function<void()> wake) : wake_(std::move(wake)) {}

  [[nodiscard]] Result<Reloaded> ask(std::chrono::milliseconds limit);
  // Does the work once for all who wait; false, and nothing done: nobody does.
  bool serve(const std::function<Result<Reloaded>()>& work);
  // Whoever asks from now on is told that the camera ends.
  void close();

 private:
  const std::function<void()> wake_;
  std::mutex mutex_;
  std::condition_variable served_;
  std::uint64_t asked_ = 0;                 // mutex_
  std::uint64_t answered_ = 0;              // mutex_: up to which
  bool closed_ = false;                     // mutex_
  std::optional<Result<Reloaded>> answer_;  // mutex_
};

}  // namespace wayside::app
