#include "drivers/replay_source/picture_file.hpp"

#include <algorithm>
#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/temporary_folder.hpp"
#include "tests/drivers/replay_source/recordings.hpp"

namespace wayside::replay {
namespace {

using testing::HasSubstr;

TEST(PictureFile, NaturalOrderComparesNumbersByValue) {
  std::vector<std::string> names = {
      "a10", "a2", "b1", "a02", "a", "a1b", "a1", "a99999999999999999999998", "a99999999999999999999997"};
  std::sort(names.begin(), names.end(), in_natural_order);
  EXPECT_THAT(names, testing::ElementsAre("a", "a1", "a1b", "a02", "a2", "a10", "a99999999999999999999997",
                                          "a99999999999999999999998", "b1"));
}

TEST(PictureFile, EveryDepthAndChannelCountBecomesEightBits) {
  const doubles::TemporaryFolder folder;
  const std::vector<std::pair<int, int>> kinds = {
      {CV_8UC1, CV_8UC1}, {CV_8UC3, CV_8UC3}, {CV_8UC4, CV_8UC3}, {CV_16UC1, CV_8UC1}, {CV_16UC3, CV_8UC3}};
  for (const auto& [written, expected] : kinds) {
    const auto path = folder.path() / "p.png";
    const double level = CV_MAT_DEPTH(written) == CV_16U ? 200 * 257 : 200;
    ASSERT_TRUE(cv::imwrite(path.string(), cv::Mat(20, 30, written, cv::Scalar::all(level))));
    const auto picture = read_picture(path);
    ASSERT_TRUE(picture) << picture.error().message;
    EXPECT_EQ(picture->type(), expected) << written;
    EXPECT_EQ(picture->ptr<std::uint8_t>(5)[5], 200) << written;
  }
}

TEST(PictureFile, ErrorsNameTheFile) {
  const doubles::TemporaryFolder folder;
  const auto path = folder.path() / "p.png";
  EXPECT_THAT(read_picture(path).error().message, HasSubstr(path.string()));
  doubles::write_text(path, "");
  EXPECT_EQ(read_picture(path).error().message, path.string() + " is empty; expected a picture");
  doubles::write_text(path, "this is no picture");
  EXPECT_EQ(read_picture(path).error().message,
            path.string() + " cannot be decoded: it is no picture or is damaged");
}

TEST(PictureFile, PicturesCutShortAreErrorsAndNotHalfGrey) {
  const doubles::TemporaryFolder folder;
  for (const std::string name : {"p.jpg", "p.png", "p.bmp", "p.webp"}) {
    const auto path = folder.path() / name;
    ASSERT_TRUE(cv::imwrite(path.string(), doubles::picture_of(3)));
    ASSERT_TRUE(read_picture(path)) << name;
    const std::string whole = doubles::read_bytes(path);
    for (const std::size_t kept : {whole.size() / 10, whole.size() / 2, whole.size() - 40}) {
      doubles::write_text(path, whole.substr(0, kept));
      const auto picture = read_picture(path);
      ASSERT_FALSE(picture) << name << " cut to " << kept << " of " << whole.size();
      EXPECT_EQ(picture.error().code, ErrorCode::corrupt);
      EXPECT_THAT(picture.error().message, HasSubstr(path.string()));
    }
  }
}

// A file of few bytes must not cost gigabytes and seconds before it turns out to be damaged.
TEST(PictureFile, APictureThatPromisesTooManyPixelsIsRefusedBeforeItIsDecoded) {
  const doubles::TemporaryFolder folder;
  const auto jpeg = folder.path() / "p.jpg";
  ASSERT_TRUE(cv::imwrite(jpeg.string(), doubles::picture_of(3)));
  std::string bytes = doubles::read_bytes(jpeg);
  const std::size_t frame = bytes.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  bytes.replace(frame + 5, 4, "\x7F\xF8\x7F\xF0");  // 32760 high, 32752 wide
  doubles::write_text(jpeg, bytes);
  const auto pgm = folder.path() / "p.pgm";
  doubles::write_text(pgm, "P5\n# of a camera\n10001 10000\n255\n");
  for (const auto& [path, size] : {std::pair{jpeg, "32752 x 32760"}, std::pair{pgm, "10001 x 10000"}}) {
    const auto start = std::chrono::steady_clock::now();
    const auto picture = read_picture(path);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
    ASSERT_FALSE(picture) << size;
    EXPECT_EQ(picture.error().code, ErrorCode::invalid_input);
    EXPECT_EQ(picture.error().message,
              path.string() + " is " + size + " px; expected at most 100 million pixels: reduce it");
  }
}

TEST(PictureFile, FolderListsOnlyItsPictures) {
  const doubles::TemporaryFolder folder;
  EXPECT_THAT(pictures_in(folder.path()).error().message, HasSubstr("holds no pictures"));
  std::filesystem::create_directory(folder.path() / "folder.png");
  for (const std::string name : {"f10.PNG", "f9.jpg", "notes.txt"})
    doubles::write_text(folder.path() / name, "x");
  const auto pictures = pictures_in(folder.path());
  ASSERT_TRUE(pictures);
  EXPECT_THAT(*pictures, testing::ElementsAre(folder.path() / "f9.jpg", folder.path() / "f10.PNG"));
}

}  // namespace
}  // namespace wayside::replay
