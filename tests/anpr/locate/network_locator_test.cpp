#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <tuple>

#include <gtest/gtest.h>

#include "wayside/anpr/locate/plate_locator.hpp"
#include "wayside/anpr/read/plate_reader.hpp"

#include "tests/doubles/installed_models.hpp"

namespace wayside {
namespace {

using doubles::draw_frame;
using doubles::DrawnFrame;
using doubles::frame_of;
using doubles::plate_of;

// Made once: loading the networks takes longer than a search.
PlateLocator& locator_with(const LocatorOptions& options) {
  static std::map<std::tuple<float, float, std::size_t>, std::unique_ptr<PlateLocator>> made;
  auto& locator = made[{options.min_plate_width_px, options.max_plate_width_px, options.max_candidates}];
  if (!locator) {
    auto one = make_network_locator(options, doubles::installed_models());
    if (!one) throw std::runtime_error(one.error().message);
    locator = std::move(*one);
  }
  locator->forget();
  return *locator;
}

std::vector<PlateCandidate> located(const cv::Mat& picture, const LocatorOptions& options = {}) {
  return locator_with(options).locate(*frame_of(picture));
}

// The candidate's corners are the plate's: nearer than a twentieth of its width, which is a quarter of its
// height.
void expect_best_is(const std::vector<PlateCandidate>& candidates, const DrawnFrame& drawn) {
  ASSERT_FALSE(candidates.empty());
  const PlateCandidate& best = candidates.front();
  for (std::size_t corner = 0; corner < 4; ++corner) {
    const cv::Point2f distance = best.quad[corner] - drawn.plate[corner];
    EXPECT_LT(std::hypot(distance.x, distance.y), 0.05F * width_px(drawn.plate)) << "corner " << corner;
  }
}

class FindsAPlate : public testing::TestWithParam<std::tuple<double, double>> {};

TEST_P(FindsAPlate, OfAnyWidthAndTurn) {
  const auto [width, degrees] = GetParam();
  const DrawnFrame drawn = draw_frame(plate_of("AB52CDE"), width, degrees);
  expect_best_is(located(drawn.picture), drawn);
}

INSTANTIATE_TEST_SUITE_P(NetworkLocator, FindsAPlate,
                         testing::Combine(testing::Values(70.0, 100.0, 170.0, 300.0, 560.0),
                                          testing::Values(-18.0, -7.0, 0.0, 7.0, 18.0)));

TEST(NetworkLocator, FindsLightCharactersOnBlack) {
  roadsim::PlateSpec spec = plate_of("ABC123D", "suffix");
  spec.field = roadsim::PlateField::black;
  int found = 0;
  for (const double width : {120.0, 160.0, 200.0, 240.0, 300.0, 400.0}) {
    for (const double degrees : {-5.0, 0.0, 5.0}) {
      const DrawnFrame drawn = draw_frame(spec, width, degrees);
      const auto candidates = located(drawn.picture);
      if (candidates.empty()) continue;
      expect_best_is(candidates, drawn);
      EXPECT_GT(candidates.front().light_on_dark, 0.5F);
      EXPECT_EQ(candidates.front().lines, 1);
      ++found;
    }
  }
  EXPECT_GE(found, 6) << "of 18: black plates are found less well than others";
}

TEST(NetworkLocator, JoinsTheLinesOfATwoLinePlate) {
  roadsim::PlateSpec spec = plate_of("AB52CDE");
  spec.lines = 2;
  for (const double degrees : {-8.0, 0.0, 8.0}) {
    const DrawnFrame drawn = draw_frame(spec, 200, degrees);
    const auto found = located(drawn.picture);
    ASSERT_FALSE(found.empty());
    expect_best_is(found, drawn);
    EXPECT_EQ(found.front().lines, 2);
    EXPECT_LT(found.front().light_on_dark, 0.5F);
  }
}

TEST(NetworkLocator, SidesThatConvergeGiveAQuadThatConverges) {
  DrawnFrame drawn = draw_frame(plate_of("AB52CDE"), 400);
  // Seen from the left: the right end is farther away.
  const cv::Rect2f box = bounding_box(drawn.plate);
  const PlateQuad seen = {cv::Point2f(box.x, box.y),
                          {box.x + 0.8F * box.width, box.y + 0.10F * box.height},
                          {box.x + 0.8F * box.width, box.y + 0.95F * box.height},
                          {box.x, box.y + box.height}};
  cv::Mat turned;
  cv::warpPerspective(drawn.picture, turned, cv::getPerspectiveTransform(drawn.plate.data(), seen.data()),
                      drawn.picture.size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  const std::vector<PlateCandidate> candidates = located(turned);
  ASSERT_FALSE(candidates.empty());
  const PlateQuad& quad = candidates.front().quad;
  const auto side = [](cv::Point2f a, cv::Point2f b) { return std::hypot(a.x - b.x, a.y - b.y); };
  EXPECT_LT(side(quad[1], quad[2]), 0.95F * side(quad[0], quad[3])) << "seen are 0.85";
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

// The locator may take a row of characters for a plate; then the reader must not believe it.
TEST(NetworkLocator, LetteringOnPlainPaintGivesNoRead) {
  const cv::Scalar white(225, 230, 230);
  const cv::Scalar black(30, 30, 30);
  ReaderOptions options;
  options.min_confidence = 0.2F;
  const auto reader =
      make_tesseract_reader(options, doubles::installed_models(), doubles::installed_syntax());
  ASSERT_TRUE(reader) << reader.error().message;
  for (const cv::Mat& picture : {painted({"QUICK PARCELS", "01632 960828"}, white, black),
                                 painted({"QUICK PARCELS", "01632 960828"}, black, white),
                                 painted({"FRESH FISH DAILY"}, white, black)}) {
    for (const EvidencedRead& read : (*reader)->read({frame_of(picture), located(picture)}, false).reads)
      ADD_FAILURE() << "read " << read.read.vrm << " with " << read.read.confidence;
  }
}

TEST(NetworkLocator, AGroupOfALongerRowIsNoPlateThoughALineCutsItOff) {
  cv::Mat picture = painted({"01632 960828"}, {225, 230, 230}, {30, 30, 30});
  cv::line(picture, {345, 0}, {345, 539}, {60, 60, 60}, 6);  // where the doors meet
  EXPECT_TRUE(located(picture).empty());
}

TEST(NetworkLocator, LetteringAtThePicturesEdgeIsNoPlate) {
  const cv::Mat picture = painted({"01632 960828"}, {225, 230, 230}, {30, 30, 30});
  EXPECT_TRUE(located(picture.rowRange(150, picture.rows).clone()).empty());
  EXPECT_TRUE(located(picture.rowRange(0, 206).clone()).empty());
}

TEST(NetworkLocator, AFramedPlateIsFoundBetweenLettering) {
  const DrawnFrame drawn = draw_frame(plate_of("AB52CDE"), 240);
  cv::Mat picture = drawn.picture;
  cv::putText(picture, "01632 960828", {250, 180}, cv::FONT_HERSHEY_SIMPLEX, 1.4, {235, 235, 235}, 4);
  cv::putText(picture, "QUICK PARCELS", {250, 400}, cv::FONT_HERSHEY_SIMPLEX, 1.4, {235, 235, 235}, 4);
  const std::vector<PlateCandidate> candidates = located(picture);
  EXPECT_EQ(candidates.size(), 1U);
  expect_best_is(candidates, drawn);
}

TEST(NetworkLocator, WidthLimitsAreKept) {
  const DrawnFrame drawn = draw_frame(plate_of("AB52CDE"), 300);
  LocatorOptions options;
  options.min_plate_width_px = 560;
  EXPECT_TRUE(located(drawn.picture, options).empty());
  options = {};
  options.max_plate_width_px = 120;
  EXPECT_TRUE(located(drawn.picture, options).empty());
}

// A drawn plate carried across a road with some noise, a frame each call.
class Road {
 public:
  explicit Road(double step_px)
      : drawn_(draw_frame(plate_of("AB52CDE"), 120, 0, {200, 100})), step_px_(step_px) {}

  cv::Mat frame(int number, bool with_vehicle = true) {
    cv::Mat picture(360, 640, CV_8UC3, cv::Scalar(120, 120, 120));
    if (with_vehicle) drawn_.picture.copyTo(picture(cv::Rect(left(number), 140, 200, 100)));
    cv::Mat grain(picture.size(), CV_16SC3);
    cv::RNG(static_cast<std::uint64_t>(number) + 1).fill(grain, cv::RNG::NORMAL, 0, 3);
    cv::Mat wide;
    picture.convertTo(wide, CV_16S);
    cv::Mat(wide + grain).convertTo(picture, CV_8U);
    return picture;
  }
  [[nodiscard]] int left(int number) const { return static_cast<int>(20 + step_px_ * number); }
  [[nodiscard]] cv::Point2f middle(int number) const { return {static_cast<float>(left(number)) + 100, 190}; }

 private:
  DrawnFrame drawn_;
  double step_px_;
};

PlateLocator::Counts since(const PlateLocator& locator, const PlateLocator::Counts& before) {
  const PlateLocator::Counts now = locator.counts();
  return {now.frames_searched - before.frames_searched, now.frames_followed - before.frames_followed,
          now.frames_still - before.frames_still, now.candidates_refused - before.candidates_refused};
}

TEST(NetworkLocator, FollowsAPlateWithFewSearches) {
  Road road(14);
  PlateLocator& locator = locator_with({});
  const PlateLocator::Counts before = locator.counts();
  constexpr int frames = 28;
  int found = 0;
  for (int i = 0; i < frames; ++i) {
    for (const PlateCandidate& candidate : locator.locate(*frame_of(road.frame(i)))) {
      const cv::Point2f off = centre(candidate.quad) - road.middle(i);
      EXPECT_LT(std::hypot(off.x, off.y), 6) << "frame " << i;
      ++found;
    }
  }
  // 14 px a frame are an eighth of the plate's width: every second or third frame is another look.
  EXPECT_GE(found, frames / 4);
  EXPECT_LE(found, frames * 2 / 3) << "frames that show nothing new are not worth a read";
  const PlateLocator::Counts counts = since(locator, before);
  EXPECT_LE(counts.frames_searched, static_cast<std::uint64_t>(frames / 2));
  EXPECT_EQ(counts.frames_searched + counts.frames_followed + counts.frames_still,
            static_cast<std::uint64_t>(frames));
}

TEST(NetworkLocator, AFastPlateIsLostOnceAndThenFollowed) {
  Road road(70);  // more than half of its width a frame
  PlateLocator& locator = locator_with({});
  const PlateLocator::Counts before = locator.counts();
  constexpr int frames = 7;
  for (int i = 0; i < frames; ++i) {
    const std::vector<PlateCandidate> found = locator.locate(*frame_of(road.frame(i)));
    ASSERT_EQ(found.size(), 1U) << "frame " << i;
    const cv::Point2f off = centre(found.front().quad) - road.middle(i);
    EXPECT_LT(std::hypot(off.x, off.y), 6) << "frame " << i;
  }
  EXPECT_LE(since(locator, before).frames_searched, 4U) << "the first two, and now and then for another";
}

TEST(NetworkLocator, AnEmptyRoadIsNotLookedAtAndCounted) {
  Road road(0);
  PlateLocator& locator = locator_with({});
  const PlateLocator::Counts before = locator.counts();
  for (int i = 0; i < 40; ++i)
    EXPECT_TRUE(locator.locate(*frame_of(road.frame(i, false))).empty());
  const PlateLocator::Counts counts = since(locator, before);
  EXPECT_LE(counts.frames_searched, 2U);
  EXPECT_GE(counts.frames_still, 38U);
}

TEST(NetworkLocator, AVehicleThatComesIntoAStillViewIsSeenAtOnce) {
  Road road(14);
  PlateLocator& locator = locator_with({});
  for (int i = 0; i < 10; ++i)
    EXPECT_TRUE(locator.locate(*frame_of(road.frame(i, false))).empty());
  EXPECT_EQ(locator.locate(*frame_of(road.frame(10))).size(), 1U);
}

TEST(NetworkLocator, AStandingPlateIsShownNowAndThen) {
  Road road(0);
  PlateLocator& locator = locator_with({});
  int shown = 0;
  int longest = 0;
  int gap = 0;
  for (int i = 0; i < 60; ++i) {
    gap = locator.locate(*frame_of(road.frame(i))).empty() ? gap + 1 : 0;
    shown += gap == 0 ? 1 : 0;
    longest = std::max(longest, gap);
  }
  EXPECT_GE(shown, 10);
  EXPECT_LE(shown, 30) << "looking at what has not changed is work for nothing";
  EXPECT_LE(longest, 6) << "a pass must stay open";
}

TEST(NetworkLocator, AStandingPlateKeepsItsPassOpenAtFewFramesASecond) {
  Road road(0);
  PlateLocator& locator = locator_with({});
  std::int64_t shown_ms = 0;
  for (int i = 0; i < 20; ++i) {
    FrameInfo info;
    info.monotonic.ns = std::int64_t{i} * 200'000'000;
    if (!locator.locate(*make_frame(info, road.frame(i)).value()).empty()) shown_ms = i * 200;
    EXPECT_LE(i * 200 - shown_ms, 400) << "at 5 frames a second";
  }
}

TEST(NetworkLocator, WhatWasKnownOfOneSourceIsForgottenForTheNext) {
  Road road(0);
  PlateLocator& locator = locator_with({});
  EXPECT_EQ(locator.locate(*frame_of(road.frame(0))).size(), 1U);
  locator.forget();
  EXPECT_TRUE(locator.locate(*frame_of(road.frame(0, false))).empty());
  locator.forget();
  EXPECT_EQ(locator.locate(*frame_of(road.frame(0))).size(), 1U);
}

TEST(NetworkLocator, TheSameFrameGivesTheSameCandidates) {
  cv::Mat noise(300, 400, CV_8UC1);
  cv::RNG(5).fill(noise, cv::RNG::UNIFORM, 0, 256);
  cv::GaussianBlur(noise, noise, {}, 2);
  const auto first = located(noise);
  const auto second = located(noise);
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i)
    EXPECT_EQ(first[i].quad, second[i].quad);
}

TEST(NetworkLocator, PlainFramesOfAnySizeGiveNothing) {
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

TEST(NetworkLocator, TextureAndTextStayBoundedInCandidatesAndTime) {
  for (const cv::Mat& picture : adversarial_pictures()) {
    const auto begin = std::chrono::steady_clock::now();
    const std::vector<PlateCandidate> candidates = located(picture);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    EXPECT_LE(candidates.size(), LocatorOptions{}.max_candidates);
    // Far above what a loaded machine needs in a debug build; what it guards against is work without bound.
    EXPECT_LT(took.count(), 3.0);
    for (const PlateCandidate& candidate : candidates) {
      EXPECT_GE(candidate.score, 0);
      EXPECT_LE(candidate.score, 1);
      for (const cv::Point2f& corner : candidate.quad)
        EXPECT_TRUE(std::isfinite(corner.x) && std::isfinite(corner.y));
    }
  }
}

TEST(NetworkLocator, HugePicturesAreSearchedInAReducedCopy) {
  const DrawnFrame drawn = draw_frame(plate_of("AB52CDE"), 2800, 0, {6000, 4000});
  LocatorOptions options;
  options.max_plate_width_px = 3000;
  expect_best_is(located(drawn.picture, options), drawn);
}

TEST(NetworkLocator, CandidatesAreBestFirstAndAtMostAsManyAsAsked) {
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
