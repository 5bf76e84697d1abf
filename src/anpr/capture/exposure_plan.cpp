#include "wayside/anpr/capture/exposure_plan.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace wayside {
namespace {

constexpr double gamma = 2.2;
constexpr double db_per_stop = 6.0206;
// Near the middle of the readable band on the scale of light: a plate brighter by 2.4 stops is still within
// it, and one darker by 3.2 is too.
constexpr double aim = 110;
constexpr double white = 250;
constexpr double black = 6;  // here and below the picture says only "at most so bright"

// The next frame may be taken in another shadow, of another plate: half the frames are as planned, a quarter
// each a stop darker and brighter. Where nothing is known of the light, the pattern searches.
constexpr std::array<double, 4> pattern = {0, -1, 0, 1};
constexpr std::array<double, 5> search_pattern = {0, 2, -2, 4, -4};

constexpr double far_off = 1.2;         // stops; twice in a row is no dirty plate and no shadow
constexpr double worth_a_change = 0.5;  // of the middle of the last looks
constexpr std::size_t looks_kept = 8;
constexpr double saturated_guess = 1;  // by how much more than it says
// The flash goes on where light is short by more than this, and off where none is missing.
constexpr double flash_on_db = 6;
constexpr double flash_off_db = 0;
// Where the road seems lit well enough, which headlamps do for a moment, a frame now and then goes without.
constexpr int lit_for = 25;  // frames
constexpr std::uint64_t probe_every = 8;
constexpr std::size_t probes_wanted = 2;
// The scene counts only while no plate is seen. A lorry fills the picture for a second or two: a black one is
// darker than the road by some two stops, a white one brighter by three. What changes by more was the light,
// and a picture all black or white shows no plate whatever passes.
constexpr double scene_far_off = 1.5;
constexpr double no_lorry_darker = 2.5;
constexpr double no_lorry_brighter = 3.5;
constexpr int scene_patience = 75;  // frames
constexpr int scene_patience_light = 2;
constexpr int search_after = 1500;  // frames without a plate
constexpr double least_strobe = 0.1;

double stops_of(double value) {
  return gamma * std::log2(value / 255);
}

double stops_of(const ExposureControls& controls) {
  return std::log2(controls.exposure_us) + controls.gain_db / db_per_stop;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

bool possible(const ExposureControls& controls) {
  return controls.exposure_us > 0 && std::isfinite(controls.gain_db) && controls.strobe >= 0 &&
         controls.strobe <= 1;
}

}  // namespace

bool readable(const PlateBrightness& plate) {
  return plate.bright >= least_readable && plate.bright <= most_readable && plate.saturated < saturated_share;
}

std::int32_t shutter_ceiling_us(double speed_limit_mph) {
  const double ceiling_us = 1e6 / (18 * std::max(1.0, speed_limit_mph));
  return static_cast<std::int32_t>(std::min(1000.0, ceiling_us));
}

ExposurePlan::ExposurePlan(const ExposureLimits& limits)
    : limits_(limits), usable_(limits.illuminator), plate_over_scene_(std::log2(6)) {
  // A cloudy day, until a plate or a picture says otherwise.
  light_ = stops_of(aim) - std::log2(0.3 * shutter_ceiling_us(limits.speed_limit_mph));
}

void ExposurePlan::illuminator_usable(bool usable) {
  usable_ = usable;
  choose_phase();
}

DayPhase ExposurePlan::phase() const {
  if (flash_) return DayPhase::night;
  return unlit_gain_db(light_) > 0 ? DayPhase::dusk : DayPhase::day;
}

std::optional<ExposurePlan::Look> ExposurePlan::look_of(const FrameLight& frame) {
  // The middle one of the frame's plates; the darker ones of a lorry's lettering and of dirt do not count.
  std::vector<double> lights;
  std::size_t saturated = 0;
  for (const PlateBrightness& plate : frame.plates) {
    if (!std::isfinite(plate.bright)) continue;
    const bool full = plate.saturated >= saturated_share || plate.bright >= white;
    saturated += full ? 1 : 0;
    lights.push_back(stops_of(full ? white : std::max(1.0, plate.bright)));
  }
  if (lights.empty()) return std::nullopt;
  const double strobe = frame.controls.strobe > 0 ? std::log2(frame.controls.strobe) : 0;
  return Look{median(lights) - stops_of(frame.controls) - strobe, 2 * saturated > lights.size()};
}

void ExposurePlan::saw(const FrameLight& frame) {
  if (!possible(frame.controls)) return;
  const std::optional<Look> look = look_of(frame);
  const bool as_planned = (frame.controls.strobe > 0) == flash_;
  if (std::isfinite(frame.scene))
    scene_now_ = stops_of(std::clamp(frame.scene, black, white)) - stops_of(frame.controls);
  const bool seems_day = scene_now_ && unlit_gain_db(*scene_now_ + plate_over_scene_) <= flash_off_db;
  lit_ = seems_day ? std::min(lit_ + 1, lit_for) : 0;
  if (!look) {
    if (as_planned) saw_no_plate(frame);
  } else if (as_planned) {
    saw_plate(*look);
  } else if (flash_) {
    saw_probe(*look);
  }
  choose_phase();
}

void ExposurePlan::saw_plate(const Look& look) {
  without_plate_ = 0;
  scene_apart_ = 0;
  if (scene_now_) {
    scene_ = scene_now_;
    if (!flash_ && !look.at_least) plate_over_scene_ += 0.1 * (look.light - *scene_now_ - plate_over_scene_);
  }
  double off = look.light - light_;
  if (look.at_least) {
    if (off <= 0) return;  // as bright as that was expected
    off += saturated_guess;
  }
  if (!known_) {
    known_ = true;
    light_ += off;
    return;
  }
  off_.push_back(off);
  if (off_.size() > looks_kept) off_.erase(off_.begin());
  const int side = off > far_off ? 1 : off < -far_off ? -1 : 0;
  least_outside_ = side * outside_ > 0 ? std::min(least_outside_, std::abs(off)) : std::abs(off);
  outside_ = side * outside_ > 0 ? outside_ + side : side;
  double change = 0;
  if (std::abs(outside_) >= 2) {
    change = side * least_outside_;
  } else if (off_.size() == looks_kept && std::abs(median(off_)) > worth_a_change) {
    change = median(off_);
  }
  if (change == 0) return;
  light_ += change;
  off_.clear();
  outside_ = 0;
}

void ExposurePlan::saw_probe(const Look& look) {
  probes_.push_back(look.light);
  if (probes_.size() < probes_wanted) return;
  const double unlit_light = median(probes_);
  probes_.clear();
  if (unlit_gain_db(unlit_light) > flash_off_db) return;
  begin(false, unlit_light);
  known_ = true;
}

void ExposurePlan::saw_no_plate(const FrameLight& frame) {
  ++without_plate_;
  if (!scene_now_) return;
  if (!scene_) scene_ = light_ - plate_over_scene_;
  const double change = *scene_now_ - *scene_;
  // Under the flash a dark road is as it should be.
  const bool counts =
      flash_ ? change > scene_far_off && frame.scene >= white : std::abs(change) > scene_far_off;
  if (!counts) {
    scene_apart_ = 0;
    return;
  }
  const bool light =
      frame.scene <= black || frame.scene >= white || change < -no_lorry_darker || change > no_lorry_brighter;
  if (++scene_apart_ < (light ? scene_patience_light : scene_patience)) return;
  scene_apart_ = 0;
  light_ += change;
  scene_ = scene_now_;
  off_.clear();
  outside_ = 0;
}

double ExposurePlan::unlit_gain_db(double light) const {
  const double ceiling = std::log2(shutter_ceiling_us(limits_.speed_limit_mph));
  return db_per_stop * (stops_of(aim) - light - ceiling);
}

void ExposurePlan::begin(bool flash, double light) {
  if (flash_) flash_light_ = light_;
  flash_ = flash;
  light_ = light;
  known_ = false;
  off_.clear();
  probes_.clear();
  outside_ = 0;
  scene_.reset();
}

void ExposurePlan::choose_phase() {
  if (flash_ && !usable_) {
    begin(false, scene_now_ ? *scene_now_ + plate_over_scene_ : light_);
  } else if (!flash_ && usable_ && unlit_gain_db(light_) > flash_on_db) {
    // How bright plates are under this flash is known from the last night; on the first one the middle of
    // what it can do is where the search begins.
    const double middle =
        stops_of(aim) - std::log2(most_flashed_us) - 0.25 * limits_.most_gain_db / db_per_stop;
    begin(true, flash_light_.value_or(middle));
    known_ = flash_light_.has_value();
  }
}

ExposureControls ExposurePlan::unlit(double needed_stops) const {
  ExposureControls controls;
  // A camera that cannot expose so shortly as the road asks for exposes as shortly as it can.
  const double least_us = limits_.least_exposure_us;
  const double most_us = std::max<double>(least_us, shutter_ceiling_us(limits_.speed_limit_mph));
  const double exposure_us = std::clamp(std::exp2(needed_stops), least_us, most_us);
  controls.exposure_us = static_cast<std::int32_t>(exposure_us);
  controls.gain_db =
      std::clamp(db_per_stop * (needed_stops - std::log2(exposure_us)), 0.0, limits_.most_gain_db);
  return controls;
}

ExposureControls ExposurePlan::flashed(double needed_stops) const {
  ExposureControls controls;
  // As unlit: the flash is on for as long as the camera exposes, and its duty is reckoned by that.
  const double least_us = std::max<double>(least_flashed_us, limits_.least_exposure_us);
  const double most_us = std::max<double>(
      least_us, std::min<double>(most_flashed_us, shutter_ceiling_us(limits_.speed_limit_mph)));
  const double exposure_us = std::clamp(std::exp2(needed_stops), least_us, most_us);
  controls.exposure_us = static_cast<std::int32_t>(exposure_us);
  const double rest = needed_stops - std::log2(exposure_us);
  controls.gain_db = std::clamp(db_per_stop * rest, 0.0, limits_.most_gain_db);
  controls.strobe = std::clamp(std::exp2(rest), least_strobe, 1.0);
  return controls;
}

ExposureControls ExposurePlan::next() {
  const std::uint64_t step = step_++;
  const bool searching = !known_ ? flash_ : without_plate_ > search_after;
  const std::span<const double> offsets =
      searching ? std::span<const double>(search_pattern) : std::span<const double>(pattern);
  const double needed = stops_of(aim) - light_ + offsets[step % offsets.size()];
  if (flash_ && lit_ == lit_for && step % probe_every == probe_every - 1)
    return unlit(stops_of(aim) - *scene_now_ - plate_over_scene_);
  return flash_ ? flashed(needed) : unlit(needed);
}

}  // namespace wayside
