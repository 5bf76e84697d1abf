// The times of a camera's frames, and their numbers: from a count that wraps, gaps told, to one that only
// grows.
//
// Threads: one. Failure: a timestamp that cannot be (before the last one, or not of this moment) is replaced
// by the moment at which the frame was heard of, and counted; a frame that repeats a number or comes out of
// order has none.
#pragma once

#include <optional>

#include "wayside/anpr/capture/frame.hpp"
#include "wayside/base/counters.hpp"
#include "wayside/device/clock/clock.hpp"

#include "drivers/capture_link/messages.hpp"

namespace wayside::libcamera_source {

class FrameNumbers {
 public:
  explicit FrameNumbers(CounterSet& counters);
  // For every frame that is told of, delivered or not. Nothing: not a new one.
  [[nodiscard]] std::optional<FrameNumber> number(std::uint32_t sequence);
  // A camera started anew counts anew.
  void begin_anew() { last_sequence_.reset(); }

 private:
  Counter& missed_;
  Counter& out_of_order_;
  std::optional<std::uint32_t> last_sequence_;
  std::uint64_t next_number_ = 0;
};

class FrameTimes {
 public:
  FrameTimes(const Clock& clock, CounterSet& counters);
  // Fills in both times, exposure and gain.
  void fill(FrameInfo& info, const capture_link::FrameReady& frame);

 private:
  const Clock& clock_;
  Counter& refused_;
  std::optional<MonotonicTime> last_;
};

}  // namespace wayside::libcamera_source
