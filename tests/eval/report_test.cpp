#include "wayside/eval/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "wayside/base/files.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::eval {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Report, ShowsWhatIsWrongAndOnlyThat) {
  const doubles::TemporaryFolder folder;
  const cv::Rect2d box(10, 10, 50, 10);
  const auto reads = [&](const std::string& file, const std::string& vrm) {
    return PictureReads{file, {{box, {}, vrm, 0.9, {{'<', 0.5F}}, 1, {}, false}}, 1};
  };
  const std::vector<PlateLabel> labels = {{2, "right.png", box, "AA11AAA", {"fmt=current"}},
                                          {3, "wrong.png", box, "BB22BBB", {"<b>"}},
                                          {4, "missed.png", cv::Rect2d(-500, -500, 50, 10), "CC33CCC", {}},
                                          {5, "bad.png", box, "DD44DDD", {}},
                                          {6, "unread.png", box, "EE55EEE", {}}};
  const ReadPicture read_picture = [](const std::filesystem::path& path) -> Result<cv::Mat> {
    if (path.filename() == "bad.png") return fail(ErrorCode::corrupt, "bad.png is damaged");
    return cv::Mat(100, 200, path.filename() == "wrong.png" ? CV_8UC1 : CV_8UC3, cv::Scalar::all(90));
  };
  const auto out = folder.path() / "sheet.html";
  const auto sheet = write_report({reads("right.png", "AA11AAA"), reads("wrong.png", "BB22BBX"),
                                   reads("missed.png", "CC33CCC"), reads("bad.png", "X")},
                                  labels, folder.path(), read_picture, out, [](std::size_t, std::size_t) {});
  ASSERT_TRUE(sheet) << sheet.error().message;
  EXPECT_EQ(sheet->labels, 4U);
  EXPECT_EQ(sheet->wrong, 3U);
  ASSERT_EQ(sheet->skipped.size(), 1U);
  EXPECT_THAT(sheet->missing, testing::ElementsAre("unread.png"));
  const auto html = read_text_file(out);
  ASSERT_TRUE(html);
  EXPECT_THAT(*html, Not(HasSubstr("AA11AAA")));
  EXPECT_THAT(*html, HasSubstr("misread: <b>BB22BBX</b>"));
  EXPECT_THAT(*html, HasSubstr("<b>CC33CCC</b><br>missed"));
  EXPECT_THAT(*html, HasSubstr("&lt;b&gt;"));
  EXPECT_THAT(*html, HasSubstr("data:image/jpeg;base64,/9j/"));
  struct stat info {};
  ASSERT_EQ(::stat(out.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST(Report, OfAFolderThatHasNoneOfThePicturesLeavesAnEarlierSheet) {
  const doubles::TemporaryFolder folder;
  const auto out = folder.path() / "sheet.html";
  ASSERT_TRUE(replace_file(out, as_bytes(std::string("earlier"))));
  const auto sheet = write_report(
      {{"one.png", {}, 1}}, {{2, "one.png", {10, 10, 50, 10}, "AA11AAA", {}}}, folder.path(),
      [](const auto& path) -> Result<cv::Mat> {
        return fail(ErrorCode::not_found, path.string() + " is not there");
      },
      out, [](std::size_t, std::size_t) {});
  ASSERT_FALSE(sheet);
  EXPECT_EQ(sheet.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(sheet.error().message, HasSubstr("one.png is not there"));
  EXPECT_EQ(*read_text_file(out), "earlier");
}

TEST(Report, OfOtherPicturesThanTheLabelsIsNoCleanSheet) {
  const doubles::TemporaryFolder folder;
  const auto out = folder.path() / "sheet.html";
  const ReadPicture read_picture = [](const std::filesystem::path&) -> Result<cv::Mat> {
    return fail(ErrorCode::not_found, "is not asked for");
  };
  for (const std::vector<PictureReads>& reads :
       {std::vector<PictureReads>{}, std::vector<PictureReads>{{"x/one.png", {}, 1}}}) {
    const auto sheet = write_report(reads, {{2, "one.png", {10, 10, 50, 10}, "AA11AAA", {}}}, folder.path(),
                                    read_picture, out, [](std::size_t, std::size_t) {});
    ASSERT_FALSE(sheet);
    EXPECT_EQ(sheet.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(sheet.error().message, HasSubstr("no label is on a picture that the reads are of"));
    EXPECT_FALSE(std::filesystem::exists(out));
  }
}

}  // namespace
}  // namespace wayside::eval
