#include "drivers/illuminator/pwm_channel.hpp"

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"

#include "drivers/sysfs/sysfs_value.hpp"

namespace wayside::illuminator {
namespace {

constexpr sysfs::ValueRange nanoseconds{0, 4'000'000'000};
constexpr sysfs::ValueRange yes_or_no{0, 1};
// Of an output that nobody has used since the machine started: any that every PWM unit can do.
constexpr std::int64_t first_period_ns = 100'000;

Status expect(const std::filesystem::path& file, sysfs::ValueRange range, std::int64_t expected) {
  const auto found = sysfs::read_value(file, range);
  if (!found) return fail(found.error());
  if (*found == expected) return {};
  return fail(ErrorCode::corrupt,
              fmt::format("{} says {} where {} was set; does another program write there?",
                          json_escape(file.string()), *found, expected));
}

}  // namespace

Result<PwmChannel> PwmChannel::open(const std::filesystem::path& chip, int channel) {
  const auto channels = sysfs::read_value(chip / "npwm", {0, 1024});
  if (!channels) return fail(channels.error());
  if (channel < 0 || channel >= *channels) {
    return fail(ErrorCode::not_found, fmt::format("{} has {} outputs, numbered from 0; there is no output {}",
                                                  json_escape(chip.string()), *channels, channel));
  }
  const std::filesystem::path folder = chip / fmt::format("pwm{}", channel);
  std::error_code failed;
  if (!std::filesystem::exists(folder, failed)) {
    if (const Status taken = sysfs::write_value(chip / "export", channel); !taken) return fail(taken.error());
    if (!std::filesystem::exists(folder, failed)) {
      return fail(ErrorCode::io,
                  fmt::format("{} was not given out though it was asked for", json_escape(folder.string())));
    }
  }
  PwmChannel opened(folder);
  if (const Status off = opened.off(); !off) return fail(off.error());
  // As long as the period is 0, Linux 6.1 refuses every other order, that to be off among them.
  const auto period = sysfs::read_value(folder / "period", nanoseconds);
  if (!period) return fail(period.error());
  if (*period == 0) {
    if (const Status set = sysfs::write_value(folder / "period", first_period_ns); !set)
      return fail(set.error());
  }
  if (const Status zero = sysfs::write_value(folder / "duty_cycle", 0); !zero) return fail(zero.error());
  if (const Status set = sysfs::write_word(folder / "polarity", "normal"); !set) return fail(set.error());
  return opened;
}

Status PwmChannel::off() {
  on_ = false;
  // Both, whatever the first says: either alone keeps it dark.
  const Status disabled = sysfs::write_value(folder_ / "enable", 0);
  static_cast<void>(sysfs::write_value(folder_ / "duty_cycle", 0));
  period_ns_ = duty_ns_ = 0;
  // One that was refused is off all the same where it was never on.
  const Status is_off = expect(folder_ / "enable", yes_or_no, 0);
  return is_off || disabled ? is_off : disabled;
}

Status PwmChannel::set(std::int64_t period_ns, std::int64_t duty_ns) {
  if (on_ && period_ns == period_ns_ && duty_ns == duty_ns_) return {};
  // The kernel refuses a duty longer than the period, so it goes to nothing before the period changes.
  if (period_ns != period_ns_) {
    if (const Status zero = sysfs::write_value(folder_ / "duty_cycle", 0); !zero) return zero;
    if (const Status set = sysfs::write_value(folder_ / "period", period_ns); !set) return set;
  }
  if (const Status set = sysfs::write_value(folder_ / "duty_cycle", duty_ns); !set) return set;
  if (!on_) {
    if (const Status enabled = sysfs::write_value(folder_ / "enable", 1); !enabled) return enabled;
  }
  period_ns_ = period_ns;
  duty_ns_ = duty_ns;
  on_ = true;
  return verify();
}

Status PwmChannel::verify() const {
  if (const Status same = expect(folder_ / "enable", yes_or_no, on_ ? 1 : 0); !same || !on_) return same;
  if (const Status same = expect(folder_ / "period", nanoseconds, period_ns_); !same) return same;
  return expect(folder_ / "duty_cycle", nanoseconds, duty_ns_);
}

}  // namespace wayside::illuminator
