// A camera's exposure and its flash, by how bright plates come out: the plan, joined to a camera that lets
// itself be told and to the illuminator.
//
// Each frame that comes gets the controls of a later one ordered; what is measured on a frame counts with
// what that frame was exposed with, as the camera says, and with the flash's strength at its time. A camera
// that offers no exposure time, or does not say what a frame was exposed with, is left to itself. Health's
// states say which ("exposure"), what light the plates are in ("light") and what the flash does
// ("illuminator"). An illuminator that cannot be used is dark, and a problem ("illuminator"); the plan goes
// on without it, and it is tried again.
//
// Life: start(), then stop(), which leaves it dark. Threads: one of its own, "light"; stream(), frame() and
// light() from any and at once, the order to the camera from "light". Ownership: owns the illuminator; health
// outlives it. Failure: none.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <variant>
#include <vector>

#include "wayside/anpr/capture/exposure_plan.hpp"
#include "wayside/anpr/capture/frame.hpp"
#include "wayside/anpr/capture/illuminator.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/health/health.hpp"

#include "drivers/capture_link/messages.hpp"

namespace wayside::app {

struct ExposureControlOptions {
  ExposureLimits limits;  // illuminator: that of the object made
  double frames_per_s = 25;
  std::chrono::milliseconds check_every{1000};   // of the illuminator
  std::chrono::milliseconds try_again{60'000};   // one that is broken
  std::chrono::milliseconds dark_without{2000};  // frames
};

class ExposureControl {
 public:
  using Order = std::function<void(const capture_link::Controls&)>;

  // illuminator: none where there is no flash.
  ExposureControl(ExposureControlOptions options, Order order, std::unique_ptr<Illuminator> illuminator,
                  const Clock& clock, Health& health);
  ~ExposureControl() { stop(); }
  ExposureControl(const ExposureControl&) = delete;
  ExposureControl& operator=(const ExposureControl&) = delete;

  void start();
  void stop();

  // A stream begins, with what its camera lets itself be told.
  void stream(const capture_link::Stream& stream);
  // A frame has come.
  void frame(const FrameInfo& frame);
  // What it showed.
  void light(const FrameInfo& frame, double scene, std::vector<PlateBrightness> plates);
  // What the plan has to keep to from now on.
  void limits(const ExposureLimits& limits);
  // Whether the flash burns now; from any thread.
  [[nodiscard]] bool flashes() const { return flashes_; }

 private:
  struct Seen {
    FrameInfo frame;
    double scene = 0;
    std::vector<PlateBrightness> plates;
  };
  using Event = std::variant<capture_link::Stream, ExposureLimits, FrameInfo, Seen>;

  void put(Event event);
  void run(const std::stop_token& stop);
  void take(const capture_link::Stream& stream);
  void take(const ExposureLimits& limits);
  void plan_for(const capture_link::Stream& stream);
  void take(const FrameInfo& frame);
  void take(const Seen& seen);
  void look_at_illuminator();
  void start_illuminator();
  void flash(const ExposureControls& controls);
  void strength_is(double strength);
  [[nodiscard]] bool tells(const FrameInfo& frame) const;
  [[nodiscard]] double strength_at(MonotonicTime time) const;
  void learn_period(const FrameInfo& frame);
  void tell();

  const ExposureControlOptions options_;
  const Order order_;
  const std::unique_ptr<Illuminator> illuminator_;
  const Clock& clock_;
  Health& health_;

  std::mutex mutex_;
  std::condition_variable_any news_;
  std::deque<Event> events_;  // mutex_
  std::atomic<bool> flashes_{false};

  // All else is of "light".
  ExposureLimits asked_;                        // as configured
  std::optional<capture_link::Stream> stream_;  // the last
  std::optional<ExposurePlan> plan_;            // of a camera that lets itself be told
  ExposureLimits limits_;                       // its
  bool any_stream_ = false;
  bool offers_exposure_ = false;
  bool offers_gain_ = false;
  bool told_ = true;  // the camera says what its frames were exposed with
  bool usable_ = false;
  MonotonicTime tried_;         // to start the illuminator
  std::deque<FrameInfo> last_;  // of late, for the period
  std::optional<MonotonicTime> last_came_;
  const std::int32_t asked_period_us_;
  std::int32_t period_us_ = asked_period_us_;
  struct Strength {
    MonotonicTime since;
    double strength = 0;
  };
  std::deque<Strength> strengths_;  // of late
  std::jthread thread_;
};

}  // namespace wayside::app
