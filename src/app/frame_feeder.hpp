// Takes frames from a source, restarts a source that stalls and does not restart itself, and numbers frames
// on across restarts. While nothing may be captured the source is stopped, and started again afterwards.
//
// Threads: run() is the body of the capture thread, the only one that touches the source.
// Failure: run() returns an Error where the source cannot go on: a recording damaged at a frame, a camera
// that stayed silent through every restart; the next rung of the ladder is the caller's (end the process, let
// it be started anew).
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>

#include "wayside/anpr/capture/frame_source.hpp"
#include "wayside/base/counters.hpp"

namespace wayside::app {

inline constexpr int most_restarts_in_a_row = 5;

class FrameFeeder {
 public:
  // nullptr: the source was stopped, and what comes next does not go on from what came before.
  using Deliver = std::function<void(FramePtr)>;

  // may_capture: asked several times a second; empty: always.
  FrameFeeder(FrameSource& source, std::chrono::milliseconds stall_limit, CounterSet& counters,
              Deliver deliver, std::function<bool()> may_capture = {});

  // Until the source ends, fails, or stop is requested; stops the source in each case.
  [[nodiscard]] Status run(const std::stop_token& stop);

  // Grows whenever the source answered, with a frame or without: what a watchdog wants to see move.
  [[nodiscard]] std::uint64_t answers() const { return answers_.load(std::memory_order_relaxed); }

 private:
  enum class Fed { to_the_end, until_forbidden };
  [[nodiscard]] Result<Fed> feed(const std::stop_token& stop);
  [[nodiscard]] bool may_capture() const { return !may_capture_ || may_capture_(); }
  [[nodiscard]] Status restart(const std::stop_token& stop);
  [[nodiscard]] FramePtr numbered_on(FramePtr frame);

  FrameSource& source_;
  const std::chrono::milliseconds stall_limit_;
  Deliver deliver_;
  std::function<bool()> may_capture_;
  Counter& restarts_;
  std::atomic<std::uint64_t> answers_{0};
  int restarts_in_a_row_ = 0;
  std::uint64_t number_offset_ = 0;
  std::optional<std::uint64_t> last_number_;
};

}  // namespace wayside::app
