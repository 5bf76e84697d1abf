#include "weather.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <opencv2/imgproc.hpp>

#include "wayside/roadsim/plates/random.hpp"

namespace wayside::roadsim {

namespace {

cv::Mat draw_branch(cv::Size size, const Lighting& lighting, Random random) {
  cv::Mat picture(size, CV_8UC4, cv::Scalar::all(0));
  const double unit = size.width / 300.0;
  for (int twig = 0; twig < 9; ++twig) {
    cv::Point2d at(random.uniform(0.1, 0.9) * size.width, -5);
    double angle = random.uniform(1.2, 1.9);
    for (int step = 0; step < 14; ++step) {
      const cv::Point2d next = at + cv::Point2d(std::cos(angle), std::sin(angle)) * (9 * unit);
      cv::line(picture, at, next, cv::Scalar(26, 34, 40, 255), std::max(1, static_cast<int>(2 * unit)),
               cv::LINE_AA);
      for (int leaf = 0; leaf < 4; ++leaf) {
        const double shade = random.uniform(0.6, 1.5);
        const cv::Point2d place = next + cv::Point2d(random.uniform(-10, 10), random.uniform(-8, 8)) * unit;
        cv::ellipse(picture, place, cv::Size(static_cast<int>(7 * unit), static_cast<int>(3.4 * unit)),
                    random.uniform(0, 180), 0, 360, cv::Scalar(34 * shade, 82 * shade, 62 * shade, 255),
                    cv::FILLED, cv::LINE_AA);
      }
      at = next;
      angle += random.uniform(-0.3, 0.3);
      if (at.y > size.height * 0.9) break;
    }
  }
  // So near the lens that it is out of focus.
  cv::Mat light(size, CV_32FC4);
  const float level = lighting.infrared() ? 0.2F : 0.9F;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const cv::Vec4b& ink = picture.at<cv::Vec4b>(y, x);
      const float alpha = static_cast<float>(ink[3]) / 255.0F;
      cv::Vec4f& out = light.at<cv::Vec4f>(y, x);
      for (int c = 0; c < 3; ++c)
        out[c] = linear_of()[ink[c]] * level * alpha;
      out[3] = alpha;
    }
  }
  cv::GaussianBlur(light, light, {}, 2.2 * unit);
  return light;
}

}  // namespace

Weather::Weather(const Scenario& scenario, const Lighting& lighting)
    : branch_wanted_(scenario.swaying_branch),
      rain_(scenario.rain),
      scale_(scenario.width / 1280.0),
      seed_(scenario.seed ^ 0x7261696eULL) {
  haze_ = lighting.sky({0, 0.98F, 0.2F});
  Random random(seed_);
  if (branch_wanted_) {
    branch_ = draw_branch({static_cast<int>(420 * scale_), static_cast<int>(230 * scale_)}, lighting,
                          random.split(1));
  }
  const int drops = static_cast<int>(std::lround(rain_ * 34));
  for (int i = 0; i < drops; ++i) {
    const double radius = random.uniform(5, 17) * scale_;
    const cv::Point2d at(random.uniform() * scenario.width, random.uniform() * scenario.height);
    const cv::Rect area = cv::Rect(static_cast<int>(at.x - radius), static_cast<int>(at.y - radius),
                                   static_cast<int>(2 * radius) + 1, static_cast<int>(2 * radius) + 1) &
                          cv::Rect(0, 0, scenario.width, scenario.height);
    if (area.width < 3 || area.height < 3) continue;
    Drop drop{area, cv::Mat(area.size(), CV_32FC2), cv::Mat(area.size(), CV_32FC1)};
    for (int y = 0; y < area.height; ++y) {
      for (int x = 0; x < area.width; ++x) {
        const cv::Point2d off(area.x + x - at.x, area.y + y - at.y);
        const double r = cv::norm(off) / radius;
        // A drop is a short lens: it shows the surroundings upside down and small.
        const cv::Point2d looks = at - off * (3.5 + 3 * r);
        drop.map.at<cv::Vec2f>(y, x) = {static_cast<float>(looks.x), static_cast<float>(looks.y)};
        drop.mask.at<float>(y, x) = static_cast<float>(std::clamp((1 - r) * 2.2, 0.0, 1.0) * 0.85);
      }
    }
    drops_.push_back(drop);
  }
}

float Weather::sway(double time_s) const {
  if (!branch_wanted_) return 0;
  return static_cast<float>(0.16 * std::sin(1.7 * time_s) + 0.09 * std::sin(3.1 * time_s + 0.8));
}

void Weather::rain(cv::Mat& light, int frame, double exposure_us) const {
  if (rain_ <= 0) return;
  Random random(seed_ ^ (0x9E37ULL + static_cast<std::uint64_t>(frame) * 0xBF58476D1CE4E5B9ULL));
  const int streaks = static_cast<int>(rain_ * 330);
  cv::Mat fall(light.rows / 2, light.cols / 2, CV_8UC1, cv::Scalar(0));
  for (int i = 0; i < streaks; ++i) {
    const double near = random.uniform(0.2, 1);  // nearer drops run longer and fainter
    const double length = std::clamp(exposure_us * 0.028 * near * scale_, 3.0, 80.0) / 2 + 2;
    const cv::Point2d at(random.uniform() * fall.cols, random.uniform() * fall.rows);
    const cv::Point2d to = at + cv::Point2d(0.12, 1) * length;
    cv::line(fall, at, to, cv::Scalar(60 + 120 * random.uniform()), near > 0.8 ? 2 : 1, cv::LINE_AA);
  }
  cv::Mat full;
  cv::resize(fall, full, light.size(), 0, 0, cv::INTER_LINEAR);
  // Veil: fine drops farther off scatter the sky's light over everything.
  const float veil = static_cast<float>(0.10 * rain_);
  std::array<float, 256> kept{};  // of what lies behind, by how much of a streak is there
  for (std::size_t i = 0; i < kept.size(); ++i)
    kept[i] = (1 - veil) * (1 - 0.17F * static_cast<float>(i) / 255.0F);
  for (int y = 0; y < light.rows; ++y) {
    float* out = light.ptr<float>(y);
    const uchar* in = full.ptr<uchar>(y);
    for (int x = 0; x < light.cols; ++x) {
      const float keep = kept[in[x]];
      for (int c = 0; c < 3; ++c)
        out[3 * x + c] = haze_[c] + (out[3 * x + c] - haze_[c]) * keep;
    }
  }
}

void Weather::window(cv::Mat& light) const {
  for (const Drop& drop : drops_) {
    cv::Mat seen;
    cv::remap(light, seen, drop.map, cv::noArray(), cv::INTER_LINEAR, cv::BORDER_REFLECT_101);
    cv::GaussianBlur(seen, seen, {5, 5}, 1.4 * scale_);
    cv::Mat under = light(drop.area);
    for (int y = 0; y < under.rows; ++y) {
      for (int x = 0; x < under.cols; ++x) {
        const float share = drop.mask.at<float>(y, x);
        cv::Vec3f& to = under.at<cv::Vec3f>(y, x);
        to = to * (1 - share) + seen.at<cv::Vec3f>(y, x) * share;
      }
    }
  }
}

void Weather::branch(cv::Mat& light, double time_s) const {
  if (!branch_wanted_) return;
  const double bend = sway(time_s);
  const cv::Matx23d move(1, 0.35 * bend, light.cols - branch_.cols + 40 * bend * scale_, 0.05 * bend, 1,
                         -6 * std::abs(bend) * scale_);
  const cv::Rect area(std::max(0, light.cols - branch_.cols - 60), 0, std::min(light.cols, branch_.cols + 60),
                      std::min(light.rows, branch_.rows + 20));
  cv::Matx23d local = move;
  local(0, 2) -= area.x;
  cv::Mat moved;
  cv::warpAffine(branch_, moved, local, area.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT,
                 cv::Scalar::all(0));
  cv::Mat under = light(area);
  for (int y = 0; y < under.rows; ++y) {
    for (int x = 0; x < under.cols; ++x) {
      const cv::Vec4f& over = moved.at<cv::Vec4f>(y, x);
      cv::Vec3f& to = under.at<cv::Vec3f>(y, x);
      to = to * (1 - over[3]) + cv::Vec3f(over[0], over[1], over[2]);
    }
  }
}

void Weather::glare(cv::Mat& light, float saturation) {
  constexpr int reduced = 4;
  cv::Mat bright;
  cv::resize(light, bright, light.size() / reduced, 0, 0, cv::INTER_AREA);
  const float floor = saturation * 0.75F;
  cv::Rect lit;  // all that is bright; most of a picture is not
  for (int y = 0; y < bright.rows; ++y) {
    float* row = bright.ptr<float>(y);
    for (int i = 0; i < 3 * bright.cols; ++i) {
      row[i] = std::max(row[i] - floor, 0.0F);
      if (row[i] > 0) lit |= cv::Rect(i / 3, y, 1, 1);
    }
  }
  if (lit.empty()) return;
  const int reach = light.cols / 30;
  lit = cv::Rect(lit.x - reach, lit.y - reach, lit.width + 2 * reach, lit.height + 2 * reach) &
        cv::Rect({0, 0}, bright.size());
  cv::Mat close, wide, scatter;
  cv::GaussianBlur(bright(lit), close, {}, light.cols / 700.0);
  cv::GaussianBlur(bright(lit), wide, {}, light.cols / 110.0);
  cv::addWeighted(close, 0.20, wide, 0.09, 0, scatter);
  cv::Mat under = light(cv::Rect(lit.tl() * reduced, lit.size() * reduced));
  cv::resize(scatter, scatter, under.size(), 0, 0, cv::INTER_LINEAR);
  under += scatter;
}

}  // namespace wayside::roadsim
