// Days of a clock and its discipline, drawn at random: whatever happens, the stated bound holds.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "wayside/device/clock/time_keeper.hpp"

namespace wayside {
namespace {

const UtcTime firmware_made = utc_from_iso8601("2026-11-01T00:00:00Z").value();
constexpr double rollover_s = 1024.0 * 7 * 86'400;
constexpr double step_s = 2;

// An oscillator with a temperature, a chrony that measures it over a link with unequal delays, and people.
class Days {
 public:
  explicit Days(unsigned seed, bool leaps) : random_(seed), leaps_(leaps) {
    constant_ppm_ = uniform(-25, 25);
    swing_ppm_ = uniform(0, 15);
    phase_ = uniform(0, 6);
    true_s_ = static_cast<double>(firmware_made.ms) / 1000 + uniform(1, 400) * 86'400;
    clock_s_ = chance(0.3) ? uniform(0, 1e6)  // no battery: 1970
                           : true_s_ + uniform(-3, 3) - (chance(0.5) ? 2 * 365.0 * 86'400 : 0);
    poll_s_ = chance(0.5) ? 16 : chance(0.5) ? 64 : 1024;
    source_ = chance(0.5) ? TimeSource::gnss : TimeSource::ntp;
    worst_delay_s_ = source_ == TimeSource::gnss ? 0.002 : 0.3;
    reachable_ = chance(0.8);
  }

  void second() {
    happen();
    const double raw_ppm =
        constant_ppm_ + swing_ppm_ * std::sin(2 * std::numbers::pi * running_s_ / 86'400 + phase_);
    // What it takes off is never so far out that nobody holds the clock to within 45 ppm.
    tuned_ppm_ = std::clamp(tuned_ppm_, raw_ppm - 45, raw_ppm + 45);
    const double slew = std::clamp(remaining_s_, -500e-6 * step_s, 500e-6 * step_s);
    remaining_s_ -= slew;
    const double passed = step_s * (1 + (raw_ppm - tuned_ppm_) * 1e-6) - slew;
    clock_s_ += passed;
    monotonic_s_ += passed;
    true_s_ += step_s;
    running_s_ += step_s;
    if (running_s_ >= next_poll_s_) poll();
    if (running_s_ >= next_look_s_) {
      next_look_s_ = running_s_ + 16;
      keeper.look(reading(), report());
    }
  }

  [[nodiscard]] ClockReading reading() const {
    return {{static_cast<std::int64_t>(monotonic_s_ * 1e9)},
            {static_cast<std::int64_t>(std::floor(clock_s_ * 1000))}};
  }
  [[nodiscard]] double true_ms() const { return true_s_ * 1000; }

  TimeKeeper keeper{{.oscillator_ppm = 50, .not_before = firmware_made, .boot_id = "boot"}};

 private:
  double uniform(double least, double most) {
    return std::uniform_real_distribution<double>(least, most)(random_);
  }
  bool chance(double share) { return uniform(0, 1) < share; }

  void happen() {
    constexpr double per_day = step_s / 86'400;
    if (chance(6 * per_day)) reachable_ = !reachable_;
    if (chance(2 * per_day)) {  // somebody sets the clock
      clock_s_ += (chance(0.5) ? 1 : -1) * std::pow(10, uniform(-2, 5));
    }
    if (leaps_ && chance(1 * per_day)) {  // a leap second: both the kernel's and everybody's UTC go back
      clock_s_ -= 1;
      true_s_ -= 1;
      reference_s_ -= 1;
    }
    if (chance(2 * per_day)) {  // chrony is restarted
      known_ = false;
      updates_ = 0;
    }
    if (source_ == TimeSource::gnss && chance(0.3 * per_day)) weeks_off_ = weeks_off_ == 0 ? -rollover_s : 0;
  }

  void poll() {
    next_poll_s_ = running_s_ + poll_s_;
    if (!reachable_) return;
    delay_s_ = uniform(0.0001, worst_delay_s_);
    dispersion_s_ = uniform(1e-6, 0.002);
    const double wrong_s = uniform(-1, 1) * (delay_s_ / 2 + dispersion_s_);
    const double measured_s = clock_s_ - true_s_ - weeks_off_ + wrong_s;
    if (std::abs(measured_s) > 0.1 && (++updates_ <= 3 || std::abs(measured_s) > 1000)) {
      clock_s_ -= measured_s;  // makestep
      remaining_s_ = 0;
    } else {
      remaining_s_ = measured_s;
      tuned_ppm_ += 0.1 * std::clamp(measured_s / poll_s_ * 1e6, -5.0, 5.0);
    }
    known_ = true;
    measured_at_s_ = running_s_;
    reference_s_ = true_s_ + weeks_off_;
  }

  std::optional<Discipline> report() {
    if (chance(0.02)) return std::nullopt;  // chronyc did not answer
    if (!known_) return Discipline{};
    const double age_s = running_s_ - measured_at_s_;
    return Discipline{source_,
                      {static_cast<std::int64_t>(std::floor(reference_s_ * 1000))},
                      std::abs(remaining_s_) + delay_s_ / 2 + dispersion_s_ + age_s * 1e-6};
  }

  std::mt19937_64 random_;
  bool leaps_;
  double constant_ppm_, swing_ppm_, phase_;
  double true_s_, clock_s_;
  double monotonic_s_ = 7, running_s_ = 0, next_poll_s_ = 5, next_look_s_ = 1;
  double poll_s_, worst_delay_s_;
  TimeSource source_;
  bool reachable_, known_ = false;
  int updates_ = 0;
  double tuned_ppm_ = 0, remaining_s_ = 0, delay_s_ = 0, dispersion_s_ = 0, measured_at_s_ = 0;
  double reference_s_ = 0, weeks_off_ = 0;
};

TEST(DisciplineRun, TheStatedErrorIsNeverBelowTheTrueOne) {
  std::uint64_t stated = 0, silent = 0;
  double closest_ms = 1e18;
  for (unsigned seed = 1; seed <= 80; ++seed) {
    Days run(seed, true);
    for (int i = 0; i < 2 * 86'400 / 2; ++i) {
      run.second();
      const TimeQuality quality = run.keeper.quality(run.reading());
      if (!quality.max_error_ms) {
        ++silent;
        continue;
      }
      ++stated;
      const double error_ms = std::abs(static_cast<double>(run.reading().utc.ms) - run.true_ms());
      closest_ms = std::min(closest_ms, static_cast<double>(*quality.max_error_ms) - error_ms);
      ASSERT_LE(error_ms, static_cast<double>(*quality.max_error_ms)) << "seed " << seed << ", step " << i;
    }
  }
  std::printf("%lu readings with a bound, %lu without; the closest %.1f ms below its bound\n", stated, silent,
              closest_ms);
  // A bound that is never given is never wrong.
  EXPECT_GE(stated, silent);
}

TEST(DisciplineRun, RecordsOfBeforeTheFirstSynchronisationAreDatedWithinTheirBound) {
  int dated = 0;
  for (unsigned seed = 1; seed <= 300; ++seed) {
    Days run(seed, false);
    struct Taken {
      MonotonicTime monotonic;
      double true_ms;
    };
    std::vector<Taken> taken;
    for (int i = 0; i < 86'400 / 2; ++i) {
      run.second();
      if (!run.keeper.quality(run.reading()).max_error_ms && i % 7 == 0)
        taken.push_back({run.reading().monotonic, run.true_ms()});
      bool synchronised = false;
      while (const auto event = run.keeper.next_event()) {
        if (event->kind != ClockEvent::Kind::first_synchronisation) continue;
        synchronised = true;
        for (const Taken& record : taken) {
          const Redated redated = redate(record.monotonic, event->at, event->max_error_ms.value());
          const double error_ms = std::abs(static_cast<double>(redated.utc.ms) - record.true_ms);
          ASSERT_LE(error_ms, static_cast<double>(redated.max_error_ms)) << "seed " << seed;
          ++dated;
        }
      }
      if (synchronised) break;
    }
  }
  std::printf("%d records dated\n", dated);
  EXPECT_GE(dated, 1000);
}

}  // namespace
}  // namespace wayside
