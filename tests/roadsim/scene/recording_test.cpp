#include "wayside/roadsim/scene/recording.hpp"

#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <opencv2/videoio.hpp>
#include <turbojpeg.h>

#include "small_scene.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::roadsim {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

int frames_of(const std::filesystem::path& video) {
  cv::VideoCapture capture(video.string());
  cv::Mat picture;
  int frames = 0;
  while (capture.read(picture))
    ++frames;
  return frames;
}

// What a strict decoder says against the pictures of an AVI, one line each; empty: nothing.
std::string complaints_about(const std::string& avi, int frames) {
  const std::unique_ptr<void, decltype(&tjDestroy)> decoder(tjInitDecompress(), &tjDestroy);
  std::string complaints;
  std::size_t at = avi.find("movi");
  for (int frame = 0; frame < frames; ++frame) {
    at = avi.find("00dc", at);
    if (at == std::string::npos) return complaints + "frame " + std::to_string(frame) + " is missing\n";
    std::uint32_t size = 0;
    std::memcpy(&size, avi.data() + at + 4, sizeof size);
    const std::string jpeg = avi.substr(at + 8, size);
    at += 8 + size;
    const auto* bytes = reinterpret_cast<const unsigned char*>(jpeg.data());
    int width = 0, height = 0, sampling = 0;
    bool whole = tjDecompressHeader2(decoder.get(), const_cast<unsigned char*>(bytes), jpeg.size(), &width,
                                     &height, &sampling) == 0;
    if (whole) {
      std::vector<unsigned char> pixels(static_cast<std::size_t>(width * height) * 3);
      whole =
          tjDecompress2(decoder.get(), bytes, jpeg.size(), pixels.data(), width, 0, height, TJPF_BGR, 0) == 0;
    }
    if (!whole) complaints += "frame " + std::to_string(frame) + ": " + tjGetErrorStr2(decoder.get()) + "\n";
  }
  return complaints;
}

TEST(Recording, EveryPictureOfAMotionJpegVideoIsWhole) {
  const doubles::TemporaryFolder folder;
  const Scene scene = test::scene_of(test::small("day", 4, 2));
  const auto recorded = record_scene(scene, folder.path() / "scene");
  ASSERT_TRUE(recorded) << recorded.error().message;
  EXPECT_EQ(complaints_about(text_of(recorded->video), 50), "");
}

TEST(Recording, AMotionJpegVideoHoldsThePicturesAsDrawnAtTheirRate) {
  const doubles::TemporaryFolder folder;
  Scenario scenario = test::small("day", 4, 0.4);
  scenario.height = 262;  // a last row of blocks that the picture fills in part
  scenario.fps = 29.97;
  const Scene scene = test::scene_of(scenario);
  const auto recorded = record_scene(scene, folder.path() / "scene");
  ASSERT_TRUE(recorded) << recorded.error().message;
  cv::VideoCapture capture(recorded->video.string(), cv::CAP_FFMPEG);
  EXPECT_NEAR(capture.get(cv::CAP_PROP_FPS), 29.97, 1e-4);
  EXPECT_EQ(capture.get(cv::CAP_PROP_FRAME_COUNT), 12);
  cv::Mat picture;
  for (int frame = 0; frame < 12; ++frame) {
    ASSERT_TRUE(capture.read(picture));
    EXPECT_GT(cv::PSNR(picture, scene.render(frame, scene.planned_exposure())), 36) << frame;
  }
  EXPECT_FALSE(capture.read(picture));
}

TEST(Recording, VideoSidecarAndTruthAgree) {
  for (const Codec codec : {Codec::mjpeg, Codec::h264}) {
    const doubles::TemporaryFolder folder;
    Scenario scenario = test::small("day", 4, 2);
    scenario.codec = codec;
    const Scene scene = test::scene_of(scenario);
    int last = 0;
    const auto recorded = record_scene(scene, folder.path() / "new" / "scene", [&](int done, int of) {
      EXPECT_EQ(done, last + 1);
      EXPECT_EQ(of, 50);
      last = done;
    });
    ASSERT_TRUE(recorded) << recorded.error().message;
    EXPECT_EQ(last, 50);
    EXPECT_EQ(frames_of(recorded->video), 50);

    std::istringstream sidecar(text_of(recorded->sidecar));
    std::string line;
    std::getline(sidecar, line);
    EXPECT_EQ(line, "frame,utc_ms,monotonic_ns,exposure_us,gain_db,strobe");
    std::getline(sidecar, line);
    EXPECT_EQ(line, "0,1780315200000,0,600,3.5,0.00");
    std::getline(sidecar, line);
    EXPECT_EQ(line, "1,1780315200040,40000000,600,3.5,0.00");
    int lines = 2;
    while (std::getline(sidecar, line))
      ++lines;
    EXPECT_EQ(lines, 50);

    const auto truth = nlohmann::json::parse(text_of(recorded->truth_file));
    EXPECT_EQ(truth.at("version"), 1);
    EXPECT_EQ(truth.at("video"), recorded->video.filename().string());
    EXPECT_EQ(truth.at("frames"), 50);
    EXPECT_EQ(truth.at("width"), 480);
    ASSERT_EQ(truth.at("lanes").size(), 2U);
    for (const auto& lane : truth.at("lanes")) {
      EXPECT_GE(lane.at("polygon").size(), 3U);
      for (const auto& p : lane.at("polygon")) {
        EXPECT_GE(p.at(0).get<double>(), 0);
        EXPECT_LE(p.at(1).get<double>(), 1);
      }
    }
    ASSERT_FALSE(truth.at("vehicles").empty());
    const auto& view = truth.at("vehicles").at(0).at("frames").at(0);
    EXPECT_EQ(view.at("quad").size(), 4U);
    EXPECT_GT(view.at("width_px").get<double>(), 0);
  }
}

TEST(Recording, TheFilesAreTheSameWhateverTheNumberOfThreads) {
  for (const char* preset : {"dense", "rain"}) {
    const doubles::TemporaryFolder folder;
    Scenario scenario = test::small(preset, 6, 0.6);
    scenario.width = 320;
    scenario.height = 180;
    std::vector<std::string> files;
    for (const int threads : {1, 3}) {
      // A scene of its own each: what is kept for the next frame is then filled in another order.
      const Scene scene = test::scene_of(scenario);
      const auto recorded =
          record_scene(scene, folder.path() / std::to_string(threads) / "scene", {}, threads);
      ASSERT_TRUE(recorded) << recorded.error().message;
      files.push_back(text_of(recorded->video) + text_of(recorded->truth_file));
      EXPECT_GT(files.back().size(), 10'000U);
      EXPECT_EQ(files.back() == files.front(), true) << preset << ", " << threads << " threads";
      SceneTruth alone = scene.truth();
      alone.video = recorded->truth.video;
      EXPECT_EQ(truth_json(recorded->truth) == truth_json(alone), true) << preset;
    }
  }
}

TEST(Recording, WhatTheCallerThrowsComesBackWithTheThreadsEnded) {
  const doubles::TemporaryFolder folder;
  const Scene scene = test::scene_of(test::small("dense", 2, 1));
  struct Enough {};
  const auto stop = [](int done, int) {
    if (done == 3) throw Enough();
  };
  EXPECT_THROW(static_cast<void>(record_scene(scene, folder.path() / "scene", stop, 3)), Enough);
}

TEST(Recording, AFolderThatCannotBeMadeIsNamed) {
  const doubles::TemporaryFolder folder;
  std::ofstream(folder.path() / "file") << "x";
  const Scene scene = test::scene_of(test::small("empty", 1, 0.1));
  const auto recorded = record_scene(scene, folder.path() / "file" / "scene");
  ASSERT_FALSE(recorded);
  EXPECT_EQ(recorded.error().code, ErrorCode::io);
  EXPECT_THAT(recorded.error().message, ::testing::HasSubstr("cannot make the folder"));
  EXPECT_FALSE(record_scene(scene, folder.path() / ""));
}

TEST(Recording, AVideoThatCannotBeWrittenIsNamed) {
  for (const Codec codec : {Codec::mjpeg, Codec::h264}) {
    const doubles::TemporaryFolder folder;
    std::filesystem::create_directories(folder.path() / "scene.part.avi");
    std::filesystem::create_directories(folder.path() / "scene.part.mp4");
    std::ofstream(folder.path() / "scene.frames.csv") << "an earlier scene's";
    Scenario scenario = test::small("empty", 1, 0.1);
    scenario.codec = codec;
    const auto recorded = record_scene(test::scene_of(scenario), folder.path() / "scene");
    ASSERT_FALSE(recorded);
    EXPECT_EQ(recorded.error().code, ErrorCode::io);
    EXPECT_THAT(recorded.error().message, ::testing::HasSubstr("cannot write the video"));
    EXPECT_EQ(text_of(folder.path() / "scene.frames.csv"), "an earlier scene's");
  }
}

TEST(Recording, AnEarlierSceneOfTheOtherFormGoes) {
  const doubles::TemporaryFolder folder;
  Scenario scenario = test::small("empty", 1, 0.1);
  for (const Codec codec : {Codec::h264, Codec::mjpeg}) {
    scenario.codec = codec;
    ASSERT_TRUE(record_scene(test::scene_of(scenario), folder.path() / "scene"));
    EXPECT_EQ(std::filesystem::exists(folder.path() / "scene.mp4"), codec == Codec::h264);
    EXPECT_EQ(std::filesystem::exists(folder.path() / "scene.avi"), codec == Codec::mjpeg);
  }
}

TEST(Recording, APlaceThatIsNoFileIsToldBeforeTheDrawing) {
  for (const char* name : {"scene.avi", "scene.frames.csv", "scene.truth.json"}) {
    const doubles::TemporaryFolder folder;
    std::filesystem::create_directories(folder.path() / name);
    Scenario scenario = test::small("empty", 1, 0.1);
    scenario.codec = Codec::mjpeg;
    int drawn = 0;
    const auto recorded =
        record_scene(test::scene_of(scenario), folder.path() / "scene", [&](int, int) { ++drawn; });
    ASSERT_FALSE(recorded) << name;
    EXPECT_EQ(recorded.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(recorded.error().message, ::testing::HasSubstr(std::string(name) + " is a folder"));
    EXPECT_EQ(drawn, 0);
  }
}

TEST(Recording, TheSiteFileHasATableForEachLane) {
  const std::string site = site_toml({{1, Direction::towards, {{0.1, 0.2}, {0.4, 0.2}, {0.5, 1}}},
                                      {2, Direction::away, {{0, 0}, {1, 0}, {1, 1}}}});
  EXPECT_EQ(site,
            "[[lane]]\nnumber = 1\npolygon = [[0.10000, 0.20000], [0.40000, 0.20000], [0.50000, 1.00000]]\n\n"
            "[[lane]]\nnumber = 2\npolygon = [[0.00000, 0.00000], [1.00000, 0.00000], [1.00000, 1.00000]]\n");
}

TEST(Recording, ALegiblePlateIsWideAndWhollySeenInThreeFrames) {
  VehicleTruth vehicle;
  for (int frame = 0; frame < 3; ++frame)
    vehicle.views.push_back({frame, {}, 80, 0.98});
  EXPECT_TRUE(legible(vehicle));
  vehicle.views[1].width_px = 79.9;
  EXPECT_FALSE(legible(vehicle));
  vehicle.views[1].width_px = 80;
  vehicle.views[2].visible = 0.97;
  EXPECT_FALSE(legible(vehicle));
}

}  // namespace
}  // namespace wayside::roadsim
