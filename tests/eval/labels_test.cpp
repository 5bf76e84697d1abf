#include "wayside/eval/labels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside::eval {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string plate_error(std::string_view text) {
  const auto labels = parse_plate_labels(text, "l.csv");
  return labels ? "no error" : labels.error().message;
}

std::string clip_error(std::string_view text) {
  const auto labels = parse_clip_labels(text, "c.csv");
  return labels ? "no error" : labels.error().message;
}

TEST(PlateLabels, AreReadWithBoxTextAndTags) {
  const auto labels = parse_plate_labels(
      "file,x,y,w,h,text,tags,source\n./a/b.jpg,-1.5,2,30,10,ab 12 cde,fmt=current  small,src=x\n"
      "a/b.jpg,5,5,5,5,A1,,\n",
      "l.csv");
  ASSERT_TRUE(labels) << labels.error().message;
  ASSERT_EQ(labels->size(), 2U);
  EXPECT_EQ(labels->at(0).file, "a/b.jpg");
  EXPECT_EQ(labels->at(0).box, cv::Rect2d(-1.5, 2, 30, 10));
  EXPECT_EQ(labels->at(0).text, "AB12CDE");
  EXPECT_THAT(labels->at(0).tags, ElementsAre("fmt=current", "small"));
  EXPECT_EQ(labels->at(1).line, 3U);
}

TEST(PlateLabels, HeaderAloneAndMissingOptionalColumnsAreFine) {
  EXPECT_TRUE(parse_plate_labels("file,x,y,w,h,text,tags\n", "l.csv")->empty());
  EXPECT_EQ(parse_plate_labels("text,h,w,y,x,file\nA1,1,2,3,4,f.png\n", "l.csv")->at(0).box,
            cv::Rect2d(4, 3, 2, 1));
}

TEST(PlateLabels, ErrorsNameLineColumnAndForm) {
  const std::string header = "file,x,y,w,h,text,tags\n";
  EXPECT_EQ(plate_error(header + "a.jpg,1,2,3,0,A1,\n"),
            "l.csv, line 2, column h: \"0\"; expected pixels, a number from 1");
  EXPECT_EQ(plate_error(header + "a.jpg,one,2,3,4,A1,\n"),
            "l.csv, line 2, column x: \"one\"; expected pixels, a number");
  EXPECT_EQ(plate_error(header + "a.jpg,nan,2,3,4,A1,\n"),
            "l.csv, line 2, column x: \"nan\"; expected pixels, a number");
  EXPECT_EQ(plate_error(header + "a.jpg,1,2,3,4,--,\n"),
            "l.csv, line 2, column text: no letter or digit in it; expected what the plate says");
  EXPECT_EQ(plate_error(header + "/a.jpg,1,2,3,4,A1,\n"),
            "l.csv, line 2, column file: \"/a.jpg\"; expected a path relative to the measured folder");
  EXPECT_THAT(plate_error("file,x,y,w,h,txt\n"),
              HasSubstr("line 1: unknown column \"txt\", did you mean text?"));
  EXPECT_THAT(load_plate_labels("/nowhere/l.csv").error().message, HasSubstr("/nowhere/l.csv"));
}

TEST(PlateLabels, ErrorsNeverShowTheText) {
  EXPECT_THAT(plate_error("file,x,y,w,h,text,tags\na.jpg,1,2,3,4,AB12CDE\n"),
              testing::Not(HasSubstr("AB12CDE")));
}

TEST(PlateLabels, CoreLeavesOutTheHardGroups) {
  const auto core = [](std::vector<std::string> tags) {
    return PlateLabel{1, "f", {}, "A1", std::move(tags)}.core();
  };
  EXPECT_TRUE(core({"fmt=current", "small", "box=approx(LBP)"}));
  EXPECT_TRUE(core({}));
  for (const std::string tag : {"oblique", "2line", "vintage-dark", "dup", "irl", "fmt=irl"})
    EXPECT_FALSE(core({"fmt=suffix", tag})) << tag;
}

TEST(ClipLabels, AreReadWithNoneOneAndMoreVehicles) {
  const auto labels = parse_clip_labels("file,vrms,country\na.avi,28RBN4 62-pbvt,NL\nb.mp4,,\n", "c.csv");
  ASSERT_TRUE(labels) << labels.error().message;
  EXPECT_THAT(labels->at(0).vrms, ElementsAre("28RBN4", "62PBVT"));
  EXPECT_EQ(labels->at(0).country, "NL");
  EXPECT_TRUE(labels->at(1).vrms.empty());
}

TEST(ClipLabels, ErrorsNameLineAndForm) {
  EXPECT_THAT(clip_error("file,vrm\n"), HasSubstr("unknown column \"vrm\", did you mean vrms?"));
  EXPECT_THAT(clip_error("file,vrms\na.avi,X1\na.avi,Y1\n"), HasSubstr("c.csv, line 3, column file"));
  EXPECT_THAT(clip_error("file,vrms\na.avi,X1 --\n"), HasSubstr("c.csv, line 2, column vrms"));
}

TEST(Texts, AreCompared) {
  EXPECT_EQ(normal_text("ab 12-cDe\xC3\xA9"), "AB12CDE");
  EXPECT_EQ(folded_text("OI10 abo"), "0110AB0");
}

TEST(PlateLabels, RepeatsAreTakenOutAndOddSignsAreMarked) {
  auto labels = parse_plate_labels(
      "file,x,y,w,h,text\na,1,2,30,10,AB12 CDE\na,1,2,30,10,ab12-cde\na,1,3,30,10,AB12CDE\nb,1,2,30,10,AB1? "
      "CDE\n",
      "l.csv");
  ASSERT_TRUE(labels) << labels.error().message;
  const std::vector<PlateLabel> repeats = take_repeats(*labels);
  ASSERT_EQ(repeats.size(), 1U);
  EXPECT_EQ(repeats.front().line, 3U);
  ASSERT_EQ(labels->size(), 3U);
  EXPECT_FALSE(labels->at(0).odd_text);
  EXPECT_TRUE(labels->at(2).odd_text);
  EXPECT_EQ(labels->at(2).text, "AB1CDE");
}

}  // namespace
}  // namespace wayside::eval
