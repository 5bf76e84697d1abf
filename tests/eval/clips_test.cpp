#include "wayside/eval/clips.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "tests/doubles/temporary_folder.hpp"
#include "tests/eval/recogniser_double.hpp"

namespace wayside::eval {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

bool is_avi(const std::filesystem::path& path) {
  return path.extension() == ".avi";
}

class Clips : public testing::Test {
 protected:
  void touch(const std::string& name) { std::ofstream(folder_.path() / name) << "x"; }

  // A read in frame 2 of every clip; "bad.avi" ends in an error, "no.avi" does not open.
  Result<ClipRuns> run(const std::vector<ClipFile>& clips) {
    Recogniser recogniser;
    recogniser.forget = [this] { ++forgotten_; };
    recogniser.new_tracker = [] { return std::make_unique<doubles::EchoTracker>(); };
    recogniser.reads_of = [](const FramePtr& frame) {
      FrameReads reads;
      reads.frame = frame->info();
      if (frame->info().number == FrameNumber(2))
        reads.reads = {doubles::read_of({1, 2, 30, 10}, "28RBN4", 0.5F)};
      return reads;
    };
    const OpenClip open_clip = [](const std::string& path) -> Result<std::unique_ptr<FrameSource>> {
      if (path == "no.avi") return fail(ErrorCode::corrupt, "no.avi cannot be opened");
      return std::make_unique<doubles::ListedSource>(3,
                                                     path == "bad.avi" ? "bad.avi ends after frame 2" : "");
    };
    return run_clips(
        clips, recogniser, open_clip,
        [this](const std::string& line) -> Status {
          lines_.push_back(line);
          return {};
        },
        [](std::size_t, std::size_t) {});
  }
  doubles::TemporaryFolder folder_;
  std::vector<std::string> lines_;
  int forgotten_ = 0;
};

TEST_F(Clips, RunsGiveLinesInTheAgreedFormAndNameWhatFailed) {
  const auto runs = run({{"a.avi", "a.avi"}, {"no.avi", "no.avi"}, {"bad.avi", "bad.avi"}});
  ASSERT_TRUE(runs) << runs.error().message;
  ASSERT_EQ(runs->runs.size(), 2U);
  EXPECT_EQ(runs->runs[0].frames, 3U);
  EXPECT_EQ(forgotten_, 2);
  ASSERT_EQ(runs->skipped.size(), 1U);
  EXPECT_EQ(runs->skipped[0].file, "no.avi");
  ASSERT_EQ(runs->damaged.size(), 1U);
  EXPECT_EQ(runs->damaged[0].why, "bad.avi ends after frame 2");
  ASSERT_EQ(lines_.size(), 2U);
  const auto line = nlohmann::ordered_json::parse(lines_[0]);
  std::vector<std::string> keys;
  for (const auto& [key, value] : line.items())
    keys.push_back(key);
  EXPECT_THAT(keys, ElementsAre("file", "frames", "cpu_s", "passes"));
  EXPECT_EQ(
      line["passes"].dump(),
      R"([{"vrm":"28RBN4","confidence":0.5,"first_frame":2,"last_frame":2,"direction":"towards","reads":3}])");
}

TEST_F(Clips, AreFoundInFoldersAndAsFiles) {
  for (const std::string name : {"b.avi", "a.avi", "labels.csv"})
    touch(name);
  const auto found = find_clips({folder_.path()}, is_avi);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ(found->at(0).file, "a.avi");
  EXPECT_EQ(find_clips({folder_.path() / "b.avi"}, is_avi)->at(0).file, "b.avi");
  EXPECT_THAT(find_clips({folder_.path(), folder_.path() / "b.avi"}, is_avi).error().message,
              HasSubstr("two clips go by the name b.avi"));
  EXPECT_THAT(find_clips({folder_.path() / "c.avi"}, is_avi).error().message, HasSubstr("does not exist"));
  EXPECT_THAT(find_clips({folder_.path()}, [](const auto&) { return false; }).error().message,
              HasSubstr("holds no clips"));
}

TEST_F(Clips, WhatIsNamedLikeOneAndIsNoneIsRefused) {
  const auto refusal = [&](const char* name) {
    const std::string in_folder = find_clips({folder_.path()}, is_avi).error().message;
    EXPECT_EQ(find_clips({folder_.path() / name}, is_avi).error().message, in_folder);
    std::filesystem::remove(folder_.path() / name);
    return in_folder;
  };
  touch("a.avi");
  std::filesystem::create_symlink("nowhere", folder_.path() / "link.avi");
  EXPECT_THAT(refusal("link.avi"), HasSubstr("link.avi is a link to nothing"));
  ASSERT_EQ(::mkfifo((folder_.path() / "pipe.avi").c_str(), 0600), 0);
  EXPECT_THAT(refusal("pipe.avi"), HasSubstr("pipe.avi is a pipe"));
  std::filesystem::create_symlink("/dev/zero", folder_.path() / "zero.avi");
  EXPECT_THAT(refusal("zero.avi"), HasSubstr("zero.avi is a device or socket"));
  std::filesystem::create_directory(folder_.path() / "more.avi");
  EXPECT_THAT(find_clips({folder_.path()}, is_avi).error().message, HasSubstr("more.avi is a folder"));
}

TEST_F(Clips, AreScoredByLabelsAndByTruth) {
  const auto runs = run({{"a.avi", "a.avi"}, {"b.avi", "b.avi"}});
  ASSERT_TRUE(runs);
  const ClipScore by_label = score_clips(
      runs->runs,
      std::vector<ClipLabel>{{2, "a.avi", {"28RBN4", "62PBVT"}, "NL"}, {3, "gone.avi", {"X1"}, "NL"}});
  EXPECT_EQ(by_label.groups.at(0).score.vehicles, 2U);
  EXPECT_EQ(by_label.groups.at(0).score.exact, 1U);
  EXPECT_EQ(by_label.groups.at(1).name, "NL");
  EXPECT_THAT(by_label.unlabelled, ElementsAre("b.avi"));
  EXPECT_THAT(by_label.missing, ElementsAre("gone.avi"));
  EXPECT_EQ(by_label.frames, 6U);
  EXPECT_THAT(table(by_label), HasSubstr("not counted: 1 clips without label line or ground truth"));

  TrueVehicle vehicle{"28RBN4", "towards", {}};
  for (std::uint64_t frame = 1; frame <= 3; ++frame)
    vehicle.views.push_back({frame, doubles::quad_of({1, 2, 30, 10}), 90, 1});
  const ClipScore by_truth =
      score_clips(runs->runs, {{"a.avi", SceneTruth{3, {vehicle}}}, {"b.avi", SceneTruth{3, {}}}});
  EXPECT_EQ(by_truth.groups.at(0).score.vehicles, 1U);
  EXPECT_EQ(by_truth.groups.at(0).score.exact, 1U);
  EXPECT_EQ(by_truth.groups.at(0).score.false_sightings, 1U);
}

}  // namespace
}  // namespace wayside::eval
