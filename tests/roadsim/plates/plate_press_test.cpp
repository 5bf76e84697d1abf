#include "wayside/roadsim/plates/plate_press.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "tests/roadsim/plates/press_for_tests.hpp"

namespace wayside::roadsim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

PlateSpec plain(std::string vrm, std::string format) {
  PlateSpec spec;
  spec.vrm = std::move(vrm);
  spec.format = std::move(format);
  return spec;
}

bool same(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && cv::norm(a, b, cv::NORM_INF) == 0;
}

// The ink's extent in mm inside a part of the plate, by the half covered pixel.
cv::Rect2d ink_extent(const PlateArtwork& art, cv::Rect2d mm) {
  const double p = art.px_per_mm;
  const cv::Rect part = cv::Rect(static_cast<int>(mm.x * p), static_cast<int>(mm.y * p),
                                 static_cast<int>(mm.width * p), static_cast<int>(mm.height * p)) &
                        cv::Rect({}, art.retro.size());
  const cv::Mat ink = art.retro(part) < 120;
  std::vector<cv::Point> points;
  cv::findNonZero(ink, points);
  const cv::Rect box = cv::boundingRect(points);
  return {(part.x + box.x) / p, (part.y + box.y) / p, box.width / p, box.height / p};
}

void expect_ink_fills_boxes(const PlateArtwork& art) {
  for (const GlyphBox& box : art.glyphs) {
    const cv::Rect2d around(box.mm.x - 3, box.mm.y - 3, box.mm.width + 6, box.mm.height + 6);
    const cv::Rect2d ink = ink_extent(art, around);
    EXPECT_NEAR(ink.x, box.mm.x, 0.5) << box.character;
    EXPECT_NEAR(ink.y, box.mm.y, 0.5) << box.character;
    EXPECT_NEAR(ink.width, box.mm.width, 0.5) << box.character;
    EXPECT_NEAR(ink.height, box.mm.height, 0.5) << box.character;
  }
}

double gap(const PlateArtwork& art, std::size_t left) {
  return art.glyphs[left + 1].mm.x - (art.glyphs[left].mm.x + art.glyphs[left].mm.width);
}

TEST(PlatePress, OneLineOfACurrentPlateHasTheStatutoryDistances) {
  const PlatePress press = press_for_tests();
  const PlateArtwork art = press.draw(plain("AB12CDE", "current"), 4).value();
  EXPECT_EQ(art.size_mm, cv::Size2f(520, 111));
  EXPECT_EQ(art.bgr.size(), cv::Size(2080, 444));
  EXPECT_EQ(art.retro.size(), art.bgr.size());
  EXPECT_EQ(art.alpha.size(), art.bgr.size());
  ASSERT_EQ(art.glyphs.size(), 7U);
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(art.glyphs[i].character, "AB12CDE"[i]);
    EXPECT_FLOAT_EQ(art.glyphs[i].mm.height, 79);
    EXPECT_FLOAT_EQ(art.glyphs[i].mm.width, i == 2 ? 14 : 50);
    EXPECT_FLOAT_EQ(art.glyphs[i].mm.y, 16);
  }
  for (std::size_t i = 0; i < 6; ++i)
    EXPECT_NEAR(gap(art, i), i == 3 ? 33 : 11, 1e-4);
  const double left = art.glyphs[0].mm.x, right = 520 - (art.glyphs[6].mm.x + art.glyphs[6].mm.width);
  EXPECT_NEAR(left, right, 1e-3);
  expect_ink_fills_boxes(art);
}

TEST(PlatePress, TwoLinesMotorcyclesAndOldPlatesKeepTheirOwnDistances) {
  const PlatePress press = press_for_tests();
  PlateSpec two = plain("AB12CDE", "current");
  two.lines = 2;
  const PlateArtwork car = press.draw(two, 4).value();
  EXPECT_EQ(car.size_mm, cv::Size2f(285, 203));
  EXPECT_FLOAT_EQ(car.glyphs[4].mm.y - car.glyphs[0].mm.y, 79 + 19);
  expect_ink_fills_boxes(car);

  two.motorcycle = true;
  const PlateArtwork motorcycle = press.draw(two, 4).value();
  EXPECT_EQ(motorcycle.size_mm, cv::Size2f(229, 178));
  EXPECT_FLOAT_EQ(motorcycle.glyphs[0].mm.width, 44);
  EXPECT_FLOAT_EQ(motorcycle.glyphs[2].mm.width, 10);
  EXPECT_FLOAT_EQ(motorcycle.glyphs[4].mm.y - motorcycle.glyphs[0].mm.y, 64 + 13);
  EXPECT_NEAR(gap(motorcycle, 0), 10, 1e-4);
  expect_ink_fills_boxes(motorcycle);

  PlateSpec old = plain("A123BCD", "prefix");
  old.before_2001 = true;
  const PlateArtwork before = press.draw(old, 4).value();
  EXPECT_FLOAT_EQ(before.glyphs[0].mm.height, 89);
  EXPECT_FLOAT_EQ(before.glyphs[0].mm.width, 64);
  EXPECT_FLOAT_EQ(before.glyphs[1].mm.width, 16);
  EXPECT_NEAR(gap(before, 0), 13, 1e-4);
  EXPECT_NEAR(gap(before, 3), 38, 1e-4);
  EXPECT_GE(before.glyphs[0].mm.x, 25 - 1e-3);
  EXPECT_GE(before.glyphs[0].mm.y, 13 - 1e-3);
  expect_ink_fills_boxes(before);
}

TEST(PlatePress, ASideBandPushesTheTextAsideAndTextNeverLeavesThePlate) {
  const PlatePress press = press_for_tests();
  PlateSpec spec = plain("AB22CDE", "current");
  spec.band = SideBand::blue;
  spec.band_text = "UK";
  const PlateArtwork art = press.draw(spec, 1).value();
  const double left = art.glyphs.front().mm.x - 45;
  const double right = art.size_mm.width - (art.glyphs.back().mm.x + art.glyphs.back().mm.width);
  EXPECT_NEAR(left, right, 1e-3);
  EXPECT_GE(left, 11);
  const cv::Vec3b band = art.bgr.at<cv::Vec3b>(8, 20);
  EXPECT_GT(band[0], band[2] + 60) << "blue";

  spec.vrm = "A1234567";
  spec.format = "trailer";
  spec.before_2001 = true;
  const PlateArtwork wide = press.draw(spec, 1).value();
  EXPECT_GE(wide.size_mm.width - (wide.glyphs.back().mm.x + wide.glyphs.back().mm.width), 25 - 1e-3);
}

TEST(PlatePress, AllCharactersDifferButZeroFromOAndOneFromI) {
  const PlatePress press = press_for_tests();
  const std::string all = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::vector<cv::Mat> drawn;
  for (const char character : all) {
    cv::Mat glyph = press.draw_glyph(character, 79).value();
    EXPECT_EQ(glyph.rows, 79);
    EXPECT_EQ(glyph.cols, character == '1' || character == 'I' ? 14 : 50) << character;
    cv::resize(glyph, glyph, {50, 79});
    EXPECT_GT(cv::mean(glyph)[0], 60) << character;
    drawn.push_back(glyph);
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      const bool twins = (all[i] == '0' && all[j] == 'O') || (all[i] == '1' && all[j] == 'I');
      const double differing = cv::countNonZero(cv::abs(drawn[i] - drawn[j]) > 128) / (50.0 * 79);
      if (twins) {
        EXPECT_EQ(differing, 0) << all[i] << all[j];
      } else {
        EXPECT_GT(differing, 0.02) << all[i] << all[j];
      }
    }
  }
}

TEST(PlatePress, RetroShinesFromSheetingOnlyAndAlphaRoundsTheCorners) {
  const PlatePress press = press_for_tests();
  const PlateArtwork white = press.draw(plain("LL22LLL", "current"), 2).value();
  EXPECT_GT(white.retro.at<uchar>(10, 520), 220);
  const cv::Rect2f first = white.glyphs[0].mm;
  const cv::Point stem(static_cast<int>((first.x + 7) * 2), static_cast<int>((first.y + 30) * 2));
  EXPECT_LT(white.retro.at<uchar>(stem), 5);
  EXPECT_LT(white.bgr.at<cv::Vec3b>(stem)[1], 60);
  EXPECT_EQ(white.alpha.at<uchar>(0, 0), 0);
  EXPECT_EQ(white.retro.at<uchar>(0, 0), 0);
  EXPECT_EQ(white.alpha.at<uchar>(111, 520), 255);

  PlateSpec black = plain("LLL22L", "suffix");
  black.field = PlateField::black;
  const PlateArtwork old = press.draw(black, 2).value();
  EXPECT_EQ(cv::countNonZero(old.retro), 0);
  const cv::Rect2f light = old.glyphs[0].mm;
  EXPECT_GT(old.bgr.at<cv::Vec3b>(
                cv::Point(static_cast<int>((light.x + 7) * 2), static_cast<int>((light.y + 30) * 2)))[1],
            150);
}

TEST(PlatePress, DirtDimsTheSheetingMoreAndMore) {
  const PlatePress press = press_for_tests();
  PlateSpec spec = plain("AB12CDE", "current");
  double before = 256;
  for (const double dirt : {0.0, 0.3, 0.6, 1.0}) {
    spec.dirt = dirt;
    const double mean = cv::mean(press.draw(spec, 1).value().retro)[0];
    EXPECT_LT(mean, before * 0.95) << dirt;
    before = mean;
  }
}

TEST(PlatePress, ExtrasChangeThePlateButNotWhereTheCharactersStand) {
  const PlatePress press = press_for_tests();
  const PlateSpec bare = plain("AB12CDE", "current");
  const PlateArtwork without = press.draw(bare, 2).value();
  std::vector<PlateSpec> dressed(6, bare);
  dressed[0].border = true;
  dressed[1].maker = "OAKMERE PLATES QD1 2YZ";
  dressed[2].screws = 1;
  dressed[3].screws = 4;
  dressed[4].dirt = 0.2;
  dressed[5].field = PlateField::yellow;
  for (const PlateSpec& spec : dressed) {
    const PlateArtwork with = press.draw(spec, 2).value();
    EXPECT_FALSE(same(with.bgr, without.bgr));
    for (std::size_t i = 0; i < 7; ++i)
      EXPECT_EQ(with.glyphs[i].mm, without.glyphs[i].mm);
  }
}

TEST(PlatePress, SameSpecAndSeedGiveTheSameBytesAndAnotherSeedDoesNot) {
  Random random(3);
  for (int i = 0; i < 6; ++i) {
    PlateSpec spec = random_plate(random, i % 2 == 0, 2026);
    spec.dirt = 0.3;
    spec.screws = 2;
    const PlateArtwork a = press_for_tests().draw(spec, 1.7).value(),
                       b = press_for_tests().draw(spec, 1.7).value();
    EXPECT_TRUE(same(a.bgr, b.bgr));
    EXPECT_TRUE(same(a.retro, b.retro));
    ++spec.seed;
    EXPECT_FALSE(same(a.bgr, press_for_tests().draw(spec, 1.7).value().bgr));
  }
}

TEST(PlatePress, DrawsAtEveryScaleTheScenesUse) {
  const PlatePress press = press_for_tests();
  for (const double scale : {0.3, 0.7, 1.0, 1.49, 1.5, 3.3, 5.0}) {
    const PlateArtwork art = press.draw(plain("AB12CDE", "current"), scale).value();
    EXPECT_EQ(art.bgr.cols, std::lround(520 * scale));
    // Antialiased: what the characters cover is the same share of the plate at any scale.
    const double light = cv::mean(art.retro)[0];
    EXPECT_NEAR(light, cv::mean(press.draw(plain("AB12CDE", "current"), 2).value().retro)[0], 4) << scale;
  }
}

TEST(PlatePress, RefusesWhatItCannotDrawWithoutNamingTheMark) {
  const PlatePress press = press_for_tests();
  const auto refuses = [&](const PlateSpec& spec, double scale, const char* word) {
    const auto art = press.draw(spec, scale);
    ASSERT_FALSE(art) << word;
    EXPECT_EQ(art.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(art.error().message, HasSubstr(word));
    if (spec.vrm.size() > 1) {
      EXPECT_THAT(art.error().message, Not(HasSubstr(spec.vrm)));
    }
  };
  const PlateSpec good = plain("AB12CDE", "current");
  refuses(plain("", "current"), 2, "0 characters");
  refuses(plain("AB12CDEFGHIJ", "current"), 2, "12 characters");
  refuses(plain("ab12cde", "current"), 2, "character 1");
  refuses(plain("AB1?CDE", "current"), 2, "character 4");
  for (const double scale :
       {0.0, -1.0, 1e9, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    refuses(good, scale, "px/mm");
  }
  PlateSpec bad = good;
  bad.lines = 3;
  refuses(bad, 2, "lines");
  bad = good;
  bad.screws = 3;
  refuses(bad, 2, "screws");
  bad = good;
  bad.dirt = std::numeric_limits<double>::quiet_NaN();
  refuses(bad, 2, "dirt");
  bad = good;
  bad.band = SideBand::blue;
  bad.band_text = "U K";
  refuses(bad, 2, "band");
  bad = good;
  bad.maker = "lower case";
  refuses(bad, 2, "maker");

  EXPECT_FALSE(press.draw_glyph('?', 79));
  EXPECT_FALSE(press.draw_glyph('A', 0));
  EXPECT_FALSE(press.draw_glyph('A', 1'000'000));
}

}  // namespace
}  // namespace wayside::roadsim
