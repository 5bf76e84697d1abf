#include "src/roadsim/plates/plate_wear.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "wayside/roadsim/plates/random.hpp"

namespace wayside::roadsim {

namespace {

constexpr std::uint64_t texture_stream = 7, grime_stream = 8, splash_stream = 9;

// Smooth noise with features of `grain_mm`, mean 0, about -1 to 1: CV_32FC1 of the canvas's size.
cv::Mat noise(Random& random, const Canvas& canvas, double grain_mm) {
  const double cell_px = std::max(1.0, grain_mm * canvas.px_per_mm());
  cv::Mat cells(static_cast<int>(std::ceil(canvas.bgr.rows / cell_px)) + 1,
                static_cast<int>(std::ceil(canvas.bgr.cols / cell_px)) + 1, CV_32FC1);
  for (int y = 0; y < cells.rows; ++y) {
    for (int x = 0; x < cells.cols; ++x)
      cells.at<float>(y, x) = static_cast<float>(random.uniform(-1, 1));
  }
  cv::Mat smooth;
  cv::resize(cells, smooth, canvas.bgr.size(), 0, 0, cv::INTER_LINEAR);
  return smooth;
}

}  // namespace

void add_texture(Canvas& canvas, std::uint64_t seed) {
  Random random = Random(seed).split(texture_stream);
  const cv::Mat broad = noise(random, canvas, 70), fine = noise(random, canvas, 1.2);
  for (int y = 0; y < canvas.bgr.rows; ++y) {
    auto* colour = canvas.bgr.ptr<cv::Vec3b>(y);
    auto* back = canvas.retro.ptr<uchar>(y);
    const auto* wide = broad.ptr<float>(y);
    const auto* grain = fine.ptr<float>(y);
    for (int x = 0; x < canvas.bgr.cols; ++x) {
      const float gain = 1.0F + 0.025F * wide[x] + 0.02F * grain[x];
      for (int c = 0; c < 3; ++c)
        colour[x][c] = cv::saturate_cast<uchar>(static_cast<float>(colour[x][c]) * gain);
      back[x] = cv::saturate_cast<uchar>(static_cast<float>(back[x]) *
                                         (0.94F + 0.03F * wide[x] + 0.03F * grain[x]));
    }
  }
}

void add_dirt(Canvas& canvas, double dirt, std::uint64_t seed) {
  if (dirt <= 0) return;
  Random random = Random(seed).split(grime_stream);
  const cv::Mat broad = noise(random, canvas, 60), middle = noise(random, canvas, 14),
                fine = noise(random, canvas, 3);
  const cv::Vec3f soil(static_cast<float>(random.uniform(55, 85)), static_cast<float>(random.uniform(70, 95)),
                       static_cast<float>(random.uniform(80, 108)));
  const auto amount = static_cast<float>(dirt);
  for (int y = 0; y < canvas.bgr.rows; ++y) {
    const float low = static_cast<float>(y) / static_cast<float>(canvas.bgr.rows);
    const float film = amount * (0.32F + 0.5F * low * low);
    auto* colour = canvas.bgr.ptr<cv::Vec3b>(y);
    auto* back = canvas.retro.ptr<uchar>(y);
    const float *b = broad.ptr<float>(y), *m = middle.ptr<float>(y), *f = fine.ptr<float>(y);
    for (int x = 0; x < canvas.bgr.cols; ++x) {
      const float patch = 1.0F + 0.55F * b[x] + 0.35F * m[x] + 0.25F * f[x];
      const float opacity = std::clamp(film * patch, 0.0F, 0.93F);
      for (int c = 0; c < 3; ++c) {
        const auto before = static_cast<float>(colour[x][c]);
        colour[x][c] = cv::saturate_cast<uchar>(before + opacity * (soil[c] - before));
      }
      // Light passes the film twice on its way to the sheeting and back.
      back[x] = cv::saturate_cast<uchar>(static_cast<float>(back[x]) * (1 - opacity) * (1 - opacity));
    }
  }

  Random splash = Random(seed).split(splash_stream);
  const double width = canvas.bgr.cols / canvas.px_per_mm(), height = canvas.bgr.rows / canvas.px_per_mm();
  const Paint mud{{static_cast<uchar>(soil[0] * 0.8F), static_cast<uchar>(soil[1] * 0.8F),
                   static_cast<uchar>(soil[2] * 0.8F)},
                  0,
                  0.75};
  std::vector<Piece> drops;
  const int count = static_cast<int>(90 * dirt * splash.uniform(0.4, 1));
  for (int i = 0; i < count; ++i) {
    const double up = splash.uniform() * splash.uniform();  // most of them low
    const cv::Point2d at(splash.uniform(0, width), height * (1 - up));
    Piece drop = disc_piece({0, 0}, 0.4 + 2.2 * std::pow(splash.uniform(), 3), 10);
    const double lean = splash.normal(0, 0.4), stretch = splash.uniform(1, 2.2);
    for (cv::Point2d& point : drop)
      point = at + cv::Point2d(point.x + lean * point.y, point.y * stretch);
    drops.push_back(std::move(drop));
  }
  for (const Piece& drop : drops)
    canvas.paint({drop}, mud);

  const int insects = static_cast<int>(6 * dirt * splash.uniform());
  for (int i = 0; i < insects; ++i) {
    const cv::Point2d at(splash.uniform(0, width), splash.uniform(0, height));
    std::vector<Piece> body;
    for (int part = 0; part < 3; ++part) {
      body.push_back(disc_piece(at + cv::Point2d(splash.normal(0, 1.4), splash.normal(0, 1.4)),
                                splash.uniform(0.6, 1.7), 9));
    }
    canvas.paint(body, {{22, 26, 34}, 0, 0.85});
    canvas.paint({disc_piece(at, splash.uniform(2, 4), 12)}, {{90, 120, 130}, 0.2, 0.3});
  }
}

}  // namespace wayside::roadsim
