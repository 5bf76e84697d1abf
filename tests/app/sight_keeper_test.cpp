#include "src/app/sight_keeper.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>

#include "wayside/base/files.hpp"

#include "src/backoffice/validation.hpp"
#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/memory_queue.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr const char* device_id = "00112233445566aa";

class SightKeeperTest : public testing::Test {
 protected:
  SightKeeperTest() {
    clock_.kernel.source = TimeSource::ntp;
    clock_.wait_until("2026-09-01T08:00:00.000Z");
    queue_.before_append = [this](std::span<const RecordParts> group) -> Status {
      if (refuses_) return fail(ErrorCode::unavailable, "nobody's key is valid");
      appended_.insert(appended_.end(), group.begin(), group.end());
      return {};
    };
  }

  SightKeeper keeper() {
    return SightKeeper({device_id, view_file(), 60}, queue_, clock_, health_, counters_);
  }
  std::filesystem::path view_file() const { return folder_.path() / "commissioned-view"; }

  // A minute's pictures of a wall, or of something else, a look of the keeper's at its end.
  bool minute(SightKeeper& keeper, const cv::Mat& picture = wall()) {
    for (int second = 0; second < 60; ++second) {
      FrameInfo info;
      info.number = FrameNumber(++frames_);
      info.monotonic = clock_.monotonic_now();
      keeper.saw_frame(*make_frame(info, picture).value());
      clock_.wait_s(1);
    }
    return keeper.look();
  }
  static cv::Mat wall() {
    cv::Mat luma(360, 640, CV_8U);
    cv::RNG rng(3);
    for (int y = 0; y < luma.rows; y += 20) {
      for (int x = 0; x < luma.cols; x += 40)
        luma(cv::Rect(x, y, 40, 20)).setTo(rng.uniform(40, 220));
    }
    return luma;
  }
  static cv::Mat cover() { return {360, 640, CV_8U, cv::Scalar(120)}; }
  // Bright where the wall is dark: nothing of it is left.
  static cv::Mat another_wall() { return cv::Mat(255 - wall()); }
  std::vector<json> records() {
    std::vector<json> out;
    for (const RecordParts& parts : appended_) {
      EXPECT_EQ(parts.type, RecordType::sight);
      EXPECT_EQ(parts.record_class, RecordClass::ledger);
      const std::string document(parts.document.begin(), parts.document.end());
      const Status fits = backoffice::check_ledger_document(RecordType::sight, document,
                                                            {device_id, std::string(32, 'a'), 9});
      EXPECT_TRUE(fits) << fits.error().message;
      out.push_back(json::parse(document));
    }
    return out;
  }

  doubles::TemporaryFolder folder_;
  doubles::HandClock clock_;
  doubles::MemoryQueue queue_;
  Health health_;
  CounterSet counters_;
  std::vector<RecordParts> appended_;
  bool refuses_ = false;
  std::uint64_t frames_ = 0;
};

TEST_F(SightKeeperTest, TenMinutesAreARecordThatTheOfficeTakes) {
  SightKeeper sight = keeper();
  for (int i = 0; i < 9; ++i)
    EXPECT_FALSE(minute(sight)) << i;
  EXPECT_TRUE(minute(sight));
  const auto all = records();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].at("from"), "2026-09-01T08:00:00.000Z");
  EXPECT_EQ(all[0].at("time").at("source"), "ntp");
  ASSERT_EQ(all[0].at("minutes").size(), 10U);
  for (const json& one : all[0].at("minutes")) {
    EXPECT_EQ(one.at("could_read"), "yes") << one;
    EXPECT_EQ(one.at("frames"), 60);
  }
  EXPECT_EQ(all[0].at("minutes")[4].at("view"), "unknown");
  EXPECT_EQ(all[0].at("minutes")[5].at("view"), "as_commissioned") << "learnt in the first five";
  EXPECT_EQ(counters_.counter("sight_minutes").value(), 10U);
}

TEST_F(SightKeeperTest, ACleanStopTellsTheMinutesSoFar) {
  SightKeeper sight = keeper();
  static_cast<void>(minute(sight));
  static_cast<void>(minute(sight));
  sight.close();
  const auto all = records();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].at("minutes").size(), 2U);
}

TEST_F(SightKeeperTest, AMinuteWithoutAWordIsOneWithoutFrames) {
  SightKeeper sight = keeper();
  static_cast<void>(minute(sight));
  clock_.wait_s(9 * 60);
  EXPECT_TRUE(sight.look());
  const json minutes = records().at(0).at("minutes");
  EXPECT_EQ(minutes[0].at("could_read"), "yes");
  for (std::size_t i = 1; i < 10; ++i)
    EXPECT_EQ(minutes[i].at("hindrances"), json::array({"no_frames"})) << i;
  EXPECT_THAT(health_.problems().at("sight"), HasSubstr("no frames come from the camera"));
  static_cast<void>(minute(sight));
  EXPECT_FALSE(health_.problems().contains("sight"));
}

// What a camera does not take while it is away, it does not count.
TEST_F(SightKeeperTest, AMinuteInWhichTheCameraWasMostlyAwayIsNone) {
  SightKeeper sight = keeper();
  const auto frame = [&](bool lit = false, const cv::Mat& picture = wall()) {
    FrameInfo info;
    info.number = FrameNumber(++frames_);
    info.monotonic = clock_.monotonic_now();
    sight.saw_frame(*make_frame(info, picture).value(), lit);
  };
  for (int i = 0; i < 4; ++i, clock_.wait_s(1))  // away for 56 s
    frame();
  clock_.wait_s(56);
  for (int i = 0; i < 45; ++i, clock_.wait_s(1))  // and for 15 s
    frame();
  clock_.wait_s(15);
  for (int i = 0; i < 60; ++i, clock_.wait_s(1))
    frame();
  sight.close();
  const json minutes = records().at(0).at("minutes");
  EXPECT_EQ(minutes[0].at("could_read"), "no");
  EXPECT_EQ(minutes[0].at("hindrances"), json::array({"frames_lost"}));
  EXPECT_EQ(minutes[1].at("could_read"), "doubtful");
  EXPECT_EQ(minutes[2].at("could_read"), "yes");
}

TEST_F(SightKeeperTest, FramesThatCameDamagedOrFoundNoBufferAreLost) {
  SightKeeper sight = keeper();
  for (const char* name : {"camera_frames_damaged", "camera_frames_unbuffered"}) {
    counters_.counter(name).add(90);  // of 150
    static_cast<void>(minute(sight));
  }
  sight.close();
  const json minutes = records().at(0).at("minutes");
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(minutes[i].at("could_read"), "no") << i;
}

TEST_F(SightKeeperTest, ADarkRoadUnderTheFlashCanBeReadWithoutAnybodyOnIt) {
  SightKeeper sight = keeper();
  for (const bool lit : {true, false}) {
    for (int i = 0; i < 60; ++i, clock_.wait_s(1)) {
      FrameInfo info;
      info.number = FrameNumber(++frames_);
      info.monotonic = clock_.monotonic_now();
      sight.saw_frame(*make_frame(info, cv::Mat(360, 640, CV_8U, cv::Scalar(4))).value(), lit);
    }
  }
  sight.close();
  const json minutes = records().at(0).at("minutes");
  EXPECT_EQ(minutes[0].at("could_read"), "yes");
  EXPECT_EQ(minutes[1].at("hindrances"), json::array({"dark"}));
}

TEST_F(SightKeeperTest, ACoveredViewIsAnAlarmAfterThreeMinutes) {
  SightKeeper sight = keeper();
  for (int i = 0; i < 5; ++i)
    static_cast<void>(minute(sight));
  for (int i = 0; i < 2; ++i)
    static_cast<void>(minute(sight, cover()));
  EXPECT_FALSE(health_.problems().contains("sight"));
  static_cast<void>(minute(sight, cover()));
  EXPECT_THAT(health_.problems().at("sight"), HasSubstr("100 % of the commissioned view is covered"));
}

TEST_F(SightKeeperTest, TheCommissionedViewOutlivesARestart) {
  {
    SightKeeper sight = keeper();
    for (int i = 0; i < 5; ++i)
      static_cast<void>(minute(sight));
  }
  ASSERT_TRUE(std::filesystem::exists(view_file()));
  SightKeeper again = keeper();
  static_cast<void>(minute(again));
  again.close();
  EXPECT_EQ(records().back().at("minutes")[0].at("view"), "as_commissioned");
}

TEST_F(SightKeeperTest, ADamagedViewIsToldAndLeftAlone) {
  ASSERT_TRUE(replace_file(view_file(), as_bytes(std::string("WSV1 and no more"))));
  SightKeeper sight = keeper();
  EXPECT_THAT(health_.problems().at("commissioned-view"), HasSubstr("commissioning view forget"));
  for (int i = 0; i < 6; ++i)
    static_cast<void>(minute(sight));
  EXPECT_TRUE(read_text_file(view_file()).value() == "WSV1 and no more");
}

TEST_F(SightKeeperTest, ACameraThatWasMovedOnPurposeForgetsItsViewAndLearnsAnotherWithoutARestart) {
  SightKeeper sight = keeper();
  for (int i = 0; i < 5; ++i)
    static_cast<void>(minute(sight));
  ASSERT_TRUE(std::filesystem::exists(view_file()));
  for (int i = 0; i < 3; ++i)
    static_cast<void>(minute(sight, another_wall()));
  ASSERT_TRUE(health_.problems().contains("sight"));
  EXPECT_THAT(health_.problems().at("sight"), HasSubstr("\"commissioning view forget\" at the console"));
  const auto said = sight.forget_view();
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_THAT(*said, HasSubstr("The commissioned view is forgotten: it is learnt anew from"));
  EXPECT_FALSE(std::filesystem::exists(view_file()));
  static_cast<void>(minute(sight, another_wall()));
  EXPECT_FALSE(health_.problems().contains("sight"));
  for (int i = 0; i < 5; ++i)
    static_cast<void>(minute(sight, another_wall()));
  EXPECT_TRUE(std::filesystem::exists(view_file())) << "of what it sees now";
  sight.close();
  std::vector<json> minutes;
  for (const json& record : records())
    minutes.insert(minutes.end(), record.at("minutes").begin(), record.at("minutes").end());
  ASSERT_EQ(minutes.size(), 14U);
  EXPECT_EQ(minutes[7].at("could_read"), "no");
  for (std::size_t i = 8; i < 13; ++i) {
    EXPECT_EQ(minutes[i].at("view"), "unknown") << i;
    EXPECT_EQ(minutes[i].at("could_read"), "yes") << i;
  }
  EXPECT_EQ(minutes[13].at("view"), "as_commissioned");
}

TEST_F(SightKeeperTest, AForgottenViewDoesNotComeBack) {
  {
    SightKeeper sight = keeper();
    for (int i = 0; i < 5; ++i)
      static_cast<void>(minute(sight));
    ASSERT_TRUE(std::filesystem::exists(view_file()));
    ASSERT_TRUE(sight.forget_view());
    static_cast<void>(minute(sight));
  }
  EXPECT_FALSE(std::filesystem::exists(view_file()));
  SightKeeper again = keeper();
  static_cast<void>(minute(again));
  again.close();
  EXPECT_EQ(records().back().at("minutes")[0].at("view"), "unknown");
}

// Nobody has looked since it was learnt: there is no file yet.
TEST_F(SightKeeperTest, AViewThatIsForgottenBeforeItWasKeptIsNotKept) {
  SightKeeper sight = keeper();
  for (int i = 0; i < 4; ++i)
    static_cast<void>(minute(sight));
  for (int i = 0; i < 61; ++i, clock_.wait_s(1)) {
    FrameInfo info;
    info.number = FrameNumber(++frames_);
    info.monotonic = clock_.monotonic_now();
    sight.saw_frame(*make_frame(info, wall()).value());
  }
  ASSERT_FALSE(std::filesystem::exists(view_file()));
  const auto said = sight.forget_view();
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_THAT(*said, HasSubstr("The commissioned view is forgotten"));
  static_cast<void>(sight.look());
  EXPECT_FALSE(std::filesystem::exists(view_file()));
}

TEST_F(SightKeeperTest, WithoutAViewThatIsSaidAndThereIsNothingToForget) {
  SightKeeper sight = keeper();
  static_cast<void>(minute(sight));
  const auto said = sight.forget_view();
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_THAT(*said, HasSubstr("There is no commissioned view yet: it is learnt from"));
}

TEST_F(SightKeeperTest, ADamagedViewThatIsForgottenIsLearntAnewAndKept) {
  ASSERT_TRUE(replace_file(view_file(), as_bytes(std::string("WSV1 and no more"))));
  SightKeeper sight = keeper();
  const auto said = sight.forget_view();
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_THAT(*said, HasSubstr("The commissioned view is forgotten"));
  EXPECT_FALSE(health_.problems().contains("commissioned-view"));
  for (int i = 0; i < 5; ++i)
    static_cast<void>(minute(sight));
  const auto kept = read_text_file(view_file());
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_TRUE(decode_view(as_bytes(*kept)));
}

TEST_F(SightKeeperTest, WhereItsFileCannotBeRemovedTheViewStaysAndThatIsSaid) {
  SightKeeper sight = keeper();
  for (int i = 0; i < 5; ++i)
    static_cast<void>(minute(sight));
  std::filesystem::remove_all(folder_.path());
  std::ofstream(folder_.path()) << "no folder";
  const auto said = sight.forget_view();
  ASSERT_FALSE(said);
  EXPECT_EQ(said.error().code, ErrorCode::io);
  EXPECT_THAT(said.error().message, HasSubstr("the commissioned view stays: cannot remove "));
  static_cast<void>(minute(sight));
  sight.close();
  EXPECT_EQ(records().back().at("minutes")[5].at("view"), "as_commissioned");
}

TEST_F(SightKeeperTest, FramesLostElsewhereCountInTheirMinute) {
  SightKeeper sight = keeper();
  static_cast<void>(minute(sight));
  counters_.counter("camera_frames_missed").add(150);
  counters_.counter("frames_dropped").add(2);
  static_cast<void>(minute(sight));
  static_cast<void>(minute(sight));
  sight.close();
  const json minutes = records().at(0).at("minutes");
  EXPECT_EQ(minutes[0].at("frames_missed"), 0);
  EXPECT_EQ(minutes[1].at("frames_missed"), 150);
  EXPECT_EQ(minutes[1].at("frames_dropped"), 2);
  EXPECT_EQ(minutes[1].at("could_read"), "no");
  EXPECT_EQ(minutes[2].at("could_read"), "yes");
}

TEST_F(SightKeeperTest, WhatTheQueueDoesNotTakeWaits) {
  SightKeeper sight = keeper();
  refuses_ = true;
  for (int i = 0; i < 25; ++i)
    EXPECT_FALSE(minute(sight)) << i;
  refuses_ = false;
  EXPECT_TRUE(minute(sight));
  sight.close();
  const auto all = records();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].at("from"), "2026-09-01T08:00:00.000Z");
  EXPECT_EQ(all[1].at("from"), "2026-09-01T08:10:00.000Z");
  EXPECT_EQ(all[2].at("minutes").size(), 6U);
}

}  // namespace
}  // namespace wayside::app
