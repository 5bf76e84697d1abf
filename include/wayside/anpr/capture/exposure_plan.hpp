// Which exposure, gain and flash the next frame gets, by how bright plates came out in earlier ones.
//
// Threads: one. Ownership: values only. No clock and no I/O: time is counted in frames. Units in the names;
// brightness in values of the picture, 0 to 255, gamma 2.2. Failure: none; measurements that cannot be (not
// finite, no exposure) are passed over.
//
// What is measured counts together with the controls of its own frame, so it may be told frames later, in any
// order, and the plan does not swing.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "wayside/anpr/capture/plate_brightness.hpp"

namespace wayside {

// Where the shipped models read plates as well as anywhere (tests/exposure/readable_band_test.cpp).
inline constexpr double least_readable = 40;
inline constexpr double most_readable = 235;
[[nodiscard]] bool readable(const PlateBrightness& plate);

struct ExposureControls {
  std::int32_t exposure_us = 500;
  double gain_db = 0;
  double strobe =
      0;  // 0 dark to 1 full, of the illuminator's permitted maximum; burns while the shutter is open
};

struct ExposureLimits {
  double speed_limit_mph = 70;          // of the road
  std::int32_t least_exposure_us = 20;  // of the sensor
  double most_gain_db = 24;
  bool illuminator = true;
};

// 1 / (18 x mph) s, in which a vehicle moves 25 mm, and at most 1 ms.
[[nodiscard]] std::int32_t shutter_ceiling_us(double speed_limit_mph);
// With a flash 0.1 to 0.3 ms.
inline constexpr std::int32_t least_flashed_us = 100;
inline constexpr std::int32_t most_flashed_us = 300;

// What one frame showed. plates: those that were read, or, where none was, those that were found.
struct FrameLight {
  ExposureControls controls;  // that this frame was taken with
  double scene = 0;           // scene_brightness()
  std::vector<PlateBrightness> plates;
};

enum class DayPhase {
  day,    // the shutter is enough
  dusk,   // light is short, and gain makes up for it
  night,  // plates are flashed
};

class ExposurePlan {
 public:
  explicit ExposurePlan(const ExposureLimits& limits);

  void saw(const FrameLight& frame);
  // For the next frame; each call goes one step on in the bracketing pattern.
  [[nodiscard]] ExposureControls next();
  // False: it stays dark (broken, too hot), and the plan does without until told otherwise.
  void illuminator_usable(bool usable);

  // By the plates' own light, not by the scene's.
  [[nodiscard]] DayPhase phase() const;

 private:
  // Light is kept as the logarithm to base 2 of what a microsecond at 0 dB, and full flash where there is
  // one, brings; 0 is the picture's white.
  struct Look {
    double light = 0;
    bool at_least = false;  // saturated: brighter than that
  };
  [[nodiscard]] static std::optional<Look> look_of(const FrameLight& frame);
  [[nodiscard]] ExposureControls unlit(double needed_stops) const;
  [[nodiscard]] ExposureControls flashed(double needed_stops) const;
  [[nodiscard]] double unlit_gain_db(double light) const;
  void saw_plate(const Look& look);
  void saw_probe(const Look& look);
  void saw_no_plate(const FrameLight& frame);
  void choose_phase();
  void begin(bool flash, double light);

  ExposureLimits limits_;
  bool usable_;
  bool flash_ = false;
  bool known_ = false;                 // a plate has been seen since the flash went on or off
  double light_;                       // of plates, as they are lit now
  std::optional<double> flash_light_;  // of plates under the flash, when last seen
  std::vector<double> off_;            // looks of late: how many stops off light_
  int outside_ = 0;                    // looks in a row that were far off on one side, and which: + or -
  double least_outside_ = 0;
  int lit_ = 0;                  // frames in a row in which the scene looked like day
  std::vector<double> probes_;   // looks without the flash, while it is on
  double plate_over_scene_;      // stops
  std::optional<double> scene_;  // the scene's light when the last plate was seen, or as last followed
  std::optional<double> scene_now_;
  int scene_apart_ = 0;  // frames without a plate in a row in which the scene was another
  int without_plate_ = 0;
  std::uint64_t step_ = 0;
};

}  // namespace wayside
