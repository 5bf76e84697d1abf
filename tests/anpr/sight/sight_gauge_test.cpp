#include "wayside/anpr/sight/sight_gauge.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "tests/anpr/sight/drawn_view.hpp"

namespace wayside {

namespace {

using doubles::DrawnView;
using doubles::Minutes;

bool has(const SightMinute& minute, Hindrance hindrance) {
  return std::find(minute.hindrances.begin(), minute.hindrances.end(), hindrance) != minute.hindrances.end();
}

const View& commissioned() {
  static const View learnt = [] {
    SightGauge gauge(60, {});
    Minutes minutes(gauge);
    const DrawnView day("day");
    for (int i = 0; i < 5; ++i)
      static_cast<void>(minutes.show(day));
    return gauge.commissioned().value();
  }();
  return learnt;
}

SightMinute after_commissioning(const DrawnView& view, const doubles::Spoil& spoil = {},
                                const FramesLost& lost = {}) {
  SightGauge gauge(60, commissioned());
  return Minutes(gauge).show(view, spoil, lost);
}

std::string told(const SightMinute& minute) {
  std::string out =
      std::string(to_string(minute.could_read)) + ", view " + std::string(to_string(minute.view));
  for (const Hindrance hindrance : minute.hindrances)
    out += ", " + std::string(to_string(hindrance));
  out += ", covered " + std::to_string(minute.covered.value_or(-1)) + ", sharpness " +
         std::to_string(minute.sharpness.value_or(-1)) + ", light " + std::to_string(minute.light) +
         ", shift " + std::to_string(minute.shift_x) + " " + std::to_string(minute.shift_y);
  return out;
}

// What a year does to a road that nobody touched.
TEST(SightGauge, AnotherLightIsTheSameView) {
  const std::vector<std::pair<const char*, doubles::Change>> lights = {
      {"morning sun", [](auto& s) { s.sun_azimuth_deg = 250, s.sun_elevation_deg = 15; }},
      {"evening sun", [](auto& s) { s.sun_azimuth_deg = 60, s.sun_elevation_deg = 12; }},
      {"overcast", [](auto& s) { s.cloud = 1; }},
      {"rain", [](auto& s) { s.rain = 0.6, s.cloud = 1; }},
      {"other traffic", [](auto& s) { s.traffic.mean_gap_s = 1.5; }},
  };
  for (const auto& [name, change] : lights) {
    SCOPED_TRACE(name);
    const SightMinute minute = after_commissioning(DrawnView("day", change));
    EXPECT_EQ(minute.could_read, CouldRead::yes) << told(minute);
    EXPECT_EQ(minute.view, ViewState::as_commissioned) << told(minute);
  }
}

TEST(SightGauge, AFlashedNightIsNoCover) {
  const SightMinute minute = after_commissioning(DrawnView("night-ir"));
  EXPECT_EQ(minute.could_read, CouldRead::yes) << told(minute);
  EXPECT_TRUE(minute.lit);
  EXPECT_NE(minute.view, ViewState::covered) << told(minute);
  EXPECT_NE(minute.view, ViewState::moved) << told(minute);
}

TEST(SightGauge, ANightWithoutItsFlashReadsNothing) {
  const SightMinute minute = after_commissioning(DrawnView("night-ir", [](auto& s) { s.sensor.strobe = 0; }));
  EXPECT_EQ(minute.could_read, CouldRead::no) << told(minute);
  EXPECT_TRUE(has(minute, Hindrance::dark)) << told(minute);
}

TEST(SightGauge, ATurnedCameraIsToldWithItsWay) {
  for (const double degrees : {-3.0, -0.6, 0.6, 3.0}) {
    SCOPED_TRACE(degrees);
    const SightMinute minute =
        after_commissioning(DrawnView("day", [&](auto& s) { s.camera.pan_deg += degrees; }));
    EXPECT_EQ(minute.could_read, CouldRead::no) << told(minute);
    EXPECT_EQ(minute.view, ViewState::moved) << told(minute);
    // The road goes the other way than the camera.
    const double focal = roadsim::preset_scenario("day")->camera.focal_px_at_1280 / 1280;
    EXPECT_NEAR(minute.shift_x, -std::tan(degrees * CV_PI / 180) * focal, 0.01) << told(minute);
  }
}

TEST(SightGauge, ACameraKnockedAsideIsToldToo) {
  const SightMinute minute = after_commissioning(DrawnView("day", [](auto& s) { s.camera.pan_deg += 25; }));
  EXPECT_EQ(minute.could_read, CouldRead::no) << told(minute);
}

TEST(SightGauge, ACoveredViewIsToldByHowMuch) {
  const DrawnView day("day");
  const auto half = after_commissioning(
      day, [](cv::Mat& luma) { luma(cv::Rect(0, 0, luma.cols / 2, luma.rows)).setTo(90); });
  EXPECT_EQ(half.could_read, CouldRead::doubtful) << told(half);
  EXPECT_EQ(half.view, ViewState::covered) << told(half);
  const auto all = after_commissioning(day, [](cv::Mat& luma) { luma.setTo(120); });
  EXPECT_EQ(all.could_read, CouldRead::no) << told(all);
  EXPECT_TRUE(has(all, Hindrance::covered)) << told(all);
}

// Threads near the lens are wide, soft and bright.
TEST(SightGauge, ASpidersWebIsACover) {
  const auto web = after_commissioning(DrawnView("day"), [](cv::Mat& luma) {
    cv::Mat threads = cv::Mat::zeros(luma.size(), CV_8U);
    const cv::Point middle(luma.cols / 2, luma.rows / 2);
    for (int i = 0; i < 14; ++i) {
      const double angle = i * CV_PI / 7 + 0.2;
      cv::line(threads, middle,
               middle + cv::Point(cvRound(900 * std::cos(angle)), cvRound(900 * std::sin(angle))),
               cv::Scalar(150), 14);
    }
    for (int r = 70; r < 800; r += 75)
      cv::circle(threads, middle, r, cv::Scalar(150), 14);
    cv::GaussianBlur(threads, threads, {}, 9);
    cv::Mat soft;
    cv::GaussianBlur(luma, soft, {}, 4);
    cv::add(soft, threads, luma);
  });
  EXPECT_NE(web.could_read, CouldRead::yes) << told(web);
}

TEST(SightGauge, ADefocusedLensIsBlurred) {
  const auto soft = after_commissioning(DrawnView("day", [](auto& s) { s.sensor.lens_blur_px = 3.5; }));
  EXPECT_NE(soft.could_read, CouldRead::yes) << told(soft);
  EXPECT_TRUE(has(soft, Hindrance::blurred)) << told(soft);
}

TEST(SightGauge, NoFramesIsNoSight) {
  SightGauge gauge(60, {});
  const SightMinute none = gauge.close({});
  EXPECT_EQ(none.could_read, CouldRead::no);
  EXPECT_EQ(none.hindrances, std::vector{Hindrance::no_frames});
}

TEST(SightGauge, LostFramesCountAgainstIt) {
  const DrawnView day("day");  // 15 frames of it
  EXPECT_EQ(after_commissioning(day, {}, {1, 1, 0}).could_read, CouldRead::yes);
  EXPECT_EQ(after_commissioning(day, {}, {2, 2, 1}).could_read, CouldRead::doubtful);
  EXPECT_EQ(after_commissioning(day, {}, {20, 2, 1}).could_read, CouldRead::no);
}

TEST(SightGauge, AViewIsLearntOnlyWhileItStandsStill) {
  SightGauge gauge(60, {});
  Minutes minutes(gauge);
  const DrawnView day("day");
  const DrawnView turned("day", [](auto& s) { s.camera.pan_deg += 2; });
  for (int i = 0; i < 4; ++i)
    static_cast<void>(minutes.show(turned));
  for (int i = 0; i < 4; ++i) {
    static_cast<void>(minutes.show(day));
    EXPECT_FALSE(gauge.commissioned()) << i;
  }
  static_cast<void>(minutes.show(day));
  ASSERT_TRUE(gauge.commissioned());
  EXPECT_GT(compare(*gauge.commissioned(), commissioned()).alike, 0.9);
}

TEST(SightGauge, AForgottenViewIsLearntAnew) {
  SightGauge gauge(60, commissioned());
  Minutes minutes(gauge);
  const DrawnView turned("day", [](auto& s) { s.camera.pan_deg += 3; });
  EXPECT_EQ(minutes.show(turned).view, ViewState::moved);
  const std::uint64_t changes = gauge.changes();
  EXPECT_TRUE(gauge.forget());
  EXPECT_FALSE(gauge.commissioned());
  EXPECT_FALSE(gauge.forget()) << "there is none any more";
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(minutes.show(turned).view, ViewState::unknown) << i;
  EXPECT_TRUE(gauge.commissioned());
  EXPECT_GT(gauge.changes(), changes) << "it is to be kept";
  EXPECT_EQ(minutes.show(turned).view, ViewState::as_commissioned);
}

TEST(SightGauge, WhatWasSeenBeforeItWasToForgetIsNoPartOfWhatItLearns) {
  SightGauge gauge(60, {});
  Minutes minutes(gauge);
  const DrawnView day("day");
  for (int i = 0; i < 4; ++i)
    static_cast<void>(minutes.show(day));
  EXPECT_FALSE(gauge.forget());
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(gauge.commissioned()) << i;
    static_cast<void>(minutes.show(day));
  }
  EXPECT_TRUE(gauge.commissioned());
}

FrameReads looked(std::int64_t ms, std::vector<cv::Point2f> read, std::vector<cv::Point2f> unread,
                  float width) {
  const auto quad = [&](cv::Point2f at) {
    const float w = width / 2;
    const float h = width / 9;
    return PlateQuad{cv::Point2f(at.x - w, at.y - h), cv::Point2f(at.x + w, at.y - h),
                     cv::Point2f(at.x + w, at.y + h), cv::Point2f(at.x - w, at.y + h)};
  };
  FrameReads out;
  out.frame.monotonic = {ms * 1'000'000};
  for (const cv::Point2f& at : read) {
    PlateRead plate;
    plate.quad = quad(at);
    out.reads.push_back({std::move(plate), {}});
  }
  for (const cv::Point2f& at : unread)
    out.rejected.push_back(quad(at));
  return out;
}

// Six vehicles, one after the other, 2 s each; which of them are read, and what else looks like a plate.
SightMinute traffic(float width, const std::vector<bool>& read, bool lettering_beside = false,
                    bool sign = false) {
  SightGauge gauge(60, {});
  std::int64_t ms = 0;
  for (const bool this_one : read) {
    for (int i = 0; i < 12; ++i, ms += 40) {
      const cv::Point2f plate(400.0F + 10.0F * static_cast<float>(i), 100.0F + 30.0F * static_cast<float>(i));
      std::vector<cv::Point2f> reads;
      std::vector<cv::Point2f> unread;
      (this_one && i == 6 ? reads : unread).push_back(plate);
      if (lettering_beside) unread.push_back(plate + cv::Point2f(0, -2.2F * width));
      if (sign) unread.emplace_back(1200.0F, 60.0F);
      gauge.saw_reads(looked(ms, reads, unread, width));
    }
    ms += 1500;
    gauge.saw_reads(looked(ms, {}, {}, width));
  }
  return gauge.close({});
}

TEST(SightGauge, PlatesThatPassedUnreadAreCounted) {
  const SightMinute minute = traffic(100, {true, false, true, true, false, true});
  EXPECT_EQ(minute.plates, 6U);
  EXPECT_EQ(minute.plates_unread, 2U);
  EXPECT_FALSE(has(minute, Hindrance::plates_unread));
  EXPECT_TRUE(has(traffic(100, {true, false, false, true, false, false}), Hindrance::plates_unread));
}

TEST(SightGauge, LetteringAndSignsAreNoPlatesThatWereMissed) {
  const SightMinute minute = traffic(100, {true, true, true, true, true, true}, true, true);
  EXPECT_EQ(minute.plates, 6U);
  EXPECT_EQ(minute.plates_unread, 0U);
}

// Minutes of 20 plates each, of which so many are never read.
SightMinute minutes_of_traffic(SightGauge& gauge, int minutes, int unread, std::int64_t& ms) {
  SightMinute last;
  for (int minute = 0; minute < minutes; ++minute) {
    for (int plate = 0; plate < 20; ++plate, ms += 1000) {
      for (int i = 0; i < 4; ++i, ms += 40) {
        const std::vector<cv::Point2f> at{{400, 100 + 60.0F * static_cast<float>(i)}};
        const bool read = plate >= unread;
        gauge.saw_reads(
            looked(ms, read ? at : std::vector<cv::Point2f>{}, read ? std::vector<cv::Point2f>{} : at, 100));
      }
    }
    gauge.saw_reads(looked(ms, {}, {}, 100));
    last = gauge.close({});
  }
  return last;
}

TEST(SightGauge, MorePlatesUnreadThanUsualAreTold) {
  std::int64_t ms = 0;
  SightGauge gauge(60, commissioned());
  const std::uint64_t changes = gauge.changes();
  EXPECT_EQ(minutes_of_traffic(gauge, 24, 1, ms).plates, 20U);
  EXPECT_EQ(gauge.changes(), changes);
  static_cast<void>(minutes_of_traffic(gauge, 1, 1, ms));
  ASSERT_GT(gauge.changes(), changes) << "500 plates have passed";
  EXPECT_EQ(gauge.commissioned()->plates, 500U);
  EXPECT_EQ(gauge.commissioned()->plates_unread, 25U);
  EXPECT_FALSE(has(minutes_of_traffic(gauge, 10, 2, ms), Hindrance::plates_unread));
  EXPECT_TRUE(has(minutes_of_traffic(gauge, 10, 4, ms), Hindrance::plates_unread));
  EXPECT_FALSE(has(minutes_of_traffic(gauge, 10, 1, ms), Hindrance::plates_unread)) << "it is mended";
}

TEST(SightGauge, WithTheViewItForgetsHowManyPlatesWereUsuallyUnread) {
  std::int64_t ms = 0;
  SightGauge gauge(60, commissioned());
  static_cast<void>(minutes_of_traffic(gauge, 25, 1, ms));
  EXPECT_TRUE(has(minutes_of_traffic(gauge, 10, 4, ms), Hindrance::plates_unread));
  EXPECT_TRUE(gauge.forget());
  EXPECT_FALSE(has(minutes_of_traffic(gauge, 10, 4, ms), Hindrance::plates_unread));
}

TEST(SightGauge, PlatesTooSmallForTheReaderAreTold) {
  const std::vector<bool> all(6, true);
  EXPECT_FALSE(has(traffic(100, all), Hindrance::plates_too_small));
  EXPECT_TRUE(has(traffic(66, all), Hindrance::plates_too_small));
  EXPECT_TRUE(has(traffic(50, all), Hindrance::plates_too_small));
  EXPECT_NEAR(traffic(50, all).plate_width_px.value_or(0), 50, 1);
}

}  // namespace

}  // namespace wayside
