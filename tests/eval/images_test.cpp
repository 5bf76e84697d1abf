#include "wayside/eval/images.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/doubles/temporary_folder.hpp"
#include "tests/eval/recogniser_double.hpp"

namespace wayside::eval {
namespace {

using doubles::read_of;
using testing::ElementsAre;
using testing::HasSubstr;

ReportedPlate plate(const cv::Rect2d& box, const std::string& vrm, double confidence = 0.9) {
  return {box, {}, vrm, confidence, {}, 1, {}, false};
}

PlateLabel label(const std::string& file, const cv::Rect2d& box, const std::string& text,
                 std::vector<std::string> tags = {}) {
  return {1, file, box, text, std::move(tags)};
}

const PictureGroup& group(const PictureScore& score, const std::string& name) {
  for (const PictureGroup& candidate : score.groups) {
    if (candidate.name == name) return candidate;
  }
  ADD_FAILURE() << "no group " << name;
  return score.groups.front();
}

TEST(PictureScore, PlaceCountsByOverlapOrByTheReportsCentre) {
  const cv::Rect2d known(100, 100, 100, 20);
  const auto captured = [&](const cv::Rect2d& reported) {
    const PictureReads reads{"f", {plate(reported, "A1")}, 0};
    const PlateLabel there = label("f", known, "A1");
    return captured_plates(reads, {&there}).front() != nullptr;
  };
  EXPECT_TRUE(captured(known));
  EXPECT_TRUE(captured({145, 108, 4, 4}));      // tiny, but its centre is inside
  EXPECT_TRUE(captured({100, 90, 100, 19.9}));  // IoU 0.33, centre at (150, 99.95) outside
  EXPECT_FALSE(captured({100, 85, 100, 20}));   // IoU 0.14
  EXPECT_FALSE(captured({300, 100, 100, 20}));
  EXPECT_FALSE(captured({210, 100, 0, 0}));
}

TEST(PictureScore, CapturedExactAndFoldedAreCountedByGroup) {
  const cv::Rect2d box(10, 10, 50, 10);
  const std::vector<PictureReads> reads = {
      {"exact.jpg", {plate(box, "AB12CDE")}, 10},
      {"folded.jpg", {plate(box, "A812CO1")}, 20},
      {"wrong.jpg", {plate(box, "XX12XXX")}, 30},
      {"missed.jpg", {plate({200, 200, 50, 10}, "AB12CDE")}, 40},
  };
  const PictureScore score =
      score_pictures(reads, {label("exact.jpg", box, "AB12CDE", {"fmt=current"}),
                             label("folded.jpg", box, "A812C0I", {"fmt=current", "oblique"}),
                             label("wrong.jpg", box, "AB12CDE", {"fmt=irl"}),
                             label("missed.jpg", box, "AB12CDE", {"fmt=current"})});
  const PictureGroup& all = group(score, "all");
  EXPECT_EQ(all.labels, 4U);
  EXPECT_EQ(all.captured, 3U);
  EXPECT_EQ(all.exact, 1U);
  EXPECT_EQ(all.exact_folded, 2U);
  EXPECT_EQ(group(score, "core").labels, 2U);
  EXPECT_EQ(group(score, "core").exact, 1U);
  EXPECT_EQ(group(score, "fmt=current").captured, 2U);
  EXPECT_EQ(group(score, "oblique").exact_folded, 1U);
  EXPECT_EQ(score.other_reads, 1U);
  EXPECT_EQ(score.false_reads, 0U);
}

TEST(PictureScore, OfSeveralReportsAtOnePlaceTheMostConfidentCounts) {
  const cv::Rect2d box(10, 10, 50, 10);
  const PictureReads reads{"f", {plate(box, "AB12CDE", 0.5), plate(box, "AB12CDF", 0.8)}, 0};
  const PictureScore score = score_pictures({reads}, {label("f", box, "AB12CDE")});
  EXPECT_EQ(group(score, "all").captured, 1U);
  EXPECT_EQ(group(score, "all").exact, 0U);
  EXPECT_EQ(score.other_reads, 1U);
}

TEST(PictureScore, OneReportCapturesOneLabelAndAsManyAreCapturedAsCanBe) {
  const cv::Rect2d left(10, 10, 50, 10);
  const cv::Rect2d right(40, 10, 50, 10);
  const auto of = [&](std::vector<ReportedPlate> plates) {
    return score_pictures({{"f", std::move(plates), 0}},
                          {label("f", left, "LEFT"), label("f", right, "RIGHT")});
  };
  const PictureScore one = of({plate({24, 10, 50, 10}, "RIGHT")});  // at both places
  EXPECT_EQ(group(one, "all").captured, 1U);
  EXPECT_EQ(one.other_reads, 0U);
  // The surer covers the right label better, and has to leave it to the one that can be there alone.
  const PictureScore two = of({plate({26, 10, 50, 10}, "LEFT", 0.9), plate({60, 10, 50, 10}, "RIGHT", 0.5)});
  EXPECT_EQ(group(two, "all").captured, 2U);
  EXPECT_EQ(group(two, "all").exact, 2U);
  // Among those that would do the surest, though it comes last.
  const PictureScore three = of({plate(left, "L", 0.2), plate(right, "R", 0.3), plate(left, "LEFT", 0.8)});
  EXPECT_EQ(group(three, "all").captured, 2U);
  EXPECT_EQ(group(three, "all").exact, 1U);
  EXPECT_EQ(three.other_reads, 1U);
  // A less sure one that finds a free label drives nobody off another, however well that would fit it.
  const PictureScore four = score_pictures(
      {{"f", {plate({100, 100, 200, 50}, "AB12CDE", 0.99), plate({110, 102, 180, 46}, "AB12CDX", 0.4)}, 0}},
      {label("f", {110, 102, 180, 46}, "AB12CDE"), label("f", {60, 90, 400, 100}, "ZZ99ZZZ")});
  EXPECT_EQ(group(four, "all").exact, 1U);
}

TEST(PictureScore, FalseReadsAreThoseOfPicturesWithoutLabels) {
  const cv::Rect2d box(10, 10, 50, 10);
  const PictureScore score =
      score_pictures({{"street.jpg", {plate(box, "A1"), plate(box, "A2")}, 1}, {"empty.jpg", {}, 1}},
                     {label("gone.jpg", box, "A1"), label("gone.jpg", box, "A2")});
  EXPECT_EQ(score.false_reads, 2U);
  EXPECT_EQ(score.unlabelled_pictures, 2U);
  EXPECT_EQ(score.pictures_with_false, 1U);
  EXPECT_THAT(score.missing, ElementsAre("gone.jpg"));
  EXPECT_EQ(score.missing_labels, 2U);
  EXPECT_EQ(group(score, "all").labels, 0U);
  EXPECT_THAT(table(score), HasSubstr("false reads: 2 in 2 pictures without labels, 1.000 a picture"));
  EXPECT_THAT(table(score), HasSubstr("not counted: 2 labels on 1 files that were not read"));
}

TEST(PictureScore, TableGivesSharesWithIntervalsAndTimes) {
  const cv::Rect2d box(10, 10, 50, 10);
  std::vector<PictureReads> reads;
  std::vector<PlateLabel> labels;
  for (int i = 0; i < 20; ++i) {
    const std::string file = std::to_string(i);
    reads.push_back({file, {}, static_cast<double>(i + 1)});
    if (i < 15) reads.back().plates.push_back(plate(box, "AB12CDE"));
    labels.push_back(label(file, box, "AB12CDE", {"fmt=current"}));
  }
  const std::string text = table(score_pictures(reads, labels));
  EXPECT_THAT(text, HasSubstr("all                   20  75.0 % (53.1 to 88.8)"));
  EXPECT_THAT(text, HasSubstr("fmt=current           20  75.0 % (53.1 to 88.8)"));
  EXPECT_THAT(text, HasSubstr("mean 10.5 ms, median 10.0 ms, p95 19.0 ms"));
}

TEST(PictureScore, LabelsOutsideOfTheirPictureAreFound) {
  const std::vector<PlateLabel> labels = {
      label("a", {90, 40, 10, 10}, "IN"), label("a", {95, 40, 10, 10}, "OUT"),
      label("a", {0, -3, 10, 10}, "OUT"), label("b", {900, 900, 10, 10}, "UNREAD")};
  const auto outside = labels_outside(labels, {{"a", {100, 50}}});
  ASSERT_EQ(outside.size(), 2U);
  EXPECT_EQ(outside[0], &labels[1]);
  EXPECT_EQ(outside[1], &labels[2]);
}

TEST(PictureLines, HaveTheAgreedFormAndReadBack) {
  PictureReads reads{"a/b \"c\".jpg", {}, 12.25};
  reads.plates.push_back({cv::Rect2d(1, 2, 30, 10),
                          doubles::quad_of({1, 2, 30, 10}),
                          "AB1",
                          0.87654321,
                          {{'A', 0.5F}, {'B', 0.25F}, {'1', 1.0F}},
                          2,
                          {3.5F, -0.25F, 0.75F},
                          true});
  const std::string line = json_line(reads, false);
  EXPECT_EQ(
      line,
      R"({"file":"a/b \"c\".jpg","plates":[{"box":[1.0,2.0,30.0,10.0],)"
      R"("quad":[[1.0,2.0],[31.0,2.0],[31.0,12.0],[1.0,12.0]],"vrm":"AB1","confidence":0.8765,)"
      R"("chars":[{"c":"A","p":0.5},{"c":"B","p":0.25},{"c":"1","p":1.0}],"lines":2}],"cpu_ms":12.25})");
  PictureReads other = reads;
  other.file = "other.jpg";
  const auto back = parse_reads(json_line(other, false) + "\n\n" + line, "r.jsonl");
  ASSERT_TRUE(back) << back.error().message;
  ASSERT_EQ(back->size(), 2U);
  EXPECT_EQ(back->at(1).file, reads.file);
  EXPECT_EQ(back->at(1).plates.at(0).vrm, "AB1");
  EXPECT_EQ(back->at(1).plates.at(0).box, cv::Rect2d(1, 2, 30, 10));
  EXPECT_EQ(back->at(1).plates.at(0).characters.size(), 3U);
  EXPECT_EQ(back->at(1).plates.at(0).lines, 2);
  const std::string grounded = json_line(reads, true);
  EXPECT_THAT(
      grounded,
      HasSubstr(R"("lines":2,"grounds":{"log_odds":3.5,"line":-0.25,"plate":0.75,"known_form":true}}])"));
  EXPECT_TRUE(parse_reads(grounded, "r.jsonl"));
}

TEST(PictureLines, BadOnesAreNamedByLineAndMember) {
  EXPECT_THAT(parse_reads("{\"file\":1}", "r.jsonl").error().message,
              HasSubstr("r.jsonl, line 1: member \"file\": expected a text"));
  EXPECT_THAT(parse_reads("\n{nonsense", "r.jsonl").error().message,
              HasSubstr("r.jsonl, line 2: not valid JSON"));
  EXPECT_THAT(parse_reads(R"({"cpu_ms":-1e999})", "r.jsonl").error().message,
              HasSubstr("r.jsonl, line 1: a number in it is out of range"));
  EXPECT_THAT(parse_reads(R"({"file":"f","cpu_ms":1,"plates":[{"box":[1,2,3]}]})", "r.jsonl").error().message,
              HasSubstr("expected a list of 4 numbers"));
  EXPECT_THAT(parse_reads("[]", "r.jsonl").error().message, HasSubstr("expected an object"));
}

class ReadPictures : public testing::Test {
 protected:
  void touch(const std::string& name) {
    std::filesystem::create_directories((folder_.path() / name).parent_path());
    std::ofstream(folder_.path() / name) << "x";
  }
  Result<PictureRun> run() {
    Recogniser recogniser;
    recogniser.forget = [this] { ++forgotten_; };
    recogniser.reads_of = [](const FramePtr& frame) {
      FrameReads reads;
      reads.frame = frame->info();
      reads.reads = {read_of({1, 2, 30, 10}, "AB1", 0.5F)};
      return reads;
    };
    const ReadPicture read_picture = [](const std::filesystem::path& path) -> Result<cv::Mat> {
      if (path.filename() == "bad.png") return fail(ErrorCode::corrupt, path.string() + " is damaged");
      if (path.filename() == "dot.png") return cv::Mat(1, 1, CV_8UC1, cv::Scalar(1));
      return cv::Mat(20, 20, CV_8UC3, cv::Scalar::all(1));
    };
    return read_pictures(
        folder_.path(), recogniser, read_picture, [](const auto& path) { return path.extension() == ".png"; },
        [this](const PictureReads& reads) -> Status {
          files_.push_back(reads.file);
          return write_;
        },
        [](std::size_t, std::size_t) {});
  }
  doubles::TemporaryFolder folder_;
  std::vector<std::string> files_;
  Status write_;
  int forgotten_ = 0;
};

TEST_F(ReadPictures, EveryPictureBelowTheFolderIsReadOnceAndTheBadOnesAreNamed) {
  for (const std::string name : {"b.png", "a/c.png", "bad.png", "dot.png", "notes.txt"})
    touch(name);
  std::filesystem::create_symlink("nowhere", folder_.path() / "link.png");
  std::filesystem::create_directory(folder_.path() / "folder.png");
  const auto result = run();
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->reads.size(), 2U);
  EXPECT_EQ(result->reads[0].file, "a/c.png");
  EXPECT_EQ(result->reads[1].file, "b.png");
  EXPECT_EQ(result->reads[0].plates.at(0).characters.at(0).character, 'A');
  EXPECT_FLOAT_EQ(result->reads[0].plates.at(0).characters.at(0).probability, 0.75F);
  EXPECT_EQ(result->reads[0].plates.at(0).box, cv::Rect2d(1, 2, 30, 10));
  EXPECT_EQ(forgotten_, 2);
  EXPECT_THAT(files_, ElementsAre("a/c.png", "b.png"));
  ASSERT_EQ(result->skipped.size(), 3U);
  EXPECT_EQ(result->skipped[0].file, "bad.png");
  EXPECT_THAT(result->skipped[1].why, HasSubstr("1 x 1 px"));
  EXPECT_EQ(result->skipped[2].file, "link.png");
}

TEST_F(ReadPictures, NoPictureNoFolderAndNoRoomAreErrors) {
  EXPECT_THAT(run().error().message, HasSubstr("holds no pictures"));
  touch("a.png");
  write_ = fail(ErrorCode::io, "disk full");
  EXPECT_EQ(run().error().message, "disk full");
  const auto none = read_pictures(folder_.path() / "gone", {}, {}, [](const auto&) { return true; }, {}, {});
  EXPECT_THAT(none.error().message, HasSubstr("gone"));
}

}  // namespace
}  // namespace wayside::eval
