#include "src/roadsim/plates/plate_wear.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "wayside/roadsim/plates/random.hpp"

namespace wayside::roadsim {

namespace {

constexpr std::uint64_t texture_stream = 7, grime_stream = 8, splash_stream = 9;

// Smooth noise with features of `grain_mm`, 0 to 255: CV_8UC1 of the canvas's size. Whole numbers keep it
// quick.
cv::Mat noise(Random& random, const Canvas& canvas, double grain_mm) {
  const double cell_px = std::max(1.0, grain_mm * canvas.px_per_mm());
  cv::Mat cells(static_cast<int>(std::ceil(canvas.bgr.rows / cell_px)) + 1,
                static_cast<int>(std::ceil(canvas.bgr.cols / cell_px)) + 1, CV_8UC1);
  for (int y = 0; y < cells.rows; ++y) {
    auto* row = cells.ptr<uchar>(y);
    for (int x = 0; x < cells.cols; ++x)
      row[x] = static_cast<uchar>(random.bits() >> 56U);
  }
  cv::Mat smooth;
  cv::resize(cells, smooth, canvas.bgr.size(), 0, 0, cv::INTER_LINEAR);
  return smooth;
}

constexpr int even = 128;  // the noise's middle

}  // namespace

void add_texture(Canvas& canvas, std::uint64_t seed) {
  Random random = Random(seed).split(texture_stream);
  const cv::Mat broad = noise(random, canvas, 70), fine = noise(random, canvas, 1.2);
  for (int y = 0; y < canvas.bgr.rows; ++y) {
    auto* colour = canvas.bgr.ptr<cv::Vec3b>(y);
    auto* back = canvas.retro.ptr<uchar>(y);
    const auto *wide = broad.ptr<uchar>(y), *grain = fine.ptr<uchar>(y);
    for (int x = 0; x < canvas.bgr.cols; ++x) {
      const int uneven = 5 * (wide[x] - even) + 4 * (grain[x] - even);  // of 25,600: at most 4.5 %
      const int gain = 25600 + uneven, returned = 24000 + uneven + uneven / 2;
      for (int c = 0; c < 3; ++c)
        colour[x][c] = static_cast<uchar>(std::min(255, colour[x][c] * gain / 25600));
      back[x] = static_cast<uchar>(std::min(255, back[x] * returned / 25600));
    }
  }
}

void add_dirt(Canvas& canvas, double dirt, std::uint64_t seed) {
  if (dirt <= 0) return;
  Random random = Random(seed).split(grime_stream);
  const cv::Mat broad = noise(random, canvas, 60), middle = noise(random, canvas, 14),
                fine = noise(random, canvas, 3);
  const cv::Vec3i soil(55 + random.below(30), 70 + random.below(25), 80 + random.below(28));
  for (int y = 0; y < canvas.bgr.rows; ++y) {
    const double low = static_cast<double>(y) / canvas.bgr.rows;
    const int film = static_cast<int>(256 * dirt * (0.32 + 0.5 * low * low));
    auto* colour = canvas.bgr.ptr<cv::Vec3b>(y);
    auto* back = canvas.retro.ptr<uchar>(y);
    const auto *b = broad.ptr<uchar>(y), *m = middle.ptr<uchar>(y), *f = fine.ptr<uchar>(y);
    for (int x = 0; x < canvas.bgr.cols; ++x) {
      const int patch = 256 + (9 * (b[x] - even) + 6 * (m[x] - even) + 4 * (f[x] - even)) / 8;  // of 256
      const int opacity = std::clamp(film * patch / 256, 0, 238);
      for (int c = 0; c < 3; ++c) {
        colour[x][c] = static_cast<uchar>((colour[x][c] * (256 - opacity) + soil[c] * opacity) / 256);
      }
      // Light passes the film twice on its way to the sheeting and back.
      back[x] = static_cast<uchar>(back[x] * (256 - opacity) * (256 - opacity) / 65536);
    }
  }

  Random splash = Random(seed).split(splash_stream);
  const double width = canvas.bgr.cols / canvas.px_per_mm(), height = canvas.bgr.rows / canvas.px_per_mm();
  const cv::Vec3i wet = soil * 4 / 5;
  const Paint mud{
      {static_cast<uchar>(wet[0]), static_cast<uchar>(wet[1]), static_cast<uchar>(wet[2])}, 0, 0.75};
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
