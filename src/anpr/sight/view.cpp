#include "wayside/anpr/sight/view.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "wayside/base/little_endian.hpp"

namespace wayside {

using little_endian::get;
using little_endian::put;

namespace {

// Changes of brightness from a pixel of the pattern to the next that count by half: well above noise, well
// below a kerb's edge.
constexpr float half_counts = 8;
constexpr int cell = 16;  // px of the pattern; 16 x 9 cells
// A cell has structure where its pattern is this long in the mean (root of the mean square).
constexpr double structured = 0.06;
// And nothing like it is left where the two correlate less.
constexpr double like = 0.2;

// Blocks of the full picture that sharpness is judged by: high enough in contrast for noise not to matter.
constexpr int block = 16;
constexpr int contrast = 48;
constexpr std::size_t least_blocks = 12;

double energy(const cv::Mat& pattern) {
  const double norm = cv::norm(pattern);
  return norm * norm;
}

// The picture's gradient at the pattern's size, every vector shortened to below 1.
cv::Mat directions(const cv::Mat& luma) {
  cv::Mat small;
  cv::resize(luma, small, {View::width, View::height}, 0, 0, cv::INTER_AREA);
  cv::Mat x;
  cv::Mat y;
  cv::Sobel(small, x, CV_32F, 1, 0, 3, 1.0 / 8);
  cv::Sobel(small, y, CV_32F, 0, 1, 3, 1.0 / 8);
  cv::Mat length;
  cv::magnitude(x, y, length);
  length += half_counts;
  cv::divide(x, length, x);
  cv::divide(y, length, y);
  cv::Mat out;
  cv::merge(std::vector<cv::Mat>{x, y}, out);
  return out;
}

struct Edges {
  int least = 255;
  int most = 0;
  int step = 0;
};

Edges edges_in(const cv::Mat& luma, int left, int top) {
  Edges out;
  for (int y = top; y < top + block; ++y) {
    const auto* row = luma.ptr<std::uint8_t>(y);
    const auto* below = luma.ptr<std::uint8_t>(std::min(y + 1, luma.rows - 1));
    for (int x = left; x < left + block; ++x) {
      const int value = row[x];
      out.least = std::min(out.least, value);
      out.most = std::max(out.most, value);
      if (x + 1 < luma.cols) out.step = std::max(out.step, std::abs(row[x + 1] - value));
      out.step = std::max(out.step, std::abs(below[x] - value));
    }
  }
  return out;
}

// Of two patterns as fields of complex numbers: its real part at a place is how well they fit when the second
// is moved there.
cv::Mat cross_correlation(const cv::Mat& now, const cv::Mat& before) {
  const auto padded = [](const cv::Mat& pattern) {
    cv::Mat out;
    cv::copyMakeBorder(pattern, out, 0, View::height, 0, View::width, cv::BORDER_CONSTANT,
                       cv::Scalar::all(0));
    cv::dft(out, out, cv::DFT_COMPLEX_OUTPUT);
    return out;
  };
  cv::Mat product;
  cv::mulSpectrums(padded(now), padded(before), product, 0, true);
  cv::Mat out;
  cv::dft(product, out, cv::DFT_INVERSE | cv::DFT_SCALE | cv::DFT_COMPLEX_OUTPUT);
  cv::Mat real;
  cv::extractChannel(out, real, 0);
  return real;
}

void find_shift(const cv::Mat& now, const cv::Mat& before, double both, ViewComparison& out) {
  const cv::Mat fits = cross_correlation(now, before);
  // Beyond a third of the picture too little is left to compare.
  constexpr int most_x = View::width / 3;
  constexpr int most_y = View::height / 3;
  double best = -1;
  for (int dy = -most_y; dy <= most_y; ++dy) {
    for (int dx = -most_x; dx <= most_x; ++dx) {
      const int x = (dx + fits.cols) % fits.cols;
      const int y = (dy + fits.rows) % fits.rows;
      // What is moved out of the picture cannot fit.
      const double left =
          (1 - std::abs(dx) / double{View::width}) * (1 - std::abs(dy) / double{View::height});
      const double fit = fits.at<float>(y, x) / both / left;
      if (fit <= best) continue;
      best = fit;
      out.shift_x = dx / double{View::width};
      out.shift_y = dy / double{View::height};
    }
  }
  out.alike_shifted = std::clamp(best, -1.0, 1.0);
}

constexpr std::array<std::uint8_t, 4> magic{'W', 'S', 'V', '1'};
// Magic; checksum of what follows it; sharpness in millionths (all ones: none); plates, and those unread.
constexpr std::size_t header_bytes = 20;
constexpr std::size_t pattern_bytes = std::size_t{2} * View::width * View::height;
constexpr std::uint32_t no_sharpness = 0xffffffffU;

}  // namespace

std::optional<double> sharpness(const cv::Mat& luma) {
  const int columns = luma.cols / block;
  const int rows = luma.rows / block;
  std::vector<Edges> blocks;
  const auto block_at = [&](int column, int row) -> const Edges& {
    return blocks[static_cast<std::size_t>(row * columns + column)];
  };
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column)
      blocks.push_back(edges_in(luma, column * block, row * block));
  }
  std::vector<double> steepness;
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      // An edge may go on in the blocks around: its height is theirs too.
      Edges around;
      for (int y = std::max(row - 1, 0); y <= std::min(row + 1, rows - 1); ++y) {
        for (int x = std::max(column - 1, 0); x <= std::min(column + 1, columns - 1); ++x) {
          const Edges& one = block_at(x, y);
          around.least = std::min(around.least, one.least);
          around.most = std::max(around.most, one.most);
        }
      }
      const int height = around.most - around.least;
      const int step = block_at(column, row).step;
      if (height >= contrast) steepness.push_back(std::min(1.0, step / static_cast<double>(height)));
    }
  }
  if (steepness.size() < least_blocks) return std::nullopt;
  const auto steepest = steepness.begin() + static_cast<std::ptrdiff_t>(steepness.size() * 9 / 10);
  std::nth_element(steepness.begin(), steepest, steepness.end());
  return *steepest;
}

void ViewMean::add(const cv::Mat& luma) {
  if (luma.empty()) return;
  const cv::Mat next = directions(luma);
  if (sum_.empty()) sum_ = cv::Mat::zeros(next.size(), next.type());
  sum_ += next;
  ++pictures_;
  if (const auto steep = wayside::sharpness(luma)) {
    sharpness_ += *steep;
    ++with_edges_;
  }
}

std::optional<View> ViewMean::view() const {
  if (pictures_ == 0) return std::nullopt;
  View out;
  out.pattern = sum_ / pictures_;
  // An edge or two in one picture of many are a vehicle's.
  if (with_edges_ * 2 >= pictures_) out.sharpness = sharpness_ / with_edges_;
  return out;
}

void ViewMean::forget() {
  *this = {};
}

ViewComparison compare(const View& commissioned, const View& now) {
  ViewComparison out;
  const double energy_before = energy(commissioned.pattern);
  const double energy_now = energy(now.pattern);
  if (energy_before <= 0) return out;
  out.structure = std::sqrt(energy_now / energy_before);
  const double both = std::sqrt(energy_before * energy_now);
  if (both > 0) {
    out.alike = now.pattern.dot(commissioned.pattern) / both;
    find_shift(now.pattern, commissioned.pattern, both, out);
  }
  int with_structure = 0;
  int gone = 0;
  for (int top = 0; top + cell <= View::height; top += cell) {
    for (int left = 0; left + cell <= View::width; left += cell) {
      const cv::Rect at(left, top, cell, cell);
      const double before = energy(commissioned.pattern(at));
      if (before < structured * structured * cell * cell) continue;
      ++with_structure;
      const double after = energy(now.pattern(at));
      const double fit =
          after > 0 ? now.pattern(at).dot(commissioned.pattern(at)) / std::sqrt(before * after) : 0;
      if (fit < like) ++gone;
    }
  }
  if (with_structure > 0) out.covered = gone / static_cast<double>(with_structure);
  return out;
}

Bytes encode(const View& view) {
  Bytes out(header_bytes + pattern_bytes);
  std::copy(magic.begin(), magic.end(), out.begin());
  const auto millionths =
      view.sharpness ? static_cast<std::uint32_t>(std::lround(*view.sharpness * 1e6)) : no_sharpness;
  put(out, 8, millionths);
  put(out, 12, view.plates);
  put(out, 16, view.plates_unread);
  cv::Mat pattern(View::height, View::width, CV_8SC2, out.data() + header_bytes);
  view.pattern.convertTo(pattern, CV_8S, 127);
  put(out, 4, crc32c(ByteView(out).subspan(8)));
  return out;
}

Result<View> decode_view(ByteView bytes) {
  const auto damaged = [](const char* why) {
    return fail(ErrorCode::corrupt, std::string("it is no commissioned view: ") + why);
  };
  if (bytes.size() != header_bytes + pattern_bytes) return damaged("its length is another");
  if (!std::equal(magic.begin(), magic.end(), bytes.begin())) return damaged("it does not begin with WSV1");
  if (get<std::uint32_t>(bytes, 4) != crc32c(bytes.subspan(8))) return damaged("its checksum is wrong");
  const auto millionths = get<std::uint32_t>(bytes, 8);
  if (millionths != no_sharpness && millionths > 1'000'000) return damaged("its sharpness is above 1");
  View out;
  out.plates = get<std::uint32_t>(bytes, 12);
  out.plates_unread = get<std::uint32_t>(bytes, 16);
  if (out.plates_unread > out.plates) return damaged("it tells of more plates unread than passed");
  if (millionths != no_sharpness) out.sharpness = millionths / 1e6;
  Bytes copy(bytes.begin() + header_bytes, bytes.end());
  cv::Mat(View::height, View::width, CV_8SC2, copy.data()).convertTo(out.pattern, CV_32F, 1.0 / 127);
  return out;
}

}  // namespace wayside
