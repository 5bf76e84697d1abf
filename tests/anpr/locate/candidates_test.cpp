#include <gtest/gtest.h>

#include "src/anpr/locate/localiser_net.hpp"

namespace wayside::locate {
namespace {

constexpr int rows = 6;
constexpr int cols = 10;

// The network's output with nothing in it; and a plate put at a cell, its corners `across` and `down` cells
// from the middle.
cv::Mat nothing() {
  const int shape[] = {1, 9, rows, cols};
  return cv::Mat(4, shape, CV_32F, cv::Scalar(0));
}

void put(cv::Mat& output, int y, int x, float probability, float across = 2, float down = 0.5F) {
  const std::array<float, 9> values = {probability, -across, -down,   across, -down,
                                       across,      down,    -across, down};
  for (int k = 0; k < 9; ++k)
    output.ptr<float>(0, k)[y * cols + x] = values[static_cast<std::size_t>(k)];
}

TEST(Candidates, APeakGivesAQuadInPixels) {
  cv::Mat output = nothing();
  put(output, 2, 4, 0.8F);
  const auto found = candidates_of(output, {16, 12});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FLOAT_EQ(found.front().score, 0.8F);
  EXPECT_FLOAT_EQ(centre(found.front().quad).x, 4.5F * 16);
  EXPECT_FLOAT_EQ(centre(found.front().quad).y, 2.5F * 12);
  EXPECT_FLOAT_EQ(found.front().quad[0].x, 2.5F * 16);
  EXPECT_FLOAT_EQ(found.front().quad[2].y, 3.0F * 12);
}

TEST(Candidates, NeighboursOfAPeakAndFaintOnesAreNone) {
  cv::Mat output = nothing();
  put(output, 2, 4, 0.8F);
  put(output, 2, 5, 0.7F);
  put(output, 3, 4, 0.8F);  // as high: of equals the first counts
  put(output, 5, 9, 0.1F);
  EXPECT_EQ(candidates_of(output, {8, 8}).size(), 1U);
}

TEST(Candidates, PeaksAtTheEdgesCount) {
  cv::Mat output = nothing();
  put(output, 0, 0, 0.9F);
  put(output, rows - 1, cols - 1, 0.9F);
  EXPECT_EQ(candidates_of(output, {8, 8}).size(), 2U);
}

TEST(Candidates, NoNumberIsNoPeak) {
  cv::Mat output = nothing();
  put(output, 2, 4, std::numeric_limits<float>::quiet_NaN());
  EXPECT_TRUE(candidates_of(output, {8, 8}).empty());
}

TEST(Candidates, OfTheSamePlaceTheBestIsKept) {
  cv::Mat output = nothing();
  put(output, 2, 2, 0.6F);
  put(output, 2, 4, 0.9F);  // overlaps the first by half
  put(output, 5, 4, 0.7F);  // below both
  auto found = candidates_of(output, {8, 8});
  ASSERT_EQ(found.size(), 3U);
  keep_each_place_once(found);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_FLOAT_EQ(found[0].score, 0.9F);
  EXPECT_FLOAT_EQ(found[1].score, 0.7F);
}

}  // namespace
}  // namespace wayside::locate
