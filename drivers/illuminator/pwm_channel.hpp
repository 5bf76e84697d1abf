// One output of a PWM unit (Linux, /sys/class/pwm): pulses that the hardware repeats without a program.
//
// Threads: one. Failure: as of drivers/sysfs; after a failure the output is in an unknown state and off()
// should be tried.
#pragma once

#include <cstdint>
#include <filesystem>

#include "wayside/base/result.hpp"

namespace wayside::illuminator {

class PwmChannel {
 public:
  // Takes the output from the kernel where nobody has, and leaves it off.
  [[nodiscard]] static Result<PwmChannel> open(const std::filesystem::path& chip, int channel);

  // duty_ns of each period_ns high; what was set is read again.
  [[nodiscard]] Status set(std::int64_t period_ns, std::int64_t duty_ns);
  [[nodiscard]] Status off();
  // Whether it still is as it was set: another program may write there too.
  [[nodiscard]] Status verify() const;

 private:
  explicit PwmChannel(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
  std::int64_t period_ns_ = 0;
  std::int64_t duty_ns_ = 0;
  bool on_ = false;
};

}  // namespace wayside::illuminator
