// The infrared flash beside the camera. Its pulses are timed by hardware; this sets how strong they are, and
// whether there are any.
//
// Threads: one at a time. Ownership: dark when destroyed. Units in the names. Failure: dark, always, and
// said: state() tells why in one sentence, with what to do. It does not come back to light by itself but from
// heat; start() tries again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wayside/base/result.hpp"

namespace wayside {

// Bounds that no caller can talk it out of.
struct IlluminatorLimits {
  double most_duty = 0.05;  // of full strength, on average: strength x pulse / period
  std::int32_t most_pulse_us = 300;
  double hot_c = 75;   // goes dark from there on
  double cool_c = 65;  // and may flash again below
};

struct FlashOrder {
  double strength = 0;  // 0 dark to 1
  std::int32_t pulse_us = 0;
  std::int32_t frame_period_us = 0;
};

struct IlluminatorState {
  bool usable = false;  // false: dark whatever is ordered
  std::string reason;   // why it is not usable; empty where it is
  double strength = 0;  // of the pulses now
  std::optional<double> temperature_c;
};

class Illuminator {
 public:
  virtual ~Illuminator() = default;
  // Dark, then checks all that it needs.
  virtual Status start() = 0;
  // From the next frame on; gives the strength that is set, which is less than ordered where the duty limit
  // says so. Refuses (invalid_input, and dark) a pulse or a period that cannot be right; unavailable while it
  // is not usable.
  virtual Result<double> flash(const FlashOrder& order) = 0;
  virtual void dark() = 0;
  // Reads the temperature and that what was set is still so; once a second is right, and without it being
  // called for most of a minute the hardware must be trusted alone.
  virtual IlluminatorState check() = 0;
};

}  // namespace wayside
