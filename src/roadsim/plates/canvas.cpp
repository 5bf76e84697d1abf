#include "src/roadsim/plates/canvas.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include <opencv2/imgproc.hpp>

namespace wayside::roadsim {

namespace {

// How often a pixel's side is halved into samples: 17 levels of coverage, or at small scales about 6 samples
// a millimetre.
int halvings(double px_per_mm) {
  return px_per_mm >= 1.5 ? 2 : px_per_mm >= 0.75 ? 3 : 4;
}

// Sets the samples whose centres lie inside. Own code because cv::fillConvexPoly also sets the outline's
// pixels, which makes small strokes fatter.
void fill_convex(cv::Mat& samples, const Piece& piece, cv::Point2d origin_mm, double samples_per_mm) {
  double top = std::numeric_limits<double>::max(), bottom = std::numeric_limits<double>::lowest();
  Piece p = piece;
  for (cv::Point2d& point : p) {
    point = (point - origin_mm) * samples_per_mm;
    top = std::min(top, point.y);
    bottom = std::max(bottom, point.y);
  }
  const int first = std::max(0, static_cast<int>(std::ceil(top - 0.5)));
  const int last = std::min(samples.rows - 1, static_cast<int>(std::floor(bottom - 0.5)));
  for (int row = first; row <= last; ++row) {
    const double y = row + 0.5;
    double from = std::numeric_limits<double>::max(), to = std::numeric_limits<double>::lowest();
    for (std::size_t i = 0; i < p.size(); ++i) {
      const cv::Point2d &a = p[i], &b = p[(i + 1) % p.size()];
      if ((a.y < y) == (b.y < y)) continue;
      const double x = a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y);
      from = std::min(from, x);
      to = std::max(to, x);
    }
    if (from > to) continue;
    const int left = std::max(0, static_cast<int>(std::ceil(from - 0.5)));
    const int right = std::min(samples.cols - 1, static_cast<int>(std::ceil(to - 0.5)) - 1);
    if (left <= right) std::memset(samples.ptr(row) + left, 255, static_cast<std::size_t>(right - left + 1));
  }
}

cv::Rect pixels_around(std::span<const Piece> pieces, double px_per_mm, cv::Size limit) {
  double x0 = std::numeric_limits<double>::max(), y0 = x0, x1 = -x0, y1 = -x0;
  for (const Piece& piece : pieces) {
    for (const cv::Point2d& point : piece) {
      x0 = std::min(x0, point.x);
      y0 = std::min(y0, point.y);
      x1 = std::max(x1, point.x);
      y1 = std::max(y1, point.y);
    }
  }
  if (x0 > x1) return {};
  const cv::Point from(static_cast<int>(std::floor(x0 * px_per_mm)),
                       static_cast<int>(std::floor(y0 * px_per_mm)));
  const cv::Point to(static_cast<int>(std::ceil(x1 * px_per_mm)),
                     static_cast<int>(std::ceil(y1 * px_per_mm)));
  return cv::Rect(from, to) & cv::Rect({}, limit);
}

}  // namespace

cv::Mat coverage(const std::vector<Piece>& pieces, cv::Rect pixels, double px_per_mm) {
  const int halved = halvings(px_per_mm), samples = 1 << halved;
  cv::Mat cover = cv::Mat::zeros(pixels.size() * samples, CV_8UC1);
  const cv::Point2d origin(pixels.x / px_per_mm, pixels.y / px_per_mm);
  for (const Piece& piece : pieces)
    fill_convex(cover, piece, origin, px_per_mm * samples);
  for (int i = 0; i < halved; ++i) {  // halving step by step, because only that is fast in OpenCV
    cv::Mat half;
    cv::resize(cover, half, cover.size() / 2, 0, 0, cv::INTER_AREA);
    cover = half;
  }
  return cover;
}

Canvas::Canvas(cv::Size2d size_mm, double px_per_mm, const Paint& field) : px_per_mm_(px_per_mm) {
  const cv::Size pixels(std::max(1, static_cast<int>(std::lround(size_mm.width * px_per_mm))),
                        std::max(1, static_cast<int>(std::lround(size_mm.height * px_per_mm))));
  bgr = cv::Mat(pixels, CV_8UC3, cv::Scalar(field.bgr[0], field.bgr[1], field.bgr[2]));
  retro = cv::Mat(pixels, CV_8UC1, cv::Scalar(255 * field.retro));
}

void Canvas::paint(const std::vector<Piece>& pieces, const Paint& paint) {
  const cv::Rect all = pixels_around(pieces, px_per_mm_, bgr.size());
  // Tile by tile, so that a thin line around the plate costs what it covers, and the samples stay in the
  // cache.
  constexpr int tile_side = 64;
  for (int y = all.y; y < all.y + all.height; y += tile_side) {
    for (int x = all.x; x < all.x + all.width; x += tile_side) {
      const cv::Rect tile = cv::Rect(x, y, tile_side, tile_side) & all;
      std::vector<Piece> within;
      for (const Piece& piece : pieces) {
        if (!(pixels_around({&piece, 1}, px_per_mm_, bgr.size()) & tile).empty()) within.push_back(piece);
      }
      if (!within.empty()) paint_tile(within, tile, paint);
    }
  }
}

void Canvas::paint_tile(const std::vector<Piece>& pieces, cv::Rect tile, const Paint& paint) {
  const cv::Mat cover = coverage(pieces, tile, px_per_mm_);
  const int opacity = static_cast<int>(std::lround(paint.opacity * 256));
  const int paint_retro = static_cast<int>(std::lround(255 * paint.retro));
  const auto blended = [](int from, int to, int weight) {  // weight of 65280
    return static_cast<uchar>((from * (65280 - weight) + to * weight + 32640) / 65280);
  };
  for (int y = 0; y < tile.height; ++y) {
    const auto* covered = cover.ptr<uchar>(y);
    auto* colour = bgr.ptr<cv::Vec3b>(tile.y + y) + tile.x;
    auto* back = retro.ptr<uchar>(tile.y + y) + tile.x;
    for (int x = 0; x < tile.width; ++x) {
      if (covered[x] == 0) continue;
      const int weight = covered[x] * opacity;
      for (int c = 0; c < 3; ++c)
        colour[x][c] = blended(colour[x][c], paint.bgr[c], weight);
      back[x] = blended(back[x], paint_retro, weight);
    }
  }
}

}  // namespace wayside::roadsim
