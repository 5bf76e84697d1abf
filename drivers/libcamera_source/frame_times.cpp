#include "drivers/libcamera_source/frame_times.hpp"

#include <cmath>

namespace wayside::libcamera_source {

using std::chrono::nanoseconds;

namespace {

// A frame waits in the kernel and on the link for some frames' time; the rest of it is for a machine that is
// short of processor.
constexpr std::chrono::seconds oldest{10};
// A gap of more than half of the count's range is one backwards.
constexpr std::uint32_t half_range = 0x80000000U;

}  // namespace

FrameNumbers::FrameNumbers(CounterSet& counters)
    : missed_(counters.counter("camera_frames_missed", "Frames of the camera's count that never came")),
      out_of_order_(counters.counter("camera_frames_out_of_order",
                                     "Frames left out whose number was not beyond the one before")) {}

std::optional<FrameNumber> FrameNumbers::number(std::uint32_t sequence) {
  const std::uint32_t ahead = last_sequence_ ? sequence - *last_sequence_ : 1;
  if (ahead == 0 || ahead >= half_range) {
    out_of_order_.add();
    return std::nullopt;
  }
  missed_.add(ahead - 1);
  last_sequence_ = sequence;
  next_number_ += ahead;
  return FrameNumber(next_number_ - 1);
}

FrameTimes::FrameTimes(const Clock& clock, CounterSet& counters)
    : clock_(clock),
      refused_(counters.counter("camera_times_refused",
                                "Frames whose timestamp could not be, dated by their arrival")) {}

void FrameTimes::fill(FrameInfo& info, const capture_link::FrameReady& frame) {
  const MonotonicTime now = clock_.monotonic_now();
  const UtcTime utc = clock_.utc_now();
  MonotonicTime middle{frame.timestamp_ns};
  if (frame.exposure_us) middle = middle + std::chrono::microseconds(*frame.exposure_us / 2);
  if (frame.timestamp_ns == 0 || middle > now || now - middle > oldest || (last_ && middle <= *last_)) {
    refused_.add();
    middle = last_ && now <= *last_ ? *last_ + nanoseconds{1} : now;
  }
  last_ = middle;
  info.monotonic = middle;
  info.utc = utc + std::chrono::round<std::chrono::milliseconds>(middle - now);
  info.exposure_us = frame.exposure_us;
  if (frame.gain_thousandths && *frame.gain_thousandths > 0)
    info.gain_db = 20 * std::log10(*frame.gain_thousandths / 1000.0);
}

}  // namespace wayside::libcamera_source
