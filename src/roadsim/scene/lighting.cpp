#include "lighting.hpp"

#include <algorithm>
#include <numbers>

#include <opencv2/imgproc.hpp>

#include "wayside/roadsim/plates/random.hpp"

namespace wayside::roadsim {

const std::array<float, 256>& linear_of() {
  static const std::array<float, 256> table = [] {
    std::array<float, 256> made{};
    for (std::size_t i = 0; i < made.size(); ++i)
      made[i] = std::pow(static_cast<float>(i) / 255.0F, 2.2F);
    return made;
  }();
  return table;
}

cv::Mat noise_tile(int size, int first_cells, int octaves, std::uint64_t seed) {
  Random random(seed);
  cv::Mat sum = cv::Mat::zeros(size, size, CV_32F);
  float weight = 1;
  float all = 0;
  for (int octave = 0, cells = first_cells; octave < octaves && cells <= size; ++octave, cells *= 2) {
    cv::Mat grid(cells, cells, CV_32F);
    for (float& value : cv::Mat_<float>(grid))
      value = static_cast<float>(random.uniform());
    for (int y = 0; y < size; ++y) {
      float* row = sum.ptr<float>(y);
      for (int x = 0; x < size; ++x) {
        row[x] += weight * tile_at(grid, static_cast<float>(x) / static_cast<float>(size),
                                   static_cast<float>(y) / static_cast<float>(size));
      }
    }
    all += weight;
    weight *= 0.55F;
  }
  sum *= 1 / all;
  cv::normalize(sum, sum, 0, 1, cv::NORM_MINMAX);
  return sum;
}

float tile_at(const cv::Mat& tile, float u, float v) {
  // std::floor is a call on the plainest x86-64, and this is asked some million times a picture.
  const auto fraction = [](float value) {
    const float rest = value - static_cast<float>(static_cast<int>(value));
    return rest < 0 ? rest + 1 : rest;
  };
  const float x = fraction(u) * static_cast<float>(tile.cols);
  const float y = fraction(v) * static_cast<float>(tile.rows);
  const int x0 = std::min(static_cast<int>(x), tile.cols - 1);
  const int y0 = std::min(static_cast<int>(y), tile.rows - 1);
  const int x1 = x0 + 1 == tile.cols ? 0 : x0 + 1;
  const int y1 = y0 + 1 == tile.rows ? 0 : y0 + 1;
  float fx = x - static_cast<float>(x0);
  float fy = y - static_cast<float>(y0);
  fx = fx * fx * (3 - 2 * fx);
  fy = fy * fy * (3 - 2 * fy);
  const float* a = tile.ptr<float>(y0);
  const float* b = tile.ptr<float>(y1);
  const float upper = a[x0] + (a[x1] - a[x0]) * fx;
  return upper + (b[x0] + (b[x1] - b[x0]) * fx - upper) * fy;
}

Lighting::Lighting(const Scenario& scenario)
    : light_(scenario.light), cloud_(static_cast<float>(scenario.cloud)) {
  const double azimuth = scenario.sun_azimuth_deg * std::numbers::pi / 180;
  const double elevation = scenario.sun_elevation_deg * std::numbers::pi / 180;
  to_sun_ = {static_cast<float>(std::sin(azimuth) * std::cos(elevation)),
             static_cast<float>(std::cos(azimuth) * std::cos(elevation)),
             static_cast<float>(std::sin(elevation))};
  if (light_ == Light::day) {
    const float sunny = (1 - cloud_) * 0.72F;
    sun_ = cv::Vec3f(0.92F, 1.0F, 1.06F) * (sunny / std::max(0.3F, to_sun_[2]));
    const float sky = 0.28F + 0.14F * cloud_;
    ambient_ = cv::Vec3f(1.12F - 0.1F * cloud_, 1.0F, 0.92F + 0.06F * cloud_) * sky;
    horizon_ = cv::Vec3f(0.74F, 0.72F, 0.70F) * (0.75F + 0.2F * cloud_);
    zenith_ = (cv::Vec3f(0.62F, 0.40F, 0.26F) * (1 - cloud_) + cv::Vec3f(0.5F, 0.49F, 0.48F) * cloud_) * 0.8F;
  } else if (light_ == Light::dusk) {
    sun_ = {};
    ambient_ = cv::Vec3f(1.2F, 0.98F, 0.90F) * 0.030F;
    horizon_ = cv::Vec3f(0.55F, 0.62F, 0.80F) * 0.05F;
    zenith_ = cv::Vec3f(0.75F, 0.5F, 0.38F) * 0.03F;
  } else {
    sun_ = {};
    ambient_ = cv::Vec3f(1, 1, 1) * 0.0006F;
    horizon_ = zenith_ = cv::Vec3f(1, 1, 1) * 0.0005F;
  }
  clouds_ = noise_tile(128, 4, 5, scenario.seed ^ 0x636c6f7564ULL);
  shaded_ = scenario.tree_shadow > 0 && casts_shadows();
  // Leaves: noise cut at the level that leaves the wanted share dark; the penumbra softens the cut.
  const cv::Mat leaf = noise_tile(256, 6, 5, scenario.seed ^ 0x6c6561766573ULL);
  cv::Mat sorted = leaf.reshape(0, 1).clone();
  cv::sort(sorted, sorted, cv::SORT_ASCENDING);
  const float cut = sorted.at<float>(static_cast<int>(std::lround(scenario.tree_shadow * (sorted.cols - 1))));
  leaves_ = cv::Mat(leaf.size(), CV_32F);
  for (int i = 0; i < leaf.rows * leaf.cols; ++i) {
    leaves_.ptr<float>()[i] =
        shaded_ ? std::clamp((leaf.ptr<float>()[i] - cut) / 0.06F + 0.5F, 0.0F, 1.0F) : 1.0F;
  }
  mirrored_ = cv::Mat(mirrored_side, mirrored_side, CV_32FC4);
  constexpr float step = 2.0F / static_cast<float>(mirrored_side - 1);
  for (int row = 0; row < mirrored_side; ++row) {
    for (int column = 0; column < mirrored_side; ++column) {
      const float p = static_cast<float>(column) * step - 1;
      const float q = static_cast<float>(row) * step - 1;
      const float r2 = p * p + q * q;
      const cv::Vec3f light =
          surroundings({2 * p / (1 + r2), 2 * q / (1 + r2), std::max(0.0F, (1 - r2) / (1 + r2))});
      mirrored_.at<cv::Vec4f>(row, column) = {light[0], light[1], light[2], 0};
    }
  }
}

cv::Vec3f Lighting::surroundings(const cv::Vec3f& direction) const {
  // Trees and houses stand up to some degrees above the horizon of whatever is reflected.
  const float skyline = 0.14F + 0.10F * tile_at(clouds_, direction[0] * 0.7F + 0.3F, direction[1] * 0.7F);
  const float above = std::clamp((direction[2] - skyline) * 14, 0.0F, 1.0F);
  return sky(direction) * above + horizon_ * (0.16F * (1 - above));
}

cv::Vec3f Lighting::mirrored(const cv::Vec3f& direction) const {
  // Stereographic, which spreads the horizon, where most of what bodies mirror lies.
  const float half = 0.5F * static_cast<float>(mirrored_side - 1);
  const float scale = half / (1 + direction[2]);
  constexpr float most = static_cast<float>(mirrored_side) - 1.001F;
  const float x = std::clamp(direction[0] * scale + half, 0.0F, most);
  const float y = std::clamp(direction[1] * scale + half, 0.0F, most);
  const int x0 = static_cast<int>(x);
  const int y0 = static_cast<int>(y);
  const float fx = x - static_cast<float>(x0);
  const float fy = y - static_cast<float>(y0);
  const float* upper = mirrored_.ptr<float>(y0) + 4 * x0;
  const float* lower = mirrored_.ptr<float>(y0 + 1) + 4 * x0;
  cv::Vec3f seen;
  for (int c = 0; c < 3; ++c) {
    const float a = upper[c] + (upper[c + 4] - upper[c]) * fx;
    const float b = lower[c] + (lower[c + 4] - lower[c]) * fx;
    seen[c] = a + (b - a) * fy;
  }
  return seen;
}

cv::Vec3f Lighting::sky(const cv::Vec3f& direction) const {
  const float up = std::max(0.0F, direction[2]);
  const float share = std::sqrt(up);
  cv::Vec3f colour = horizon_ * (1 - share) + zenith_ * share;
  if (light_ == Light::night_ir) return colour;
  const float reach = 0.25F / (up + 0.15F);
  const float cover = tile_at(clouds_, direction[0] * reach, direction[1] * reach);
  const float white =
      std::clamp((cover - 0.62F + 0.35F * cloud_) * 3.5F, 0.0F, 1.0F) * (0.55F + 0.3F * (1 - share));
  return colour * (1 - white) + horizon_ * (1.25F * white);
}

float Lighting::sun_visible(const cv::Vec3f& at, float sway) const {
  if (!shaded_) return 1;
  const float climb = at[2] / to_sun_[2];
  const float x = at[0] - to_sun_[0] * climb + sway;
  const float y = at[1] - to_sun_[1] * climb;
  return tile_at(leaves_, x / leaves_tile_m, y / leaves_tile_m);
}

cv::Vec3f Lighting::radiance(const Surface& surface, const cv::Vec3f& to_eye, float distance,
                             float sun_visible, float strobe) const {
  const cv::Vec3f& n = surface.normal;
  const float facing = std::max(0.0F, n.dot(to_eye));
  const float sun = std::max(0.0F, n.dot(to_sun_)) * sun_visible;
  const float up = 0.5F + 0.5F * n[2];
  const float flash = strobe * flash_diffuse(distance);
  cv::Vec3f light = sun_ * sun + ambient_ * (surface.open * (up + (1 - up) * 0.22F));
  light += cv::Vec3f(flash, flash, flash) * facing;
  cv::Vec3f out = surface.colour.mul(light);
  if (surface.gloss > 0.02F) {
    const float glancing = 1 - facing;
    const float glancing2 = glancing * glancing;
    const float mirror = surface.gloss * (0.055F + 0.6F * glancing2 * glancing2 * glancing);
    const cv::Vec3f bounced = n * (2 * n.dot(to_eye)) - to_eye;
    const cv::Vec3f seen =
        bounced[2] > 0.03F ? mirrored(bounced) : ambient_ * 0.22F + sun_ * (0.12F * to_sun_[2]);
    out += seen * (mirror * surface.open);
    const float glint = bounced.dot(to_sun_);
    if (glint > 0.9F) out += sun_ * (sun_visible * surface.gloss * std::pow(glint, 220.0F) * 6);
    if (strobe > 0 && facing > 0.9F) {
      const float back = flash * surface.gloss * std::pow(facing, 90.0F) * 10;
      out += cv::Vec3f(back, back, back);
    }
  }
  return out;
}

}  // namespace wayside::roadsim
