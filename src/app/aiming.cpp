#include "src/app/aiming.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <opencv2/imgproc.hpp>

#include "src/delivery/event/jpeg.hpp"

namespace wayside::app {

namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds frames_expected{2};
constexpr std::size_t most_snapshot_bytes = std::size_t{400} << 10;

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// Tenths and hundredths are enough, and keep the answer short.
Json rounded(const std::optional<double>& value, double to) {
  return value ? Json(std::round(*value * to) / to) : Json(nullptr);
}

cv::Mat at_most_wide(const cv::Mat& picture, int width) {
  if (picture.cols <= width) return picture.clone();
  cv::Mat out;
  cv::resize(picture, out, {width, std::max(1, picture.rows * width / picture.cols)}, 0, 0, cv::INTER_AREA);
  return out;
}

}  // namespace

void Aiming::begin() {
  const std::lock_guard lock(mutex_);
  if (aimers_ == 0) gauge_.forget();
  ++aimers_;
}

void Aiming::end() {
  const std::lock_guard lock(mutex_);
  // Nothing that was seen outlives the aiming, marks least of all.
  if (--aimers_ == 0) gauge_.forget();
}

void Aiming::saw_frame(const Frame& frame) {
  if (coarse_.wanted || clear_.wanted) take_snapshots(frame);
  if (!is_on()) return;
  const std::lock_guard lock(mutex_);
  if (!is_on()) return;  // the last one has just ended, and everything was forgotten
  last_frame_ = std::chrono::steady_clock::now();
  gauge_.saw_frame(frame);
}

void Aiming::saw_reads(const FrameReads& reads) {
  if (!is_on()) return;
  const std::lock_guard lock(mutex_);
  if (!is_on()) return;
  gauge_.saw_reads(reads);
}

void Aiming::saw_light(double scene, const std::vector<PlateBrightness>& plates) {
  if (!is_on()) return;
  const std::lock_guard lock(mutex_);
  if (!is_on()) return;
  gauge_.saw_light(scene, plates);
}

Json Aiming::report(bool with_reads) const {
  const std::lock_guard lock(mutex_);
  const AimReport seen = gauge_.report(std::chrono::steady_clock::now() - last_frame_ < frames_expected);
  Json figures = {
      {"plates", seen.plates},
      {"plate_width_px", rounded(seen.plate_width_px, 10)},
      {"character_height_px", rounded(seen.character_height_px, 10)},
      {"wanted_width_px", seen.wanted_width_px},
      {"sharpness", rounded(seen.sharpness, 100)},
      {"best_sharpness", rounded(seen.best_sharpness, 100)},
      {"scene", rounded(seen.scene, 1)},
      {"plate_bright", rounded(seen.plate_bright, 1)},
      {"plate_saturated", rounded(seen.plate_saturated, 100)},
      {"exposure_us", or_null(seen.exposure_us)},
      {"gain_db", rounded(seen.gain_db, 10)},
      {"tilt_deg", rounded(seen.tilt_deg, 10)},
      {"skew_deg", rounded(seen.skew_deg, 10)},
      {"frames_per_s", rounded(seen.frames_per_s, 10)},
      {"lanes", seen.lanes},
      {"lanes_seen", seen.lanes_seen},
      {"verdicts", seen.verdicts},
  };
  if (with_reads) figures["reads"] = seen.reads;
  return {{"text", text_of(seen, with_reads)}, {"aim", std::move(figures)}};
}

void Aiming::drop_snapshot(bool clear) {
  Wanted& one = clear ? clear_ : coarse_;
  const std::lock_guard lock(mutex_);
  one.picture.release();
  one.wanted = false;
}

void Aiming::take_snapshots(const Frame& frame) {
  cv::Mat bgr;
  try {
    bgr = frame.bgr();
    for (auto [one, width] : {std::pair{&coarse_, coarse_width_px}, std::pair{&clear_, clear_width_px}}) {
      if (!one->wanted.exchange(false)) continue;
      cv::Mat picture = at_most_wide(bgr, width);
      const std::lock_guard lock(mutex_);
      one->picture = std::move(picture);
    }
  } catch (const cv::Exception&) {
    // Out of memory: the next frame may do.
  }
}

std::optional<Result<Bytes>> Aiming::snapshot(bool clear) {
  cv::Mat picture;
  {
    Wanted& one = clear ? clear_ : coarse_;
    const std::lock_guard lock(mutex_);
    picture = std::exchange(one.picture, cv::Mat());
    one.wanted = picture.empty();
  }
  if (picture.empty()) return std::nullopt;
  Result<Jpeg> jpeg = encode_within_bytes(picture, most_snapshot_bytes);
  if (!jpeg) return fail(jpeg.error());
  return std::move(jpeg->bytes);
}

}  // namespace wayside::app
