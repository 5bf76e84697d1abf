#include <chrono>
#include <cmath>

#include <gtest/gtest.h>

#include "wayside/anpr/locate/plate_locator.hpp"

#include "tests/doubles/drawn_plate.hpp"

namespace wayside {
namespace {

using doubles::draw_frame;
using doubles::DrawnFrame;
using doubles::frame_of;
using doubles::plate_of;

std::vector<PlateCandidate> located(const cv::Mat& picture, const LocatorOptions& options = {}) {
  return make_contour_locator(options)->locate(*frame_of(picture));
}

double angle_of(const PlateQuad& quad) {
  const cv::Point2f upper = quad[1] - quad[0];
  return std::atan2(upper.y, upper.x) * 180 / CV_PI;
}

// The candidate covers the plate's characters: near its middle, of its turn, and no larger than the plate by
// much.
void expect_best_is(const std::vector<PlateCandidate>& candidates, const DrawnFrame& drawn) {
  ASSERT_FALSE(candidates.empty());
  const PlateCandidate& best = candidates.front();
  const float width = width_px(drawn.plate);
  const cv::Point2f off = centre(best.quad) - centre(drawn.plate);
  EXPECT_LT(std::hypot(off.x, off.y), 0.06F * width);
  EXPECT_NEAR(angle_of(best.quad), angle_of(drawn.plate), 1.5);
  EXPECT_GT(width_px(best.quad), 0.70F * width);
  EXPECT_LT(width_px(best.quad), 1.10F * width);
  for (std::size_t corner = 0; corner < 4; ++corner) {
    const cv::Point2f distance = best.quad[corner] - drawn.plate[corner];
    EXPECT_LT(std::hypot(distance.x, distance.y), 0.15F * width) << "corner " << corner;
  }
}

class FindsAPlate : public testing::TestWithParam<std::tuple<double, double>> {};

TEST_P(FindsAPlate, OfAnyWidthAndTurn) {
  const auto [width, degrees] = GetParam();
  const DrawnFrame drawn = draw_frame(plate_of("AB52CDE"), width, degrees);
  expect_best_is(located(drawn.picture), drawn);
}

INSTANTIATE_TEST_SUITE_P(ContourLocator, FindsAPlate,
                         testing::Combine(testing::Values(70.0, 100.0, 170.0, 300.0, 560.0),
                                          testing::Values(-18.0, -7.0, 0.0, 7.0, 18.0)));

TEST(ContourLocator, FindsLightCharactersOnBlack) {
  roadsim::PlateSpec spec = plate_of("ABC123D", "suffix");
  spec.field = roadsim::PlateField::black;
  const DrawnFrame drawn = draw_frame(spec, 240, 5);
  expect_best_is(located(drawn.picture), drawn);
}

TEST(ContourLocator, JoinsTheLinesOfATwoLinePlate) {
  roadsim::PlateSpec spec = plate_of("AB52CDE");
  spec.lines = 2;
  for (const double degrees : {-8.0, 0.0, 8.0}) {
    const DrawnFrame drawn = draw_frame(spec, 200, degrees);
    expect_best_is(located(drawn.picture), drawn);
  }
}

TEST(ContourLocator, SidesThatConvergeGiveAQuadThatConverges) {
  DrawnFrame drawn = draw_frame(plate_of("AB52CDE"), 400);
  // Seen from the left: the right end is farther away.
  const cv::Rect2f box = bounding_box(drawn.plate);
  const PlateQuad seen = {cv::Point2f(box.x, box.y),
                          {box.x + 0.7F * box.width, box.y + 0.22F * box.height},
                          {box.x + 0.7F * box.width, box.y + 0.92F * box.height},
                          {box.x, box.y + box.height}};
  cv::Mat turned;
  cv::warpPerspective(drawn.picture, turned, cv::getPerspectiveTransform(drawn.plate.data(), seen.data()),
                      drawn.picture.size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  const std::vector<PlateCandidate> candidates = located(turned);
  ASSERT_FALSE(candidates.empty());
  const PlateQuad& quad = candidates.front().quad;
  const auto side = [](cv::Point2f a, cv::Point2f b) { return std::hypot(a.x - b.x, a.y - b.y); };
  EXPECT_LT(side(quad[1], quad[2]), 0.9F * side(quad[0], quad[3]));
}

TEST(ContourLocator, EdgesReachTheCharactersOutermostPixels) {
  const DrawnFrame drawn = draw_frame(plate_of("AB52CDE"), 300, 10);
  const std::vector<PlateCandidate> candidates = located(drawn.picture);
  ASSERT_FALSE(candidates.empty());
  const PlateQuad& quad = candidates.front().quad;
  // Characters are 79 of a plate's 111 mm high; the quad must hold them and a margin, and stay near the
  // plate.
  const float height = std::hypot(quad[3].x - quad[0].x, quad[3].y - quad[0].y);
  const float plate_height = 300.0F * 111 / 520;
  EXPECT_GT(height, 0.75F * plate_height);
  EXPECT_LT(height, 1.25F * plate_height);
}

// Lettering 55 px high on plain paint, as on the rear doors of a lorry.
cv::Mat painted(const std::vector<std::string>& lines, const cv::Scalar& paint, const cv::Scalar& letters) {
  cv::Mat picture(540, 960, CV_8UC3, paint);
  int y = 200;
  for (const std::string& line : lines) {
    cv::putText(picture, line, {120, y}, cv::FONT_HERSHEY_SIMPLEX, 1.8, letters, 6, cv::LINE_AA);
    y += 90;
  }
  return picture;
}

TEST(ContourLocator, LetteringOnPlainPaintIsNoPlate) {
  const cv::Scalar white(225, 230, 230);
  const cv::Scalar black(30, 30, 30);
  EXPECT_TRUE(located(painted({"QUICK PARCELS", "01632 960828"}, white, black)).empty());
  EXPECT_TRUE(located(painted({"QUICK PARCELS", "01632 960828"}, black, white)).empty());
  EXPECT_TRUE(located(painted({"01632    960828"}, white, black)).empty());
  EXPECT_TRUE(located(painted({"AB52 CDE"}, white, black)).empty());
}

TEST(ContourLocator, AGroupOfALongerRowIsNoPlateThoughALineCutsItOff) {
  cv::Mat picture = painted({"01632 960828"}, {225, 230, 230}, {30, 30, 30});
  cv::line(picture, {345, 0}, {345, 539}, {60, 60, 60}, 6);  // where the doors meet
  EXPECT_TRUE(located(picture).empty());
}

TEST(ContourLocator, LetteringAtThePicturesEdgeIsNoPlate) {
  const cv::Mat picture = painted({"01632 960828"}, {225, 230, 230}, {30, 30, 30});
  EXPECT_TRUE(located(picture.rowRange(150, picture.rows).clone()).empty());
  EXPECT_TRUE(located(picture.rowRange(0, 206).clone()).empty());
}

TEST(ContourLocator, AFramedPlateIsFoundBetweenLettering) {
  const DrawnFrame drawn = draw_frame(plate_of("AB52CDE"), 240);
  cv::Mat picture = drawn.picture;
  cv::putText(picture, "01632 960828", {250, 180}, cv::FONT_HERSHEY_SIMPLEX, 1.4, {235, 235, 235}, 4);
  cv::putText(picture, "QUICK PARCELS", {250, 400}, cv::FONT_HERSHEY_SIMPLEX, 1.4, {235, 235, 235}, 4);
  const std::vector<PlateCandidate> candidates = located(picture);
  EXPECT_EQ(candidates.size(), 1U);
  expect_best_is(candidates, drawn);
}

TEST(ContourLocator, OneEdgeIsEnoughWhereBodyworkHidesTheOther) {
  DrawnFrame drawn = draw_frame(plate_of("AB52CDE"), 240);
  // White bodywork right up to the plate's lower edge.
  const cv::Rect2f box = bounding_box(drawn.plate);
  const int foot = static_cast<int>(box.y + box.height) - 1;
  const cv::Vec3b field = drawn.picture.at<cv::Vec3b>(foot - 2, static_cast<int>(centre(drawn.plate).x));
  drawn.picture(cv::Rect(0, foot, drawn.picture.cols, drawn.picture.rows - foot)).setTo(field);
  EXPECT_FALSE(located(drawn.picture).empty());
}

TEST(ContourLocator, WidthLimitsAreKept) {
  const DrawnFrame drawn = draw_frame(plate_of("AB52CDE"), 300);
  LocatorOptions options;
  options.min_plate_width_px = 560;
  EXPECT_TRUE(located(drawn.picture, options).empty());
  options = {};
  options.max_plate_width_px = 120;
  EXPECT_TRUE(located(drawn.picture, options).empty());
}

TEST(ContourLocator, TheSameFrameGivesTheSameCandidates) {
  cv::Mat noise(300, 400, CV_8UC1);
  cv::RNG(5).fill(noise, cv::RNG::UNIFORM, 0, 256);
  cv::GaussianBlur(noise, noise, {}, 2);
  const auto first = located(noise);
  const auto second = located(noise);
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i)
    EXPECT_EQ(first[i].quad, second[i].quad);
}

TEST(ContourLocator, PlainFramesOfAnySizeGiveNothing) {
  for (const cv::Size size : {cv::Size(16, 16), cv::Size(16, 4000), cv::Size(4000, 16), cv::Size(641, 479)}) {
    for (const int level : {0, 128, 255}) {
      EXPECT_TRUE(located(cv::Mat(size, CV_8UC1, cv::Scalar(level))).empty()) << size;
    }
  }
}

std::vector<cv::Mat> adversarial_pictures() {
  std::vector<cv::Mat> pictures;
  cv::Mat noise(720, 1280, CV_8UC1);
  cv::RNG(1).fill(noise, cv::RNG::UNIFORM, 0, 256);
  pictures.push_back(noise);
  for (const double blur : {1.5, 3.0, 6.0}) {
    cv::Mat soft;
    cv::GaussianBlur(noise, soft, {}, blur);
    cv::normalize(soft, soft, 0, 255, cv::NORM_MINMAX);
    pictures.push_back(soft);
  }
  for (const int cell : {5, 9, 12, 20, 40}) {
    cv::Mat board(720, 1280, CV_8UC1);
    cv::Mat gapped(720, 1280, CV_8UC1);  // the cells apart, so that each is a mark of its own
    for (int y = 0; y < board.rows; ++y) {
      for (int x = 0; x < board.cols; ++x) {
        board.at<uchar>(y, x) = (x / cell + y / cell) % 2 == 0 ? 0 : 255;
        gapped.at<uchar>(y, x) = x % (2 * cell) < cell && y % (2 * cell) < cell + 3 ? 0 : 255;
      }
    }
    pictures.push_back(board);
    pictures.push_back(gapped);
  }
  cv::Mat page(720, 1280, CV_8UC1, cv::Scalar(255));
  for (int y = 20; y < page.rows; y += 24) {
    cv::putText(page, "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG 0123456789 AND SO ON", {5, y},
                cv::FONT_HERSHEY_SIMPLEX, 0.7, cv::Scalar(0), 2);
  }
  pictures.push_back(page);
  return pictures;
}

TEST(ContourLocator, TextureAndTextStayBoundedInCandidatesAndTime) {
  for (const cv::Mat& picture : adversarial_pictures()) {
    const auto begin = std::chrono::steady_clock::now();
    const std::vector<PlateCandidate> candidates = located(picture);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    EXPECT_LE(candidates.size(), LocatorOptions{}.max_candidates);
    // Far above what a loaded machine needs in a debug build; what it guards against is work that grows with
    // the square of the number of marks.
    EXPECT_LT(took.count(), 3.0);
    for (const PlateCandidate& candidate : candidates) {
      EXPECT_GE(candidate.score, 0);
      EXPECT_LE(candidate.score, 1);
      for (const cv::Point2f& corner : candidate.quad)
        EXPECT_TRUE(std::isfinite(corner.x) && std::isfinite(corner.y));
    }
  }
}

TEST(ContourLocator, HugePicturesAreSearchedInAReducedCopy) {
  const DrawnFrame drawn = draw_frame(plate_of("AB52CDE"), 2800, 0, {6000, 4000});
  LocatorOptions options;
  options.max_plate_width_px = 3000;
  expect_best_is(located(drawn.picture, options), drawn);
}

TEST(ContourLocator, CandidatesAreBestFirstAndAtMostAsManyAsAsked) {
  cv::Mat picture(540, 960, CV_8UC3, cv::Scalar(105, 100, 95));
  const DrawnFrame drawn = draw_frame(plate_of("AB52CDE"), 150, 0, {240, 135});
  for (int y = 0; y + 135 <= picture.rows; y += 135) {
    for (int x = 0; x + 240 <= picture.cols; x += 240)
      drawn.picture.copyTo(picture(cv::Rect(x, y, 240, 135)));
  }
  LocatorOptions options;
  options.max_candidates = 5;
  const std::vector<PlateCandidate> candidates = located(picture, options);
  EXPECT_EQ(candidates.size(), 5U);
  for (std::size_t i = 1; i < candidates.size(); ++i)
    EXPECT_GE(candidates[i - 1].score, candidates[i].score);
  options.max_candidates = 40;
  EXPECT_GE(located(picture, options).size(), 16U);
}

}  // namespace
}  // namespace wayside
