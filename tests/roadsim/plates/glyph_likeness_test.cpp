// Our characters beside the average of real ones: 3,598 binarised characters of GB plates, kept apart from
// the repository.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>

#include <gtest/gtest.h>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "tests/roadsim/plates/press_for_tests.hpp"

namespace wayside::roadsim {
namespace {

constexpr int width = 50, height = 79, rim = 5;

// The largest blob's box without the specks and slivers that tiles carry at their rims, as a CV_32FC1 of 50 x
// 79 with a white rim (without which a bar, all ink, could not be compared).
cv::Mat normalised(const cv::Mat& ink) {
  cv::Mat labels, stats, centres;
  const int blobs = cv::connectedComponentsWithStats(ink > 127, labels, stats, centres);
  int largest = 1;
  for (int i = 2; i < blobs; ++i) {
    if (stats.at<int>(i, cv::CC_STAT_AREA) > stats.at<int>(largest, cv::CC_STAT_AREA)) largest = i;
  }
  if (blobs < 2) return {};
  const cv::Mat blob = labels == largest;
  int top = 0, bottom = blob.rows - 1, left = 0, right = blob.cols - 1;
  const auto thin_row = [&](int y) { return cv::countNonZero(blob.row(y)) * 10 < blob.cols; };
  const auto thin_column = [&](int x) { return cv::countNonZero(blob.col(x)) * 20 < blob.rows; };
  while (top < bottom && thin_row(top))
    ++top;
  while (bottom > top && thin_row(bottom))
    --bottom;
  while (left < right && thin_column(left))
    ++left;
  while (right > left && thin_column(right))
    --right;
  cv::Mat out;
  ink(cv::Range(top, bottom + 1), cv::Range(left, right + 1)).convertTo(out, CV_32FC1);
  cv::resize(out, out, {width, height}, 0, 0, cv::INTER_AREA);
  cv::copyMakeBorder(out, out, rim, rim, rim, rim, cv::BORDER_CONSTANT, cv::Scalar(0));
  return out;
}

double correlation(const cv::Mat& a, const cv::Mat& b) {
  const cv::Mat x = a - cv::mean(a)[0], y = b - cv::mean(b)[0];
  return x.dot(y) / std::sqrt(x.dot(x) * y.dot(y));
}

std::map<char, cv::Mat> real_averages(const std::filesystem::path& folder) {
  std::map<char, cv::Mat> sums;
  std::map<char, int> counts;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const cv::Mat tile = cv::imread(entry.path().string(), cv::IMREAD_GRAYSCALE);
    if (tile.empty()) continue;
    const cv::Mat inverted = 255 - tile;
    const cv::Mat shape = normalised(inverted);
    if (shape.empty()) continue;
    const char name = entry.path().filename().string()[0];
    cv::Mat& sum = sums.try_emplace(name, cv::Mat::zeros(shape.size(), CV_32FC1)).first->second;
    sum += shape;
    ++counts[name];
  }
  for (auto& [name, sum] : sums)
    sum /= counts[name];
  return sums;
}

TEST(GlyphLikeness, EachCharacterIsLikestToTheRealOnesOfItsName) {
  const char* shared = std::getenv("WAYSIDE_SHARED_DATA");
  const std::filesystem::path folder = std::filesystem::path(shared == nullptr ? "" : shared) / "gb-tiles";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "the real characters (gb-tiles) are not here";
  const std::map<char, cv::Mat> real = real_averages(folder);
  ASSERT_EQ(real.size(), 34U) << "10 digits and 24 letters, without I and Q";

  const PlatePress press = press_for_tests();
  for (const auto& [name, average] : real) {
    cv::Mat ours = normalised(press.draw_glyph(name, height).value());
    const double sharp = correlation(ours, average);
    cv::GaussianBlur(ours, ours, {},
                     1.5);  // the average of tiles that do not lie exactly on each other is soft
    const double own = correlation(ours, average);
    std::cout << name << " sharp " << sharp << " soft " << own << '\n';
    // Tiles of the bar are so narrow that a pixel of slack is a tenth of them.
    EXPECT_GT(own, name == '1' ? 0.85 : 0.9) << name;
    for (const auto& [other, theirs] : real) {
      const bool twins = (name == '0' || name == 'O') && (other == '0' || other == 'O');
      if (other == name || twins) continue;
      EXPECT_LT(correlation(ours, theirs), own - 0.02) << name << " is too like " << other;
    }
  }
}

}  // namespace
}  // namespace wayside::roadsim
