#include "drivers/replay_source/replay_source.hpp"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/doubles/temporary_folder.hpp"
#include "tests/drivers/replay_source/recordings.hpp"

namespace wayside {
namespace {

using doubles::play;
using doubles::Played;
using doubles::TemporaryFolder;
using testing::HasSubstr;

void expect_frame(const Frame& frame, int which) {
  EXPECT_NEAR(cv::mean(frame.luma())[0], doubles::brightness(which) + 6, 4) << which;
}

class ReplayVideo : public testing::TestWithParam<std::string> {
 protected:
  TemporaryFolder folder_;
  std::filesystem::path clip_ = folder_.path() / ("clip" + GetParam());
};
INSTANTIATE_TEST_SUITE_P(Kinds, ReplayVideo, testing::Values(".avi", ".mp4"),
                         [](const auto& kind) { return kind.param.substr(1); });

TEST_P(ReplayVideo, DeliversEveryFrameInOrderWithRisingTimes) {
  doubles::write_video(clip_, 12);
  const Played played = play(clip_);
  EXPECT_EQ(played.error, "");
  ASSERT_EQ(played.frames.size(), 12U);
  for (int i = 0; i < 12; ++i) {
    const Frame& frame = *played.frames[static_cast<std::size_t>(i)];
    expect_frame(frame, i);
    EXPECT_EQ(frame.info().number, FrameNumber(static_cast<std::uint64_t>(i)));
    EXPECT_NEAR(static_cast<double>(frame.info().monotonic.ns), i * 1e8, 1e6);
    EXPECT_EQ(frame.info().utc.ms, 1'767'225'600'000 + i * 100);
    EXPECT_EQ(frame.bgr().size(), cv::Size(64, 48));
  }
}

TEST_P(ReplayVideo, TheSameRecordingGivesTheSameFramesAgain) {
  doubles::write_video(clip_, 8);
  const Played one = play(clip_);
  const Played two = play(clip_);
  ASSERT_EQ(one.frames.size(), 8U);
  ASSERT_EQ(two.frames.size(), 8U);
  for (std::size_t i = 0; i < one.frames.size(); ++i) {
    EXPECT_EQ(cv::norm(one.frames[i]->bgr(), two.frames[i]->bgr(), cv::NORM_INF), 0);
    EXPECT_EQ(one.frames[i]->info().monotonic, two.frames[i]->info().monotonic);
    EXPECT_EQ(one.frames[i]->info().utc, two.frames[i]->info().utc);
  }
}

TEST_P(ReplayVideo, RunsAreJoinedWithoutAStepBack) {
  doubles::write_video(clip_, 5);
  ReplayOptions options;
  options.path = clip_;
  options.runs = 3;
  const Played played = play(options);
  EXPECT_EQ(played.error, "");
  ASSERT_EQ(played.frames.size(), 15U);
  for (std::size_t i = 0; i < 15; ++i) {
    expect_frame(*played.frames[i], static_cast<int>(i % 5));
    EXPECT_EQ(played.frames[i]->info().number.value(), i);
    EXPECT_NEAR(static_cast<double>(played.frames[i]->info().monotonic.ns), static_cast<double>(i) * 1e8,
                1e6);
    EXPECT_NEAR(static_cast<double>(played.frames[i]->info().utc.ms - 1'767'225'600'000),
                static_cast<double>(i) * 100, 2);
  }
  options.runs = 0;
  EXPECT_EQ(play(options, 42).frames.size(), 42U);
}

TEST_P(ReplayVideo, SidecarGivesNumbersTimesAndExposure) {
  doubles::write_video(clip_, 3);
  doubles::write_text(
      folder_.path() / "clip.frames.csv",
      "frame,utc_ms,monotonic_ns,exposure_us,gain_db,strobe\n"
      "10,1780000000000,500,250,6.0,1.0\n12,1780000000040,40000500,,,\n13,1780000000080,80000500,,,0\n");
  ReplayOptions options;
  options.path = clip_;
  options.runs = 2;
  const Played played = play(options);
  EXPECT_EQ(played.error, "");
  ASSERT_EQ(played.frames.size(), 6U);
  EXPECT_EQ(played.frames[0]->info().number, FrameNumber(10));
  EXPECT_EQ(played.frames[0]->info().exposure_us, 250);
  EXPECT_EQ(played.frames[1]->info().utc.ms, 1'780'000'000'040);
  EXPECT_EQ(played.frames[2]->info().strobe_level, 0.0);
  EXPECT_EQ(played.frames[3]->info().number, FrameNumber(14));
  EXPECT_EQ(played.frames[3]->info().monotonic.ns, 120'000'500);
  EXPECT_EQ(played.frames[3]->info().utc.ms, 1'780'000'000'120);
  EXPECT_EQ(played.frames[4]->info().number, FrameNumber(16));
}

TEST_P(ReplayVideo, SidecarTooShortOrTooLongIsAnErrorAtThatFrame) {
  doubles::write_video(clip_, 3);
  const auto sidecar = folder_.path() / "clip.frames.csv";
  doubles::write_text(sidecar, "frame,utc_ms,monotonic_ns\n0,1,0\n1,2,10\n");
  Played played = play(clip_);
  EXPECT_EQ(played.frames.size(), 2U);
  EXPECT_EQ(played.error, sidecar.string() + " ends at line 3, before " + clip_.string() +
                              ", frame 2; expected one line a frame");
  doubles::write_text(sidecar, "frame,utc_ms,monotonic_ns\n0,1,0\n1,2,10\n2,3,20\n3,4,30\n");
  played = play(clip_);
  EXPECT_EQ(played.frames.size(), 3U);
  EXPECT_EQ(played.error,
            clip_.string() + " ends after 3 frames; " + sidecar.string() + ", line 5 promises one more");
  doubles::write_text(sidecar, "frame,utc_ms,monotonic_ns\n0,1,x\n");
  EXPECT_THAT(play(clip_).error, HasSubstr("clip.frames.csv, line 2, column monotonic_ns: \"x\""));
}

TEST_P(ReplayVideo, CutShortItDeliversWhatThereIsAndThenNamesTheFrame) {
  doubles::write_video(clip_, 20);
  const std::string whole = doubles::read_bytes(clip_);
  // Half of what follows the AVI header, whose padding is larger than these small pictures.
  const std::size_t begin = GetParam() == ".avi" ? whole.find("movi") : 0;
  doubles::write_text(clip_, whole.substr(0, begin + (whole.size() - begin) / 2));
  const Played played = play(clip_);
  EXPECT_THAT(played.error, HasSubstr(clip_.string()));
  EXPECT_LT(played.frames.size(), 20U);
  if (GetParam() == ".avi") {  // an MP4's index stands at its end: without it nothing can be found
    EXPECT_GT(played.frames.size(), 5U);
    EXPECT_THAT(played.error, HasSubstr("ends after frame " + std::to_string(played.frames.size() - 1)));
    EXPECT_THAT(played.error, HasSubstr("its index promises 20"));
  } else {
    EXPECT_THAT(played.error, HasSubstr("cannot be opened"));
  }
}

TEST_P(ReplayVideo, DamagedBytesNeverCrash) {
  doubles::write_video(clip_, 20);
  const std::string whole = doubles::read_bytes(clip_);
  cv::RNG random(11);
  for (int round = 0; round < 30; ++round) {
    std::string damaged = whole;
    for (int i = 0; i < 60; ++i)
      damaged[static_cast<std::size_t>(random.uniform(0, static_cast<int>(damaged.size())))] =
          static_cast<char>(random.uniform(0, 256));
    doubles::write_text(clip_, damaged);
    const Played played = play(clip_);
    EXPECT_LE(played.frames.size(), 1000U);
  }
}

TEST(Replay, PacedFramesComeWhenDueAndNotBefore) {
  const TemporaryFolder folder;
  const auto clip = folder.path() / "clip.avi";
  doubles::write_video(clip, 4, 20);
  const auto clock = make_system_clock();
  ReplayOptions options;
  options.path = clip;
  options.realtime_paced = true;
  const auto source = open_replay(options, *clock);
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_FALSE((*source)->waits_for_reader());
  ASSERT_TRUE((*source)->start());
  ASSERT_TRUE(std::holds_alternative<FramePtr>(*(*source)->next(std::chrono::seconds(1))));
  const MonotonicTime begin = clock->monotonic_now();
  // Within a limit that is too short the frame is not lost, only not there yet.
  ASSERT_TRUE(std::holds_alternative<Stalled>(*(*source)->next(std::chrono::milliseconds(1))));
  for (std::uint64_t i = 1; i < 4; ++i) {
    const auto next = (*source)->next(std::chrono::seconds(5));
    ASSERT_TRUE(next && std::holds_alternative<FramePtr>(*next));
    EXPECT_EQ(std::get<FramePtr>(*next)->info().number.value(), i);
  }
  EXPECT_GE((clock->monotonic_now() - begin).count(),
            140'000'000);  // three periods of 50 ms, less the first call's own
  EXPECT_TRUE(std::holds_alternative<EndOfStream>(*(*source)->next(std::chrono::seconds(1))));
}

TEST(Replay, StopEndsAWaitAtOnce) {
  const TemporaryFolder folder;
  const auto clip = folder.path() / "clip.avi";
  doubles::write_video(clip, 2);
  doubles::write_text(folder.path() / "clip.frames.csv",
                      "frame,utc_ms,monotonic_ns\n0,1,0\n1,2,3600000000000\n");
  const auto clock = make_system_clock();
  ReplayOptions options;
  options.path = clip;
  options.realtime_paced = true;
  const auto source = open_replay(options, *clock);
  ASSERT_TRUE(source) << source.error().message;
  ASSERT_TRUE((*source)->start());
  ASSERT_TRUE((*source)->next(std::chrono::seconds(1)));
  std::jthread stopper([&] { (*source)->stop(); });
  const auto next = (*source)->next(std::chrono::hours(1));
  ASSERT_TRUE(next);
  EXPECT_TRUE(std::holds_alternative<EndOfStream>(*next));
}

TEST(Replay, FolderInNaturalOrderAndByItsSidecar) {
  const TemporaryFolder folder;
  for (const int i : {0, 1, 10})
    ASSERT_TRUE(
        cv::imwrite((folder.path() / ("f" + std::to_string(i) + ".png")).string(), doubles::picture_of(i)));
  ReplayOptions options;
  options.path = folder.path();
  options.pictures_per_s = 10;
  Played played = play(options);
  EXPECT_EQ(played.error, "");
  ASSERT_EQ(played.frames.size(), 3U);
  expect_frame(*played.frames[2], 10);
  EXPECT_EQ(played.frames[2]->info().monotonic.ns, 200'000'000);

  const auto sidecar = folder.path() / "frames.csv";
  const std::string header = "file,frame,utc_ms,monotonic_ns\n";
  doubles::write_text(sidecar, header + "f10.png,0,1,0\nf1.png,1,2,10\nf0.png,5,3,20\n");
  played = play(options);
  EXPECT_EQ(played.error, "");
  ASSERT_EQ(played.frames.size(), 3U);
  expect_frame(*played.frames[0], 10);
  EXPECT_EQ(played.frames[2]->info().number, FrameNumber(5));

  doubles::write_text(sidecar, header + "f10.png,0,1,0\nf2.png,1,2,10\n");
  EXPECT_THAT(play(options).error, HasSubstr("frames.csv, line 3, column file"));
  doubles::write_text(sidecar, header + "f10.png,0,1,0\nf0.png,1,2,10\n");
  EXPECT_THAT(play(options).error, HasSubstr("has no line for the picture f1.png"));
}

TEST(Replay, BadPictureInAFolderIsNamedAfterTheGoodOnes) {
  const TemporaryFolder folder;
  ASSERT_TRUE(cv::imwrite((folder.path() / "f0.png").string(), doubles::picture_of(0)));
  doubles::write_text(folder.path() / "f1.png", "");
  Played played = play(folder.path());
  EXPECT_EQ(played.frames.size(), 1U);
  EXPECT_EQ(played.error,
            "picture 1: " + (folder.path() / "f1.png").string() + " is empty; expected a picture");
  ASSERT_TRUE(cv::imwrite((folder.path() / "f1.png").string(), cv::Mat(1, 1, CV_8UC1, cv::Scalar(9))));
  played = play(folder.path());
  EXPECT_EQ(played.frames.size(), 1U);
  EXPECT_THAT(played.error, HasSubstr("f1.png: frame 1 is 1 x 1 px"));
}

TEST(Replay, WhatIsNoRecordingIsRefusedByName) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "clip.mp4";
  EXPECT_EQ(play(path).error, path.string() + " does not exist; expected a video or a folder of pictures");
  EXPECT_THAT(play(folder.path()).error, HasSubstr("holds no pictures"));
  doubles::write_text(path, "");
  EXPECT_EQ(play(path).error, path.string() + " is empty; expected a video");
  // Playlists would make the decoder open what they name.
  for (const std::string text :
       {"just text", "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "ffconcat version 1.0\nfile x\n"}) {
    doubles::write_text(path, text);
    EXPECT_THAT(play(path).error, HasSubstr("is no video that can be replayed; expected AVI, MP4")) << text;
  }
  doubles::write_text(path, std::string("\0\0\0\x18"
                                        "ftypisom\0\0\0\0isommp41",
                                        24));
  EXPECT_THAT(play(path).error, HasSubstr("clip.mp4 cannot be opened"));
  EXPECT_THAT(play("/dev/null").error, HasSubstr("is neither a file nor a folder"));
}

TEST(Replay, UnreadablePermissionsAreNamed) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const TemporaryFolder folder;
  const auto clip = folder.path() / "clip.avi";
  doubles::write_video(clip, 2);
  ASSERT_EQ(::chmod(clip.c_str(), 0), 0);
  EXPECT_THAT(play(clip).error, HasSubstr("cannot open " + clip.string()));
}

TEST(Replay, ImplausibleRateOfAFolderIsRefused) {
  const TemporaryFolder folder;
  for (const double rate : {0.0, -1.0, 1e9, std::nan("")}) {
    ReplayOptions options;
    options.path = folder.path();
    options.pictures_per_s = rate;
    EXPECT_THAT(play(options).error, HasSubstr("pictures a second; expected")) << rate;
  }
}

}  // namespace
}  // namespace wayside
