#include "drivers/illuminator/strobe_illuminator.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "drivers/illuminator/pwm_channel.hpp"
#include "drivers/sysfs/sysfs_value.hpp"

namespace wayside::illuminator {
namespace {

// A pulse of 0.1 ms holds ten periods, so that how it lies between them matters little.
constexpr std::int64_t dimming_period_ns = 10'000;
// What a sensor on an outdoor board can say; a broken one says its range's end, or nothing like it.
constexpr sysfs::ValueRange possible_millidegrees{-55'000, 150'000};
constexpr sysfs::ValueRange possible_period_us{1'000, 10'000'000};
constexpr int least_pulse_us = 1;

class StrobeIlluminator final : public Illuminator {
 public:
  StrobeIlluminator(Wiring wiring, const IlluminatorLimits& limits, OpenEnableLine open_line)
      : wiring_(std::move(wiring)), limits_(limits), open_line_(std::move(open_line)) {}
  StrobeIlluminator(const StrobeIlluminator&) = delete;
  StrobeIlluminator& operator=(const StrobeIlluminator&) = delete;
  ~StrobeIlluminator() override { put_out(); }

  Status start() override {
    put_out();
    fault_ = "it has not been started";
    // The line first: it is low from then on, whatever the PWM output does.
    if (!line_) {
      auto line = open_line_(wiring_.gpio_chip, wiring_.enable_line);
      if (!line) return broken(line.error());
      line_ = std::move(*line);
    }
    auto pwm = PwmChannel::open(wiring_.pwm_chip, wiring_.pwm_channel);
    if (!pwm) return broken(pwm.error());
    pwm_ = std::move(*pwm);
    if (const Status read = read_temperature(); !read) return broken(read.error());
    fault_.clear();
    return {};
  }

  Result<double> flash(const FlashOrder& order) override {
    if (!usable()) return fail(ErrorCode::unavailable, reason());
    if (!(order.strength >= 0 && order.strength <= 1) || order.pulse_us < least_pulse_us ||
        order.pulse_us > limits_.most_pulse_us || order.frame_period_us < possible_period_us.least ||
        order.frame_period_us > possible_period_us.most) {
      dark();
      return fail(ErrorCode::invalid_input,
                  fmt::format("a flash of {} of full strength, {} us every {} us is refused, and it is dark; "
                              "expected 0 to 1, {} to {} us, every {} to {} us",
                              order.strength, order.pulse_us, order.frame_period_us, least_pulse_us,
                              limits_.most_pulse_us, possible_period_us.least, possible_period_us.most));
    }
    const double full_duty = static_cast<double>(order.pulse_us) / order.frame_period_us;
    const double strength = std::min(order.strength, limits_.most_duty / full_duty);
    if (strength <= 0) {
      dark();
      return usable() ? Result<double>(0.0) : fail(ErrorCode::unavailable, reason());
    }
    const Status set = wiring_.timing == Timing::sensor_strobe
                           ? pwm_->set(dimming_period_ns, part(strength, dimming_period_ns))
                           : pwm_->set(std::int64_t{1000} * order.frame_period_us,
                                       part(strength, std::int64_t{1000} * order.pulse_us));
    if (!set) return broken(set.error());
    if (const Status lit = line_->set(true); !lit) return broken(lit.error());
    return strength_ = strength;
  }

  void dark() override {
    if (!put_out() && fault_.empty()) fault_ = "its line or its PWM output could not be switched off";
  }

  IlluminatorState check() override {
    if (fault_.empty()) {
      if (const Status same = pwm_->verify(); !same) {
        (void)broken(same.error());
      } else if (const Status read = read_temperature(); !read) {
        (void)broken(read.error());
      }
      if (hot_) dark();
    }
    return {usable(), reason(), strength_, temperature_c_};
  }

 private:
  // Rounded down: never more than is allowed.
  static std::int64_t part(double strength, std::int64_t whole) {
    return static_cast<std::int64_t>(std::floor(strength * static_cast<double>(whole)));
  }

  [[nodiscard]] bool usable() const { return fault_.empty() && !hot_; }
  [[nodiscard]] std::string_view how_it_is() const {
    return dark_ ? "the illuminator is dark"
                 : "the illuminator may still burn; cut its supply until it is repaired";
  }
  [[nodiscard]] std::string reason() const {
    if (!fault_.empty()) return fmt::format("{}: {}", how_it_is(), fault_);
    if (hot_) {
      return fmt::format("{}: it is {:.0f} C hot, and may flash again below {:.0f} C", how_it_is(),
                         temperature_c_.value_or(0), limits_.cool_c);
    }
    return {};
  }

  tl::unexpected<Error> broken(const Error& error) {
    fault_ = error.message;
    put_out();
    return fail(error.context(std::string(how_it_is())));
  }

  // Both, whatever the first says: either alone keeps it dark.
  bool put_out() {
    strength_ = 0;
    const bool low = !line_ || line_->set(false);
    const bool off = !pwm_ || pwm_->off();
    dark_ = low || off;
    return low && off;
  }

  Status read_temperature() {
    temperature_c_.reset();
    const auto millidegrees = sysfs::read_value(wiring_.temperature, possible_millidegrees);
    if (!millidegrees) return fail(millidegrees.error());
    temperature_c_ = static_cast<double>(*millidegrees) / 1000;
    hot_ = *temperature_c_ >= (hot_ ? limits_.cool_c : limits_.hot_c);
    return {};
  }

  Wiring wiring_;
  IlluminatorLimits limits_;
  OpenEnableLine open_line_;
  std::unique_ptr<EnableLine> line_;
  std::optional<PwmChannel> pwm_;
  std::string fault_ = "it has not been started";
  bool hot_ = false;
  bool dark_ = true;  // after the last putting out: false where neither line nor output obeyed
  double strength_ = 0;
  std::optional<double> temperature_c_;
};

}  // namespace

std::unique_ptr<Illuminator> make_strobe_illuminator(const Wiring& wiring, const IlluminatorLimits& limits,
                                                     OpenEnableLine open_line) {
  return std::make_unique<StrobeIlluminator>(wiring, limits, std::move(open_line));
}

}  // namespace wayside::illuminator
