#include "sensor.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <opencv2/core/hal/intrin.hpp>
#include <opencv2/imgproc.hpp>

#include "wayside/roadsim/plates/random.hpp"

namespace wayside::roadsim {

namespace {

constexpr int noise_side = 512;
constexpr double full_well = 9000;  // electrons at 0 dB
constexpr double read_noise = 6;    // electrons
constexpr int response_steps = 4096;
constexpr double response_range = 4;  // times saturation, where the shoulder has long flattened

// Gamma with a shoulder: bright parts are rolled off before they clip, as in a camera's own curve.
uchar response(double light) {
  const double knee = light < 0.7 ? light : 0.7 + 0.3 * (1 - std::exp(-(light - 0.7) / 0.3));
  return cv::saturate_cast<uchar>(255 * std::pow(std::clamp(knee, 0.0, 1.0), 1 / 2.2));
}

// The variance of a signal s is shot s + read. On the scale of its root, r = sqrt(shot s + read), the noise
// is the same everywhere (Anscombe, 1948): shot / 2 times unit noise. The table goes from there to the
// picture's value.
struct RootScale {
  float shot, read, noise;
  float steps;  // table entries per unit of r
  std::array<uchar, response_steps> table;

  RootScale(double shot_variance, double read_variance, bool noisy)
      : shot(static_cast<float>(shot_variance)),
        read(static_cast<float>(read_variance)),
        noise(noisy ? 0.5F * shot : 0) {
    const double most = std::sqrt(response_range * shot_variance + read_variance);
    steps = static_cast<float>((response_steps - 1) / most);
    for (std::size_t i = 0; i < table.size(); ++i) {
      const double r = most * static_cast<double>(i) / (response_steps - 1);
      table[i] = response((r * r - read_variance) / shot_variance);
    }
  }
};

}  // namespace

double flash_us(const Exposure& exposure) {
  return std::min<double>(exposure.exposure_us, longest_flash_us);
}

double exposure_factor(const Exposure& exposure) {
  return 0.8 * exposure.exposure_us / 500.0 * std::pow(10.0, exposure.gain_db / 20);
}

Sensor::Sensor(const Scenario& scenario)
    : noise_wanted_(scenario.sensor.noise),
      grey_(scenario.light == Light::night_ir),
      seed_(scenario.seed ^ 0x6e6f697365ULL) {
  Random random(seed_);
  noise_ = cv::Mat(noise_side, noise_side, CV_32FC3);
  for (cv::Vec3f& pixel : cv::Mat_<cv::Vec3f>(noise_)) {
    // Interpolating a colour mosaic leaves most of the noise common to the three colours.
    const double common = random.normal(0, 0.8);
    for (int c = 0; c < 3; ++c)
      pixel[c] = static_cast<float>(grey_ ? common / 0.8 : common + random.normal(0, 0.6));
  }
  // Blurred with its other side as its border, so that it repeats without a seam.
  cv::Mat framed;
  cv::copyMakeBorder(noise_, framed, 2, 2, 2, 2, cv::BORDER_WRAP);
  cv::GaussianBlur(framed, framed, {3, 3}, 0.5);
  noise_ = framed(cv::Rect(2, 2, noise_side, noise_side)).clone();
  cv::Scalar mean, deviation;
  cv::meanStdDev(noise_, mean, deviation);
  noise_ *= 1 / deviation[1];
  noise_ = cv::repeat(noise_, 1, 2);
  // The corners get 22 % less light, falling with the square of the distance from the middle.
  const double corner2 = (scenario.width * scenario.width + scenario.height * scenario.height) / 4.0;
  const auto fall = [&](int at, int size) { return 0.22 * std::pow(at - size / 2.0, 2) / corner2; };
  for (int x = 0; x < scenario.width; ++x)
    across_.insert(across_.end(), 3, static_cast<float>(fall(x, scenario.width)));
  for (int y = 0; y < scenario.height; ++y)
    down_.push_back(static_cast<float>(1 - fall(y, scenario.height)));
}

cv::Mat Sensor::expose(const cv::Mat& light, const Exposure& exposure, int frame) const {
  const float factor = static_cast<float>(exposure_factor(exposure));
  const double gain = std::pow(10.0, exposure.gain_db / 20);
  // Variance in units of the output range: shot noise grows with the signal, read noise does not.
  const double electron = gain / full_well;
  const RootScale scale(electron, std::pow(electron * read_noise, 2), noise_wanted_);
  Random random(seed_ ^ (static_cast<std::uint64_t>(frame) * 0x9E3779B97F4A7C15ULL));
  const int dx = random.below(noise_side);
  const int dy = random.below(noise_side);
  const int values = 3 * light.cols;
  std::vector<int> index(static_cast<std::size_t>(values));
  std::vector<float> across = across_;
  for (float& value : across)
    value *= factor * scale.shot;
  const cv::v_float32x4 zero = cv::v_setzero_f32();
  const cv::v_float32x4 read = cv::v_setall_f32(scale.read);
  const cv::v_float32x4 noise = cv::v_setall_f32(scale.noise * scale.steps);
  const cv::v_float32x4 steps = cv::v_setall_f32(scale.steps);
  const cv::v_float32x4 last = cv::v_setall_f32(response_steps - 1);
  cv::Mat picture(light.size(), CV_8UC3);
  for (int y = 0; y < light.rows; ++y) {
    const float* in = light.ptr<float>(y);
    const float down = down_[static_cast<std::size_t>(y)] * factor * scale.shot;
    // The tile lies twice side by side, so that a run of its width can begin anywhere in it.
    const float* grain = noise_.ptr<float>((y + dy) & (noise_side - 1)) + static_cast<std::ptrdiff_t>(3) * dx;
    constexpr int run = 3 * noise_side;
    for (int from = 0; from < values; from += run) {
      const int to = std::min(values, from + run);
      int i = from;
      for (; i + 4 <= to; i += 4) {
        const cv::v_float32x4 signal =
            cv::v_load(in + i) * (cv::v_setall_f32(down) - cv::v_load(across.data() + i));
        const cv::v_float32x4 root = cv::v_sqrt(cv::v_max(signal, zero) + read);
        const cv::v_float32x4 place = cv::v_muladd(cv::v_load(grain + i - from), noise, root * steps);
        cv::v_store(index.data() + i, cv::v_trunc(cv::v_min(cv::v_max(place, zero), last)));
      }
      for (; i < to; ++i) {
        const std::size_t at = static_cast<std::size_t>(i);
        const float signal = in[i] * (down - across[at]);
        const float place =
            (std::sqrt(std::max(signal, 0.0F) + scale.read) + scale.noise * grain[i - from]) * scale.steps;
        index[at] = static_cast<int>(std::clamp(place, 0.0F, static_cast<float>(response_steps - 1)));
      }
    }
    uchar* out = picture.ptr<uchar>(y);
    for (int i = 0; i < values; ++i)
      out[i] = scale.table[static_cast<std::size_t>(index[static_cast<std::size_t>(i)])];
    for (int x = 0; grey_ && x < light.cols; ++x)
      out[3 * x] = out[3 * x + 2] = out[3 * x + 1];
  }
  return picture;
}

}  // namespace wayside::roadsim
