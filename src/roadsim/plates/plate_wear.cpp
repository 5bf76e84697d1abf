#include "src/roadsim/plates/plate_wear.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "wayside/roadsim/plates/random.hpp"

namespace wayside::roadsim {

namespace {

constexpr std::uint64_t texture_stream = 7, grime_stream = 8, splash_stream = 9;

// Smooth noise with features of `grain_mm`, 0 to 2 * swing: CV_8UC1 of the canvas's size. Bytes keep it
// quick.
cv::Mat noise(Random& random, const Canvas& canvas, double grain_mm, unsigned swing) {
  const double cell_px = std::max(1.0, grain_mm * canvas.px_per_mm());
  cv::Mat cells(static_cast<int>(std::ceil(canvas.bgr.rows / cell_px)) + 1,
                static_cast<int>(std::ceil(canvas.bgr.cols / cell_px)) + 1, CV_8UC1);
  for (int y = 0; y < cells.rows; ++y) {
    auto* row = cells.ptr<uchar>(y);
    for (int x = 0; x < cells.cols; ++x) {
      row[x] = static_cast<uchar>((random.bits() >> 56U) * (2 * swing + 1) >> 8U);
    }
  }
  cv::Mat smooth;
  cv::resize(cells, smooth, canvas.bgr.size(), 0, 0, cv::INTER_LINEAR);
  return smooth;
}

cv::Mat for_each_colour(const cv::Mat& map) {
  cv::Mat three;
  cv::cvtColor(map, three, cv::COLOR_GRAY2BGR);
  return three;
}

}  // namespace

void add_texture(Canvas& canvas, std::uint64_t seed) {
  Random random = Random(seed).split(texture_stream);
  cv::Mat gain = noise(random, canvas, 70, 5);
  gain += noise(random, canvas, 1.2, 4);
  gain += cv::Scalar(200 - 5 - 4);  // of 200: 4.5 % either way
  cv::multiply(canvas.bgr, for_each_colour(gain), canvas.bgr, 1.0 / 200);
  cv::multiply(canvas.retro, gain, canvas.retro, 0.94 / 200);
}

void add_dirt(Canvas& canvas, double dirt, std::uint64_t seed) {
  if (dirt <= 0) return;
  Random random = Random(seed).split(grime_stream);
  // Of 128, so that 128 is an even film: patches of 0.55, 0.35 and 0.25 either way on top of each other.
  cv::Mat patches = noise(random, canvas, 60, 70);
  patches += noise(random, canvas, 14, 45);
  patches -= cv::Scalar(70 + 45 + 32 - 128);
  patches += noise(random, canvas, 3, 32);
  const cv::Vec3i soil(55 + random.below(30), 70 + random.below(25), 80 + random.below(28));
  cv::Mat thickness(canvas.bgr.rows, 1, CV_8UC1);
  for (int y = 0; y < thickness.rows; ++y) {
    const double low = static_cast<double>(y) / thickness.rows;
    thickness.at<uchar>(y) = static_cast<uchar>(255 * dirt * (0.32 + 0.5 * low * low));
  }
  cv::Mat opacity;
  cv::multiply(cv::repeat(thickness, 1, canvas.bgr.cols), patches, opacity, 1.0 / 128);
  opacity = cv::min(opacity, 238);
  const cv::Mat clear = 255 - opacity;
  cv::Mat film(canvas.bgr.size(), CV_8UC3, cv::Scalar(soil[0], soil[1], soil[2]));
  cv::multiply(film, for_each_colour(opacity), film, 1.0 / 255);
  cv::multiply(canvas.bgr, for_each_colour(clear), canvas.bgr, 1.0 / 255);
  canvas.bgr += film;
  // Light passes the film twice on its way to the sheeting and back.
  cv::multiply(canvas.retro, clear, canvas.retro, 1.0 / 255);
  cv::multiply(canvas.retro, clear, canvas.retro, 1.0 / 255);

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
