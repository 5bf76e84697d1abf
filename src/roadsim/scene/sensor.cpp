#include "sensor.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "wayside/roadsim/plates/random.hpp"

namespace wayside::roadsim {

namespace {

constexpr int noise_side = 512;
constexpr double full_well = 9000;  // electrons at 0 dB
constexpr double read_noise = 6;    // electrons
constexpr int response_steps = 4096;
constexpr float response_range = 4;  // times saturation, where the shoulder has long flattened

// Gamma with a shoulder: bright parts are rolled off before they clip, as in a camera's own curve.
const std::vector<uchar>& response() {
  static const std::vector<uchar> table = [] {
    std::vector<uchar> made(response_steps);
    for (std::size_t i = 0; i < made.size(); ++i) {
      const double light = response_range * static_cast<double>(i) / (response_steps - 1);
      const double knee = light < 0.7 ? light : 0.7 + 0.3 * (1 - std::exp(-(light - 0.7) / 0.3));
      made[i] = cv::saturate_cast<uchar>(255 * std::pow(std::min(1.0, knee), 1 / 2.2));
    }
    return made;
  }();
  return table;
}

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
  vignette_ = cv::Mat(scenario.height, scenario.width, CV_32FC1);
  const double corner = std::hypot(scenario.width / 2.0, scenario.height / 2.0);
  for (int y = 0; y < scenario.height; ++y) {
    for (int x = 0; x < scenario.width; ++x) {
      const double r = std::hypot(x - scenario.width / 2.0, y - scenario.height / 2.0) / corner;
      vignette_.at<float>(y, x) = static_cast<float>(1 - 0.22 * r * r);
    }
  }
}

cv::Mat Sensor::expose(const cv::Mat& light, const Exposure& exposure, int frame) const {
  const float factor = static_cast<float>(exposure_factor(exposure));
  const double gain = std::pow(10.0, exposure.gain_db / 20);
  // Variance in units of the output range: shot noise grows with the signal, read noise does not.
  const float shot = static_cast<float>(gain / full_well);
  const float read = static_cast<float>((gain * read_noise / full_well) * (gain * read_noise / full_well));
  std::vector<float> spread(1024);
  for (std::size_t i = 0; i < spread.size(); ++i) {
    spread[i] = noise_wanted_ ? std::sqrt(shot * static_cast<float>(i) / 256.0F + read) : 0;
  }
  Random random(seed_ ^ (static_cast<std::uint64_t>(frame) * 0x9E3779B97F4A7C15ULL));
  const int dx = random.below(noise_side);
  const int dy = random.below(noise_side);
  const auto& curve = response();
  const float steps = (response_steps - 1) / response_range;
  cv::Mat picture(light.size(), CV_8UC3);
  for (int y = 0; y < light.rows; ++y) {
    const float* in = light.ptr<float>(y);
    const float* shade = vignette_.ptr<float>(y);
    const float* grain = noise_.ptr<float>((y + dy) & (noise_side - 1));
    uchar* out = picture.ptr<uchar>(y);
    for (int x = 0; x < light.cols; ++x) {
      const float* g = grain + 3 * ((x + dx) & (noise_side - 1));
      const float scale = factor * shade[x];
      for (int c = 0; c < 3; ++c) {
        const float signal = in[3 * x + c] * scale;
        const float sigma = spread[static_cast<std::size_t>(std::clamp(signal * 256.0F, 0.0F, 1023.0F))];
        const float seen = std::clamp(signal + sigma * g[c], 0.0F, response_range);
        out[3 * x + c] = curve[static_cast<std::size_t>(seen * steps)];
      }
      if (grey_) out[3 * x] = out[3 * x + 2] = out[3 * x + 1];
    }
  }
  return picture;
}

}  // namespace wayside::roadsim
