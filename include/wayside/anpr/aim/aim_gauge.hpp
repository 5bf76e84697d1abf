// What an installer who points the camera needs to know of it, now: how wide plates come out, how sharp and
// how bright, how they lie, which lanes had any; a coarse picture in characters; and what to do, in words.
//
// The lengths wanted are those of roadside practice: 100 px is the least plate width that is usual, 130 good.
// A plate's height is that of its characters and margins (current UK plate: 79 of 111 mm, of two lines 79 of
// 203 mm), so a character's is worked out from it.
//
// Threads: one at a time. Ownership: keeps no frame; marks that were read are kept for ten seconds of the
// frames' time, to tell vehicles apart, and only on request given out. Cost: a reduction of one frame in 100
// ms and a look at its edges twice a second. No speed of any vehicle is worked out or kept. Failure: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "wayside/anpr/capture/plate_brightness.hpp"
#include "wayside/anpr/read/plate_read.hpp"

namespace wayside {

struct AimLane {
  int number = 1;
  std::vector<std::pair<double, double>> polygon;  // fractions of width and height
};

struct AimOptions {
  double least_width_px = 100;
  double wanted_width_px = 130;
  double widest_px = 600;  // that is searched for
  std::vector<AimLane> lanes;
};

struct AimReport {
  static constexpr int picture_width = 44;  // characters; as wide as 16:9 where one is twice as high as wide
  static constexpr int picture_height = 12;

  bool sees = false;                     // frames come
  std::size_t plates = 0;                // vehicles of the last ten seconds whose plate was read;
  bool unread = false;                   // true: none was, and what follows is of plates found
  double wanted_width_px = 130;          // what the verdict goes by
  std::optional<double> plate_width_px;  // median over the vehicles, each at its widest
  std::optional<double> character_height_px;
  std::optional<double> sharpness;       // sharpness() of the picture's middle third
  std::optional<double> best_sharpness;  // since forget()
  std::optional<double> scene;           // 0 to 255
  std::optional<double> plate_bright;    // of the plates' light part, median
  std::optional<double> plate_saturated;
  std::optional<std::int32_t> exposure_us;
  std::optional<double> gain_db;
  std::optional<double> tilt_deg;  // of the plates' lower edge, clockwise positive; median
  std::optional<double> skew_deg;  // of their sides against the upright on that edge, clockwise positive
  double frames_per_s = 0;
  std::vector<int> lanes;  // configured
  std::vector<int> lanes_seen;
  std::vector<std::string> picture;   // from above, picture_height lines; empty before the first frame
  std::vector<std::string> verdicts;  // what is most in the way first; at least one
  std::vector<std::string> reads;     // VRMs of the last ten seconds, the latest first
};

// Printable ASCII, at most 19 lines of at most 69 characters, at most 960 bytes.
[[nodiscard]] std::string text_of(const AimReport& report, bool with_reads);

class AimGauge {
 public:
  explicit AimGauge(AimOptions options) : options_(std::move(options)) {}

  void saw_frame(const Frame& frame);
  void saw_reads(const FrameReads& reads);
  void saw_light(double scene, std::span<const PlateBrightness> plates);
  // sees: whether frames come; the gauge has no clock.
  [[nodiscard]] AimReport report(bool sees) const;
  void forget();

 private:
  struct Plate {
    MonotonicTime at;
    PlateQuad quad{};
    std::string vrm;  // empty: not read
    int lines = 1;
  };
  void take(const Plate& plate, const FrameReads& reads);
  void measure_plates(AimReport& report) const;
  void draw(AimReport& report) const;
  void judge(AimReport& report) const;

  const AimOptions options_;
  std::deque<MonotonicTime> frames_;  // of the last two seconds
  std::optional<MonotonicTime> drawn_at_;
  std::optional<MonotonicTime> looked_at_;
  FrameInfo last_;
  cv::Size size_;
  cv::Mat picture_;
  std::optional<double> sharpness_;
  std::optional<double> best_sharpness_;
  std::optional<double> scene_;
  std::deque<PlateBrightness> brightness_;  // the last few
  std::deque<Plate> plates_;                // of the last ten seconds
  std::vector<int> lanes_seen_;
};

}  // namespace wayside
