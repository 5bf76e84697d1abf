// Floors under the figures in the README: the models that ship, on drawn roads that every machine draws
// alike, and, where they are, on real photographs. Below the measured figures by what another processor's
// rounding may cost.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include <gtest/gtest.h>

#include "wayside/device/clock/clock.hpp"
#include "wayside/eval/clips.hpp"
#include "wayside/eval/images.hpp"
#include "wayside/roadsim/scene/recording.hpp"
#include "wayside/roadsim/scene/scene.hpp"

#include "drivers/replay_source/picture_file.hpp"
#include "drivers/replay_source/replay_source.hpp"
#include "src/app/recogniser.hpp"
#include "tests/doubles/drawn_plate.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

namespace fs = std::filesystem;

eval::Recogniser recogniser() {
  auto made = make_recogniser(recogniser_options({}, doubles::source_folder() / "models"));
  if (!made) throw std::runtime_error(made.error().message);
  return std::move(*made);
}

Status to_nowhere(const std::string&) {
  return {};
}
void quietly(std::size_t, std::size_t) {}

// How many vehicles are to pass; nothing: those of a few seconds.
std::optional<int> vehicles_asked_for() {
  const char* text = std::getenv("WAYSIDE_ROAD_VEHICLES");
  if (text == nullptr) return std::nullopt;
  return std::atoi(text);
}

// Draws one road and drives along it; its run and its truth go to the others.
void drive(roadsim::Scenario scenario, const std::string& name, std::vector<eval::ClipRun>& runs,
           std::map<std::string, eval::SceneTruth>& truths) {
  const doubles::TemporaryFolder folder;
  const auto press = roadsim::PlatePress::load(doubles::source_folder() / "models" / "plates").value();
  // H.264 takes longer over the grain of a night than it takes to draw it.
  scenario.codec = roadsim::Codec::mjpeg;
  const auto recorded =
      roadsim::record_scene(roadsim::Scene::make(scenario, press).value(), folder.path() / name);
  if (!recorded) throw std::runtime_error(recorded.error().message);
  const auto is_video = [](const fs::path& file) { return file.extension() == ".avi"; };
  const auto clips = eval::find_clips({folder.path()}, is_video).value();
  truths.emplace(clips.front().file, eval::truth_beside(clips.front().path).value().value());
  const auto clock = make_system_clock();
  const auto open = [&](const std::string& path) {
    ReplayOptions options;
    options.path = path;
    return open_replay(options, *clock);
  };
  auto made = eval::run_clips(clips, recogniser(), open, to_nowhere, quietly).value();
  runs.push_back(std::move(made.runs.at(0)));
}

eval::ClipScore drive(const std::string& preset) {
  auto scenario = roadsim::preset_scenario(preset).value();
  scenario.seed = 31;
  scenario.seconds = 12;
  std::vector<eval::ClipRun> runs;
  std::map<std::string, eval::SceneTruth> truths;
  // A road a hundred vehicles: one file of them all would be larger than an AVI can be.
  constexpr int most_on_a_road = 100;
  int left = vehicles_asked_for().value_or(0);
  do {
    if (left > 0) scenario.vehicles = std::min(left, most_on_a_road);
    left -= most_on_a_road;
    drive(scenario, "road" + std::to_string(scenario.seed), runs, truths);
    ++scenario.seed;
  } while (left > 0);
  return eval::score_clips(runs, truths);
}

class DrawnRoad : public testing::TestWithParam<const char*> {};

TEST_P(DrawnRoad, EveryLegibleVehicleIsReadExactlyAndOnce) {
  const eval::ClipScore scored = drive(GetParam());
  const eval::SightingScore& score = scored.groups.at(0).score;
  std::printf("%s", eval::table(scored).c_str());
  ASSERT_GE(score.vehicles, 3U);
  EXPECT_GE(100 * score.captured, 99 * score.vehicles);
  EXPECT_GE(100 * score.exact, 98 * score.vehicles);
  // One in 500; of the few of a short road one: lettering on a lorry.
  EXPECT_LE(score.false_sightings, std::max(score.vehicles / 500, std::size_t{1}));
  EXPECT_LE(score.duplicates, score.vehicles / 500);
}

INSTANTIATE_TEST_SUITE_P(Presets, DrawnRoad, testing::Values("day", "night-ir", "rain", "fast"),
                         [](const auto& preset) {
                           std::string name = preset.param;
                           std::erase(name, '-');
                           return name;
                         });

class RealPictures : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::is_directory(shared_)) GTEST_SKIP() << "the measuring pictures are not in " << shared_;
  }
  [[nodiscard]] eval::PictureScore score(const std::string& set, const fs::path& labels) const {
    const auto known =
        labels.empty() ? std::vector<eval::PlateLabel>() : eval::load_plate_labels(labels).value();
    const auto run = eval::read_pictures(
                         shared_ / set, recogniser(), replay::read_picture, replay::is_picture_name,
                         [](const eval::PictureReads&) { return Status(); }, quietly)
                         .value();
    eval::PictureScore scored = eval::score_pictures(run.reads, known);
    std::printf("%s", eval::table(scored).c_str());
    return scored;
  }

  fs::path shared_ = std::getenv("WAYSIDE_SHARED_DATA");
};

void expect_shares(const eval::PictureGroup& group, double captured, double exact) {
  const auto labels = static_cast<double>(group.labels);
  EXPECT_GE(static_cast<double>(group.captured) / labels, captured) << group.name;
  EXPECT_GE(static_cast<double>(group.exact) / labels, exact) << group.name;
}

TEST_F(RealPictures, UkPhotographsAreReadAsTheReadmeSays) {
  const eval::PictureScore scored = score("uk-dev", shared_ / "uk-dev" / "labels.csv");
  ASSERT_EQ(scored.groups.at(1).name, "core");
  ASSERT_GE(scored.groups[1].labels, 100U);
  expect_shares(scored.groups[0], 0.96, 0.90);
  expect_shares(scored.groups[1], 0.985, 0.97);
}

TEST_F(RealPictures, StreetsWithoutPlatesGiveHardlyAnyRead) {
  std::size_t pictures = 0, with_false = 0;
  for (const char* set : {"negatives", "negatives-free"}) {
    const eval::PictureScore scored = score(set, {});
    pictures += scored.unlabelled_pictures;
    with_false += scored.pictures_with_false;
  }
  ASSERT_GE(pictures, 500U);
  EXPECT_LE(200 * with_false, pictures);  // one in 200
}

}  // namespace
}  // namespace wayside::app
