// The illuminator as it is wired (wiring.md): a PWM output, a GPIO line that enables it, a temperature.
//
// Threads, ownership, failure: as of the port.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "wayside/anpr/capture/illuminator.hpp"

#include "drivers/illuminator/enable_line.hpp"

namespace wayside::illuminator {

enum class Timing {
  sensor_strobe,  // the sensor's own line gates each pulse; the PWM output dims
  pwm_trigger,    // the PWM output triggers both sensor and flash; its width is the pulse
};

struct Wiring {
  Timing timing = Timing::sensor_strobe;
  std::filesystem::path pwm_chip = "/sys/class/pwm/pwmchip0";
  int pwm_channel = 0;
  std::string gpio_chip = "/dev/gpiochip0";
  unsigned enable_line = 0;
  std::filesystem::path temperature;  // hwmon's temp1_input or a thermal zone's temp, thousandths of a degree
};

using OpenEnableLine =
    std::function<Result<std::unique_ptr<EnableLine>>(const std::string& chip, unsigned line)>;

[[nodiscard]] std::unique_ptr<Illuminator> make_strobe_illuminator(
    const Wiring& wiring, const IlluminatorLimits& limits, OpenEnableLine open_line = open_enable_line);

}  // namespace wayside::illuminator
