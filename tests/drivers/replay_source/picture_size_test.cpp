#include "drivers/replay_source/picture_size.hpp"

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>

#include "tests/doubles/temporary_folder.hpp"
#include "tests/drivers/replay_source/recordings.hpp"

namespace wayside::replay {

// For messages of failed expectations.
static void PrintTo(const PictureSize& size, std::ostream* out) {
  *out << size.width << " x " << size.height;
}
static bool operator==(const PictureSize& a, const PictureSize& b) {
  return a.width == b.width && a.height == b.height;
}

namespace {

using namespace std::string_literals;

TEST(PictureSize, IsThatOfTheDecodedPicture) {
  const doubles::TemporaryFolder folder;
  struct Kind {
    std::string name;
    std::vector<int> parameters;
  };
  const std::vector<Kind> kinds = {{"p.jpg", {}},
                                   {"p.jpg", {cv::IMWRITE_JPEG_PROGRESSIVE, 1}},
                                   {"p.png", {}},
                                   {"p.bmp", {}},
                                   {"p.tif", {}},
                                   {"p.tif", {cv::IMWRITE_TIFF_COMPRESSION, 1}},
                                   {"p.webp", {cv::IMWRITE_WEBP_QUALITY, 80}},
                                   {"p.webp", {cv::IMWRITE_WEBP_QUALITY, 101}},  // lossless
                                   {"p.ppm", {}},
                                   {"p.ppm", {cv::IMWRITE_PXM_BINARY, 0}},
                                   {"p.pgm", {}},
                                   {"p.pgm", {cv::IMWRITE_PXM_BINARY, 0}}};
  for (const Kind& kind : kinds) {
    const auto path = folder.path() / kind.name;
    cv::Mat picture(21, 35, CV_8UC3, cv::Scalar(1, 2, 3));
    if (kind.name == "p.pgm") picture = cv::Mat(21, 35, CV_8UC1, cv::Scalar(9));
    ASSERT_TRUE(cv::imwrite(path.string(), picture, kind.parameters)) << kind.name;
    EXPECT_EQ(promised_size(as_bytes(doubles::read_bytes(path))), (PictureSize{35, 21})) << kind.name;
  }
}

TEST(PictureSize, IsReadFromEveryKindOfHeader) {
  const auto size = [](const std::string& bytes) { return promised_size(as_bytes(bytes)); };
  // A later BMP header with the upper row first, and the oldest with 16 bits a side.
  const std::string bmp = "BM"s + std::string(12, '\0');
  EXPECT_EQ(size(bmp + "\x7C\0\0\0\x10\x27\0\0\xF0\xD8\xFF\xFF"s), (PictureSize{10'000, 10'000}));
  EXPECT_EQ(size(bmp + "\x0C\0\0\0\x10\x27\x05\0"s), (PictureSize{10'000, 5}));
  // TIFF, the byte order turned round; of a tag given twice the larger counts.
  EXPECT_EQ(size("MM\0*\0\0\0\x08\0\x03"s
                 "\x01\0\0\x03\0\0\0\x01\x27\x10\0\0"s
                 "\x01\x01\0\x04\0\0\0\x01\0\x01\0\0"s
                 "\x01\0\0\x03\0\0\0\x01\0\x09\0\0"s),
            (PictureSize{10'000, 65'536}));
  EXPECT_EQ(size("RIFF....WEBPVP8X....\0\0\0\0\x0F\x27\0\xFF\xFF\xFF"s), (PictureSize{10'000, 16'777'216}));
  EXPECT_EQ(size("P1 # a comment\n\t# and one more\r 12 # here\n7\n"), (PictureSize{12, 7}));
  EXPECT_EQ(size("P5\n1# 4\n255\n"), (PictureSize{1, 4}));
  // JPEG: filling bytes, a segment in which a marker seems to stand, and what is between segments.
  EXPECT_EQ(size("\xFF\xD8\xFF\xFF\xE1\0\x06\xFF\xC0\x11\x11??\xFF\xC2\0\x0B\x08\x02\0\x03\0\x01"s),
            (PictureSize{768, 512}));
}

TEST(PictureSize, IsNothingWhereTheHeaderIsCutOrOfAnotherKind) {
  const doubles::TemporaryFolder folder;
  for (const std::string name : {"p.jpg", "p.png", "p.bmp", "p.tif", "p.webp", "p.ppm"}) {
    const auto path = folder.path() / name;
    ASSERT_TRUE(cv::imwrite(path.string(), doubles::picture_of(1)));
    const std::string whole = doubles::read_bytes(path);
    for (std::size_t kept = 0; kept < 10; ++kept)
      EXPECT_EQ(promised_size(as_bytes(whole.substr(0, kept))).has_value(), name == "p.ppm" && kept >= 7)
          << name << " cut to " << kept;
  }
  for (const std::string& other : {"P7\nWIDTH 4\nHEIGHT 4\n"s, "P5 99999999999 1\n"s, "P5 x"s,
                                   "GIF89a\1\0\1\0"s, "\xFF\xD8\xFF\xD9"s, "II*\0\0\0\0\0"s}) {
    EXPECT_FALSE(promised_size(as_bytes(other))) << other;
  }
}

}  // namespace
}  // namespace wayside::replay
