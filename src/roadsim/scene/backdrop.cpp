#include "backdrop.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <opencv2/core/utility.hpp>
#include <opencv2/imgproc.hpp>

#include "wayside/roadsim/plates/random.hpp"

namespace wayside::roadsim {

namespace {

struct Hit {
  Surface surface;
  cv::Vec3f at;
  float retro = 0;
  float rough = 1;  // of what it returns to the flash, more than a matt sheet would at that slant
  bool sky = false;
};

// A standing board with a picture: sign, house front, bridge beam.
struct Board {
  double x0, x1, y, z0, z1;
  cv::Mat picture;  // CV_8UC4: BGR and cover
  float retro = 0;
};

float smooth(float from, float to, float value) {
  const float t = std::clamp((value - from) / (to - from), 0.0F, 1.0F);
  return t * t * (3 - 2 * t);
}

cv::Mat sign_picture() {
  cv::Mat picture(300, 480, CV_8UC4, cv::Scalar(90, 70, 20, 255));
  cv::rectangle(picture, {8, 8, 464, 284}, cv::Scalar(230, 230, 230, 255), 5);
  const cv::Scalar ink(235, 235, 235, 255);
  cv::putText(picture, "Kingsbury 4", {30, 80}, cv::FONT_HERSHEY_DUPLEX, 1.7, ink, 4, cv::LINE_AA);
  cv::putText(picture, "A4097", {30, 165}, cv::FONT_HERSHEY_DUPLEX, 1.9, cv::Scalar(60, 220, 250, 255), 4,
              cv::LINE_AA);
  cv::putText(picture, "M42  J9", {30, 255}, cv::FONT_HERSHEY_DUPLEX, 1.9, ink, 5, cv::LINE_AA);
  return picture;
}

cv::Mat limit_picture() {
  cv::Mat picture(200, 200, CV_8UC4, cv::Scalar(0, 0, 0, 0));
  cv::circle(picture, {100, 100}, 96, cv::Scalar(40, 30, 190, 255), cv::FILLED, cv::LINE_AA);
  cv::circle(picture, {100, 100}, 72, cv::Scalar(235, 235, 235, 255), cv::FILLED, cv::LINE_AA);
  cv::putText(picture, "40", {44, 130}, cv::FONT_HERSHEY_DUPLEX, 2.7, cv::Scalar(20, 20, 20, 255), 8,
              cv::LINE_AA);
  return picture;
}

cv::Mat house_picture(Random& random) {
  cv::Mat picture(240, 420, CV_8UC4, cv::Scalar(70, 90, 140, 255));
  for (int y = 0; y < 240; y += 6) {
    for (int x = (y / 6 % 2) * 6; x < 420; x += 12) {
      const double shade = random.uniform(0.85, 1.1);
      cv::rectangle(picture, {x, y, 11, 5}, cv::Scalar(66 * shade, 86 * shade, 136 * shade, 255), cv::FILLED);
    }
  }
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 2; ++j) {
      const cv::Rect window(30 + i * 100, 36 + j * 105, 56, 66);
      cv::rectangle(picture, window, cv::Scalar(225, 225, 225, 255), cv::FILLED);
      cv::rectangle(picture, {window.x + 5, window.y + 5, 46, 56}, cv::Scalar(70, 60, 50, 255), cv::FILLED);
      cv::line(picture, {window.x + 28, window.y}, {window.x + 28, window.y + 66},
               cv::Scalar(225, 225, 225, 255), 3);
    }
  }
  return picture;
}

class World {
 public:
  World(const Scenario& scenario, const Lighting& lighting)
      : scenario_(scenario),
        lighting_(lighting),
        coarse_(noise_tile(256, 4, 6, scenario.seed ^ 11)),
        grain_(noise_tile(512, 128, 3, scenario.seed ^ 12)),
        random_(scenario.seed ^ 0x6261636bULL) {
    left_ = 1e9;
    right_ = -1e9;
    for (const LaneSpec& lane : scenario.lanes) {
      left_ = std::min(left_, static_cast<float>(lane.centre_x_m - lane.width_m / 2));
      right_ = std::max(right_, static_cast<float>(lane.centre_x_m + lane.width_m / 2));
    }
    const double beyond = right_ + 1.4;
    boards_.push_back({beyond + 0.3, beyond + 2.7, 37, 0.9, 2.4, sign_picture(), 0.5F});
    boards_.push_back({beyond - 0.2, beyond + 0.5, 29, 1.5, 2.2, limit_picture(), 0.6F});
    boards_.push_back({beyond + 5, beyond + 17, 75, 0, 7, house_picture(random_), 0});
    boards_.push_back({left_ - 24.0, left_ - 9.0, 95, 0, 7.5, house_picture(random_), 0});
    // Posts: of the signs, and lamp columns along the road.
    const auto post = [&](double x, double y, double high) {
      boards_.push_back(
          {x - 0.06, x + 0.06, y, 0, high, cv::Mat(8, 8, CV_8UC4, cv::Scalar(110, 112, 112, 255)), 0});
    };
    post(beyond + 0.7, 37.05, 0.9), post(beyond + 2.3, 37.05, 0.9), post(beyond + 0.15, 29.05, 1.5);
    for (double y = 48; y < 140; y += 32)
      post(beyond + 0.2, y, 9);
    cv::Mat beam(40, 80, CV_8UC4, cv::Scalar(150, 152, 150, 255));
    beam.rowRange(0, 10).setTo(cv::Scalar(96, 98, 100, 255));
    boards_.push_back({left_ - 40.0, right_ + 40.0, 130, 5.6, 7.4, beam, 0});
    std::sort(boards_.begin(), boards_.end(), [](const Board& a, const Board& b) { return a.y < b.y; });
  }

  [[nodiscard]] Hit look(const cv::Point3d& from, const cv::Vec3d& ray) const {
    double best = 1e9;
    Hit hit;
    if (ray[2] < -1e-6) {
      best = -from.z / ray[2];
      if (best * ray[1] < 400) hit = ground(point(from, ray, best), best);
    }
    barrier(from, ray, best, hit);
    for (const double side : {-1.0, 1.0})
      hedge(from, ray, side, best, hit);
    for (const Board& board : boards_) {
      const double way = (board.y - from.y) / ray[1];
      if (way <= 0 || way >= best) continue;
      const cv::Vec3f at = point(from, ray, way);
      if (at[0] < board.x0 || at[0] > board.x1 || at[2] < board.z0 || at[2] > board.z1) continue;
      const int px =
          std::min(board.picture.cols - 1,
                   static_cast<int>((at[0] - board.x0) / (board.x1 - board.x0) * board.picture.cols));
      const int py =
          std::min(board.picture.rows - 1,
                   static_cast<int>((board.z1 - at[2]) / (board.z1 - board.z0) * board.picture.rows));
      const cv::Vec4b& ink = board.picture.at<cv::Vec4b>(py, px);
      if (ink[3] < 128) continue;
      best = way;
      hit = matt(at, ink, {0, -1, 0});
      hit.retro = board.retro * hit.surface.colour[1];
    }
    trees(from, ray, best, hit);
    if (best >= 1e9) {
      hit.sky = true;
      hit.at = cv::Vec3f(static_cast<float>(ray[0]), static_cast<float>(ray[1]), static_cast<float>(ray[2]));
    }
    return hit;
  }

 private:
  static cv::Vec3f point(const cv::Point3d& from, const cv::Vec3d& ray, double way) {
    return {static_cast<float>(from.x + ray[0] * way), static_cast<float>(from.y + ray[1] * way),
            static_cast<float>(from.z + ray[2] * way)};
  }
  static cv::Vec3f linear(float b, float g, float r) {
    return {std::pow(b / 255, 2.2F), std::pow(g / 255, 2.2F), std::pow(r / 255, 2.2F)};
  }
  static Hit matt(const cv::Vec3f& at, const cv::Vec4b& ink, const cv::Vec3f& normal) {
    Hit hit;
    hit.at = at;
    hit.surface = {linear(ink[0], ink[1], ink[2]), normal, 0, 0.9F};
    return hit;
  }

  [[nodiscard]] Hit ground(const cv::Vec3f& at, double way) const {
    Hit hit;
    hit.at = at;
    hit.surface.normal = {0, 0, 1};
    // Stones and grass turn faces to the camera, however low it looks across them.
    hit.rough = 12;
    const float x = at[0];
    const float y = at[1];
    const float patch = tile_at(coarse_, x / 17, y / 31);
    // Fine grain fades where a pixel covers many stones.
    const float near = static_cast<float>(std::clamp(18.0 / way, 0.15, 1.0));
    const float stone = (tile_at(grain_, x / 1.9F, y / 1.9F) - 0.5F) * near;
    if (x > left_ - 0.5F && x < right_ + 0.5F) {
      road(hit, x, y, patch, stone);
    } else if (x > left_ - 0.68F && x < right_ + 0.68F) {  // kerb
      const float joint = std::fmod(y + 100.0F, 0.9F) < 0.02F ? 0.6F : 1.0F;
      hit.surface.colour = cv::Vec3f(0.27F, 0.28F, 0.28F) * ((0.9F + 0.5F * stone) * joint);
    } else {
      const float blade = tile_at(grain_, x / 2.7F, y / 4.3F);
      const float dry = tile_at(coarse_, x / 5, y / 9);
      const cv::Vec3f green = cv::Vec3f(0.020F, 0.075F, 0.055F) * (0.45F + 1.0F * blade);
      const cv::Vec3f straw = cv::Vec3f(0.06F, 0.13F, 0.15F) * (0.5F + 0.8F * blade);
      hit.surface.colour = green + (straw - green) * smooth(0.45F, 0.75F, dry);
      hit.surface.normal = {0, -0.3F, 0.95F};
    }
    return hit;
  }

  void road(Hit& hit, float x, float y, float patch, float stone) const {
    float tar = 0.115F + 0.03F * patch + 0.085F * stone;
    float wear = 0;
    for (const LaneSpec& lane : scenario_.lanes) {
      const float from_middle = x - static_cast<float>(lane.centre_x_m);
      if (std::abs(from_middle) > 1.8F) continue;
      for (const float track : {-0.78F, 0.78F})
        wear += std::exp(-(from_middle - track) * (from_middle - track) / 0.07F);
      tar -= 0.012F * std::exp(-from_middle * from_middle / 0.05F);  // oil
    }
    tar *= 1 - 0.14F * wear * (0.5F + 0.5F * patch);
    // Mended trench and cracks.
    const float trench = std::abs(x - (left_ + 0.9F));
    if (trench < 0.35F && std::fmod(y + 1000, 41.0F) < 17) tar *= 0.72F;
    const float crack = std::abs(tile_at(coarse_, x / 6, y / 7) - 0.5F);
    if (crack < 0.004F && patch > 0.5F) tar *= 0.55F;
    hit.surface.colour = cv::Vec3f(0.98F, 1.0F, 1.0F) * std::max(0.02F, tar);
    if (scenario_.rain > 0) {
      const float puddle = smooth(0.50F, 0.66F, tile_at(coarse_, x / 4, y / 11) + 0.12F * wear);
      hit.surface.colour *= 0.5F;
      hit.surface.gloss = static_cast<float>(scenario_.rain) * (0.22F + 0.42F * puddle);
    }
    const float paint = marking(x, y);
    if (paint > 0) {
      const float worn =
          paint * smooth(0.18F, 0.34F, tile_at(grain_, x / 2.3F, y / 2.9F) + 0.25F * (1 - patch));
      const cv::Vec3f white(0.52F, 0.56F, 0.57F);
      hit.surface.colour = hit.surface.colour * (1 - worn) + white * (worn * (0.9F + 0.4F * stone));
      hit.retro = worn * 0.10F;
    }
  }

  [[nodiscard]] float marking(float x, float y) const {
    float paint = 0;
    const auto line = [&](float at, float half) {
      return 1 - smooth(half - 0.01F, half + 0.01F, std::abs(x - at));
    };
    paint = std::max({paint, line(left_ + 0.12F, 0.06F), line(right_ - 0.12F, 0.06F)});
    for (std::size_t i = 0; i + 1 < scenario_.lanes.size(); ++i) {
      const LaneSpec& a = scenario_.lanes[i];
      const LaneSpec& b = scenario_.lanes[i + 1];
      const float between =
          static_cast<float>((a.centre_x_m + a.width_m / 2 + b.centre_x_m - b.width_m / 2) / 2);
      const bool opposed = a.direction != b.direction;
      const float period = opposed ? 6 : 9;
      const float dash = opposed ? 4 : 2;
      if (std::fmod(y + 900, period) < dash) paint = std::max(paint, line(between, 0.055F));
    }
    return paint;
  }

  // Steel barrier along the right side.
  void barrier(const cv::Point3d& from, const cv::Vec3d& ray, double& best, Hit& hit) const {
    const double x = right_ + 1.0;
    if (std::abs(ray[0]) < 1e-9) return;
    const double way = (x - from.x) / ray[0];
    if (way <= 0 || way >= best) return;
    const cv::Vec3f at = point(from, ray, way);
    const float z = at[2];
    const bool post = std::fmod(at[1] + 300.0F, 2.4F) < 0.12F;
    if (z < 0 || z > 0.74F || (z < 0.42F && !post)) return;
    best = way;
    const float wave = std::sin((z - 0.42F) / 0.32F * 4 * 3.14159F);
    const float stain = tile_at(coarse_, at[1] / 6, z);
    hit = {};
    hit.at = at;
    hit.surface = {
        cv::Vec3f(0.30F, 0.31F, 0.31F) * (0.75F + 0.3F * stain), {-0.85F, 0, 0.5F * wave}, 0.25F, 0.7F};
    if (z < 0.42F) hit.surface.colour *= 0.6F;
    hit.surface.normal *= 1 / static_cast<float>(cv::norm(hit.surface.normal));
  }

  void hedge(const cv::Point3d& from, const cv::Vec3d& ray, double side, double& best, Hit& hit) const {
    const double x = side > 0 ? right_ + 4.2 : left_ - 5.0;
    if (ray[0] * side < 1e-9) return;
    const double way = (x - from.x) / ray[0];
    if (way <= 0 || way >= best) return;
    const cv::Vec3f at = point(from, ray, way);
    const float top = 1.5F + 1.6F * tile_at(coarse_, at[1] / 60, 0.3F) +
                      0.5F * tile_at(grain_, at[1] / 9, 0.5F) + (at[1] > 60 ? 3.0F : 0.0F);
    if (at[2] < 0 || at[2] > top) return;
    best = way;
    const float leaf = tile_at(grain_, at[1] / 4, at[2] / 3.1F);
    const float clump = tile_at(coarse_, at[1] / 9, at[2] / 5);
    hit = {};
    hit.at = at;
    hit.surface = {cv::Vec3f(0.018F, 0.060F, 0.046F) * (0.25F + 1.5F * leaf * clump + 0.3F * at[2] / top),
                   {static_cast<float>(-side * 0.7), -0.35F, 0.6F},
                   0,
                   0.5F + 0.5F * clump};
  }

  // The line of trees that closes the view.
  void trees(const cv::Point3d& from, const cv::Vec3d& ray, double& best, Hit& hit) const {
    const double way = (170 - from.y) / ray[1];
    if (way <= 0 || way >= best) return;
    const cv::Vec3f at = point(from, ray, way);
    const float top = 6 + 9 * tile_at(coarse_, at[0] / 130, 0.7F) + 3 * tile_at(coarse_, at[0] / 21, 0.2F) +
                      1.2F * tile_at(grain_, at[0] / 40, 0.1F);
    if (at[2] > top) return;
    best = way;
    const float leaf = tile_at(grain_, at[0] / 30, at[2] / 24);
    const float clump = tile_at(coarse_, at[0] / 26, at[2] / 17);
    hit = {};
    hit.at = at;
    // Far leaves are paler and bluer.
    hit.surface = {cv::Vec3f(0.045F, 0.085F, 0.065F) * (0.4F + 1.3F * leaf * clump),
                   {0, -0.6F, 0.8F},
                   0,
                   0.6F + 0.4F * clump};
  }

  const Scenario& scenario_;
  const Lighting& lighting_;
  cv::Mat coarse_, grain_;
  Random random_;
  float left_, right_;
  std::vector<Board> boards_;
};

}  // namespace

Backdrop draw_backdrop(const Scenario& scenario, const SceneCamera& camera, const Lighting& lighting) {
  constexpr int fine = 2;
  const World world(scenario, lighting);
  const cv::Size size = camera.size();
  const cv::Point3d eye = camera.position();
  Backdrop backdrop;
  backdrop.leaves = cv::Mat::zeros(size, CV_32FC2);
  cv::Mat sunny(size * fine, CV_32FC3), shady(size * fine, CV_32FC3), flash(size * fine, CV_32FC1);
  const float tile = static_cast<float>(lighting.leaves().cols) / Lighting::leaves_tile_m;
  const auto draw_row = [&](int y) {
    for (int x = 0; x < sunny.cols; ++x) {
      const cv::Vec3d ray = camera.ray({(x + 0.5) / fine - 0.5, (y + 0.5) / fine - 0.5});
      const Hit hit = world.look(eye, ray);
      cv::Vec3f lit, dark;
      float flashed = 0;
      // The flash is aimed: its pool on the road fades towards the picture's corners.
      const float across = (static_cast<float>(x) + 0.5F) / static_cast<float>(sunny.cols) - 0.5F;
      const float down = (static_cast<float>(y) + 0.5F - 0.5F * static_cast<float>(sunny.rows)) /
                         static_cast<float>(sunny.cols);
      const float beam = std::exp(-(across * across + down * down) / 0.14F);
      if (hit.sky) {
        lit = dark = lighting.sky(hit.at * (1 / static_cast<float>(cv::norm(hit.at))));
      } else {
        cv::Vec3f to_eye(static_cast<float>(eye.x) - hit.at[0], static_cast<float>(eye.y) - hit.at[1],
                         static_cast<float>(eye.z) - hit.at[2]);
        const float distance = static_cast<float>(cv::norm(to_eye));
        to_eye *= 1 / distance;
        lit = lighting.radiance(hit.surface, to_eye, distance, 1, 0);
        dark = lighting.radiance(hit.surface, to_eye, distance, 0, 0);
        flashed = (lighting.radiance(hit.surface, to_eye, distance, 0, 1)[1] - dark[1]) * hit.rough * beam +
                  hit.retro * Lighting::retro(distance);
        // Air between: the far end of the road is paler.
        const float haze = (1 - std::exp(-distance / (scenario.rain > 0 ? 170.0F : 900.0F)));
        const cv::Vec3f air = lighting.sky({0, 1, 0});
        lit = lit * (1 - haze) + air * haze;
        dark = dark * (1 - haze) + air * haze;
        if (x % fine == 0 && y % fine == 0) {
          const float climb = hit.at[2] / lighting.to_sun()[2];
          backdrop.leaves.at<cv::Vec2f>(y / fine, x / fine) = {
              (hit.at[0] - lighting.to_sun()[0] * climb) * tile,
              (hit.at[1] - lighting.to_sun()[1] * climb) * tile};
        }
      }
      sunny.at<cv::Vec3f>(y, x) = lit;
      shady.at<cv::Vec3f>(y, x) = dark;
      flash.at<float>(y, x) = flashed;
    }
  };
  cv::parallel_for_({0, sunny.rows}, [&](const cv::Range& rows) {
    for (int y = rows.start; y < rows.end; ++y)
      draw_row(y);
  });
  cv::resize(sunny, backdrop.sunny, size, 0, 0, cv::INTER_AREA);
  cv::resize(shady, backdrop.shady, size, 0, 0, cv::INTER_AREA);
  cv::resize(flash, backdrop.flash, size, 0, 0, cv::INTER_AREA);
  const double blur = scenario.sensor.lens_blur_px * size.width / 1280.0;
  if (blur > 0.05) {
    for (cv::Mat* picture : {&backdrop.sunny, &backdrop.shady, &backdrop.flash})
      cv::GaussianBlur(*picture, *picture, {}, blur);
  }
  return backdrop;
}

}  // namespace wayside::roadsim
