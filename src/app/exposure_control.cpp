#include "src/app/exposure_control.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "wayside/base/log.hpp"

#include "src/app/named_thread.hpp"

namespace wayside::app {

namespace {

using std::chrono::milliseconds;

// A thread that is put aside for a second catches up with what still matters.
constexpr std::size_t events_kept = 64;
constexpr std::size_t strengths_kept = 64;
constexpr std::size_t frames_measured = 16;
constexpr std::int32_t shortest_period_us = 1'000;
constexpr std::int32_t longest_period_us = 10'000'000;

double decibels(std::int32_t thousandths) {
  return 20 * std::log10(thousandths / 1000.0);
}

std::string_view to_string(DayPhase phase) {
  switch (phase) {
    case DayPhase::day:
      return "day";
    case DayPhase::dusk:
      return "dusk";
    case DayPhase::night:
      break;
  }
  return "night";
}

}  // namespace

ExposureControl::ExposureControl(ExposureControlOptions options, Order order,
                                 std::unique_ptr<Illuminator> illuminator, const Clock& clock, Health& health)
    : options_(options),
      order_(std::move(order)),
      illuminator_(std::move(illuminator)),
      clock_(clock),
      health_(health),
      asked_(options.limits),
      asked_period_us_(static_cast<std::int32_t>(
          std::clamp<double>(1e6 / options.frames_per_s, shortest_period_us, longest_period_us))) {}

void ExposureControl::start() {
  tell();
  thread_ = named_thread("light", [this](const std::stop_token& stop) { run(stop); });
}

void ExposureControl::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  if (illuminator_) illuminator_->dark();
}

void ExposureControl::stream(const capture_link::Stream& stream) {
  put(stream);
}

void ExposureControl::limits(const ExposureLimits& limits) {
  put(limits);
}

void ExposureControl::frame(const FrameInfo& frame) {
  put(frame);
}

void ExposureControl::light(const FrameInfo& frame, double scene, std::vector<PlateBrightness> plates) {
  put(Seen{frame, scene, std::move(plates)});
}

void ExposureControl::put(Event event) {
  {
    const std::lock_guard lock(mutex_);
    if (events_.size() == events_kept) {
      // A stream's beginning, and what was configured, is told once.
      const auto oldest = std::find_if(events_.begin(), events_.end(), [](const Event& one) {
        return std::holds_alternative<FrameInfo>(one) || std::holds_alternative<Seen>(one);
      });
      events_.erase(oldest == events_.end() ? events_.begin() : oldest);
    }
    events_.push_back(std::move(event));
  }
  news_.notify_one();
}

void ExposureControl::run(const std::stop_token& stop) {
  start_illuminator();
  MonotonicTime check = clock_.monotonic_now() + options_.check_every;
  while (!stop.stop_requested()) {
    std::deque<Event> events;
    {
      std::unique_lock lock(mutex_);
      const auto left = std::max(check - clock_.monotonic_now(), std::chrono::nanoseconds(0));
      news_.wait_for(lock, stop, left, [&] { return !events_.empty(); });
      events.swap(events_);
    }
    for (const Event& event : events)
      std::visit([this](const auto& it) { take(it); }, event);
    if (clock_.monotonic_now() >= check) {
      check = clock_.monotonic_now() + options_.check_every;
      look_at_illuminator();
      if (!usable_ && clock_.monotonic_now() - tried_ >= options_.try_again) start_illuminator();
    }
    tell();
  }
}

void ExposureControl::take(const capture_link::Stream& stream) {
  any_stream_ = true;
  told_ = true;
  last_.clear();
  stream_ = stream;
  plan_for(stream);
}

void ExposureControl::take(const ExposureLimits& limits) {
  asked_ = limits;
  if (stream_) plan_for(*stream_);
}

void ExposureControl::plan_for(const capture_link::Stream& stream) {
  offers_exposure_ = stream.exposure_us.has_value();
  offers_gain_ = stream.gain_thousandths.has_value();
  ExposureLimits limits = asked_;
  limits.illuminator = illuminator_ != nullptr;
  if (offers_exposure_)
    limits.least_exposure_us = std::max(limits.least_exposure_us, stream.exposure_us->least);
  const double most_db = offers_gain_ ? decibels(std::max(1000, stream.gain_thousandths->most)) : 0.0;
  limits.most_gain_db = std::min(limits.most_gain_db, most_db);
  if (!offers_exposure_) {
    plan_.reset();
  } else if (!plan_ || limits.speed_limit_mph != limits_.speed_limit_mph ||
             limits.least_exposure_us != limits_.least_exposure_us ||
             limits.most_gain_db != limits_.most_gain_db) {
    // The same camera that was only started anew keeps what the plan knows of the light.
    plan_.emplace(limits);
    plan_->illuminator_usable(usable_);
  }
  limits_ = limits;
}

void ExposureControl::take(const FrameInfo& frame) {
  last_came_ = clock_.monotonic_now();
  learn_period(frame);
  if (!plan_) return;
  // Before it takes over from the camera, the camera must have said what it does.
  told_ = tells(frame);
  if (!told_) return;
  const ExposureControls next = plan_->next();
  capture_link::Controls controls;
  controls.exposure_us = next.exposure_us;
  if (offers_gain_)
    controls.gain_thousandths =
        static_cast<std::int32_t>(std::lround(1000 * std::pow(10, next.gain_db / 20)));
  order_(controls);
  flash(next);
}

void ExposureControl::take(const Seen& seen) {
  if (!plan_ || !tells(seen.frame)) return;
  FrameLight light;
  light.controls = {*seen.frame.exposure_us, seen.frame.gain_db.value_or(0),
                    strength_at(seen.frame.monotonic)};
  light.scene = seen.scene;
  light.plates = seen.plates;
  plan_->saw(light);
}

bool ExposureControl::tells(const FrameInfo& frame) const {
  return frame.exposure_us && (frame.gain_db || !offers_gain_);
}

// The shorter of what was asked of the camera and what it gives: the flash's duty is a share of it. Over some
// frames, as the heat is: two that came close together say nothing.
void ExposureControl::learn_period(const FrameInfo& frame) {
  if (!last_.empty() && frame.number <= last_.back().number) last_.clear();
  last_.push_back(frame);
  if (last_.size() > frames_measured) last_.pop_front();
  const auto frames = static_cast<std::int64_t>(frame.number.value() - last_.front().number.value());
  const std::int64_t us =
      frames == 0 ? asked_period_us_ : (frame.monotonic - last_.front().monotonic).count() / 1000 / frames;
  period_us_ = static_cast<std::int32_t>(std::clamp<std::int64_t>(us, shortest_period_us, asked_period_us_));
}

void ExposureControl::flash(const ExposureControls& controls) {
  if (!illuminator_ || !usable_) return;
  FlashOrder order;
  order.strength = controls.strobe;
  order.pulse_us = std::clamp(controls.exposure_us, 1, most_flashed_us);
  order.frame_period_us = period_us_;
  const Result<double> strength = illuminator_->flash(order);
  if (strength) return strength_is(*strength);
  look_at_illuminator();
}

void ExposureControl::strength_is(double strength) {
  flashes_ = strength > 0;
  if (!strengths_.empty() && strengths_.back().strength == strength) return;
  strengths_.push_back({clock_.monotonic_now(), strength});
  if (strengths_.size() > strengths_kept) strengths_.pop_front();
}

double ExposureControl::strength_at(MonotonicTime time) const {
  const auto after = std::find_if(strengths_.rbegin(), strengths_.rend(),
                                  [&](const Strength& one) { return one.since <= time; });
  return after == strengths_.rend() ? 0 : after->strength;
}

void ExposureControl::start_illuminator() {
  if (!illuminator_) return;
  tried_ = clock_.monotonic_now();
  static_cast<void>(illuminator_->start());  // what is wrong is in its state
  look_at_illuminator();
}

void ExposureControl::look_at_illuminator() {
  if (!illuminator_) return;
  // Without frames there is nobody to flash for.
  const bool frames = last_came_ && clock_.monotonic_now() - *last_came_ < options_.dark_without;
  if (!frames) illuminator_->dark();
  const IlluminatorState state = illuminator_->check();
  strength_is(state.strength);
  if (state.usable) {
    health_.well("illuminator");
  } else if (health_.ill("illuminator", state.reason)) {
    log::error("illuminator_unhealthy", {{"reason", state.reason}});
  }
  if (std::exchange(usable_, state.usable) != state.usable) {
    if (plan_) plan_->illuminator_usable(usable_);
    if (usable_) log::info("illuminator_usable");
  }
}

void ExposureControl::tell() {
  const std::string_view exposure = !any_stream_        ? "waiting for the camera"
                                    : !offers_exposure_ ? "left to the camera, which offers no exposure time"
                                    : !told_        ? "left to the camera, which does not say how it exposed"
                                    : !offers_gain_ ? "planned, without gain, which the camera does not offer"
                                                    : "planned";
  if (health_.says("exposure", std::string(exposure))) log::info("exposure_state", {{"state", exposure}});
  if (plan_ && told_) {
    const std::string_view light = to_string(plan_->phase());
    if (health_.says("light", std::string(light))) log::info("light_state", {{"state", light}});
  }
  if (!illuminator_) return;
  const double strength = strengths_.empty() ? 0 : strengths_.back().strength;
  static_cast<void>(health_.says("illuminator", !usable_       ? "cannot be used"
                                                : strength > 0 ? "flashing"
                                                               : "dark"));
}

}  // namespace wayside::app
