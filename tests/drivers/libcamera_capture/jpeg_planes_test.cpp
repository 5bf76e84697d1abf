#include "drivers/libcamera_capture/jpeg_planes.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>
#include <turbojpeg.h>

namespace wayside::libcamera_capture {
namespace {

using capture_link::Chroma;
using capture_link::SkipReason;

// Dark on the left, bright on the right.
Bytes drawn_jpeg(int width, int height, int sampling) {
  std::vector<unsigned char> grey(static_cast<std::size_t>(width * height * 3));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width * 3; ++x)
      grey[static_cast<std::size_t>(y * width * 3 + x)] = x < width * 3 / 2 ? 40 : 200;
  }
  tjhandle compressor = tjInitCompress();
  unsigned char* out = nullptr;
  unsigned long bytes = 0;
  EXPECT_EQ(tjCompress2(compressor, grey.data(), width, 0, height, TJPF_RGB, &out, &bytes, sampling, 90, 0),
            0);
  Bytes jpeg(out, out + bytes);
  tjFree(out);
  tjDestroy(compressor);
  return jpeg;
}

class JpegPlanesTest : public testing::Test {
 protected:
  auto decode(ByteView jpeg, std::uint32_t width, std::uint32_t height) {
    slot_.assign(planes_bytes(width, height), 0);
    return decoder_.decode(jpeg, width, height, slot_);
  }
  SkipReason refusal_of(ByteView jpeg) {
    const auto picture = decode(jpeg, 64, 48);
    EXPECT_FALSE(picture);
    return picture ? SkipReason{} : picture.error();
  }
  JpegPlanes decoder_;
  Bytes slot_;
};

class Sampling : public JpegPlanesTest, public testing::WithParamInterface<int> {};

TEST_P(Sampling, IsDecodedIntoPlanesOfTheSlot) {
  for (const auto& [width, height] : {std::pair<int, int>{64, 48}, {641, 33}, {16, 16}}) {
    const auto w = static_cast<std::uint32_t>(width), h = static_cast<std::uint32_t>(height);
    const auto picture = decode(drawn_jpeg(width, height, GetParam()), w, h);
    ASSERT_TRUE(picture) << width;
    EXPECT_EQ(picture->width, w);
    EXPECT_EQ(picture->height, h);
    EXPECT_EQ(picture->chroma == Chroma::none, GetParam() == TJSAMP_GRAY);
    EXPECT_TRUE(capture_link::lies_within(picture->luma, w, h, slot_.size()));
    EXPECT_NEAR(slot_[picture->luma.offset], 40, 6);
    EXPECT_NEAR(slot_[picture->luma.offset + std::size_t{picture->luma.stride} * (h - 1) + w - 1], 200, 6);
    // What the link carries, the daemon takes.
    capture_link::FrameReady ready;
    ready.picture = *picture;
    EXPECT_TRUE(capture_link::decode(capture_link::encode(ready)));
    if (picture->chroma == Chroma::none) continue;
    EXPECT_TRUE(capture_link::lies_within(picture->second, picture->chroma_width, picture->chroma_height,
                                          slot_.size()));
    EXPECT_NEAR(slot_[picture->second.offset], 128, 6);
  }
}

INSTANTIATE_TEST_SUITE_P(OfChroma, Sampling,
                         testing::Values(TJSAMP_444, TJSAMP_422, TJSAMP_420, TJSAMP_GRAY, TJSAMP_440,
                                         TJSAMP_411));

TEST_F(JpegPlanesTest, NothingAndNonsenseAreDamaged) {
  EXPECT_EQ(refusal_of({}), SkipReason::damaged);
  EXPECT_EQ(refusal_of(Bytes{0xFF}), SkipReason::damaged);
  EXPECT_EQ(refusal_of(Bytes(5000, 0)), SkipReason::damaged);
  EXPECT_EQ(refusal_of(Bytes{0xFF, 0xD8, 0xFF, 0xD9}), SkipReason::damaged);
}

TEST_F(JpegPlanesTest, CutShortAnywhereIsDamaged) {
  const Bytes jpeg = drawn_jpeg(64, 48, TJSAMP_422);
  ASSERT_TRUE(decode(jpeg, 64, 48));
  for (std::size_t length = 0; length + 2 < jpeg.size(); length += 7)
    EXPECT_EQ(refusal_of(ByteView(jpeg).first(length)), SkipReason::damaged) << length;
}

TEST_F(JpegPlanesTest, AnotherSizeThanAgreedIsSeenBeforeItIsDecoded) {
  EXPECT_EQ(refusal_of(drawn_jpeg(64, 40, TJSAMP_422)), SkipReason::wrong_size);
  EXPECT_EQ(refusal_of(drawn_jpeg(640, 480, TJSAMP_422)), SkipReason::wrong_size);
}

TEST_F(JpegPlanesTest, WithoutHuffmanTablesAsCamerasSendThemIsDecoded) {
  Bytes jpeg = drawn_jpeg(64, 48, TJSAMP_422);
  for (std::size_t at = 2; at + 4 <= jpeg.size() && jpeg[at] == 0xFF && jpeg[at + 1] != 0xDA;) {
    const std::size_t length = 2 + std::size_t{jpeg[at + 2]} * 256 + jpeg[at + 3];
    if (jpeg[at + 1] != 0xC4) {
      at += length;
      continue;
    }
    const auto from = jpeg.begin() + static_cast<std::ptrdiff_t>(at);
    jpeg.erase(from, from + static_cast<std::ptrdiff_t>(length));
  }
  EXPECT_TRUE(decode(jpeg, 64, 48));
}

TEST_F(JpegPlanesTest, AfterADamagedPictureTheNextIsWhole) {
  const Bytes jpeg = drawn_jpeg(64, 48, TJSAMP_420);
  EXPECT_EQ(refusal_of(ByteView(jpeg).first(jpeg.size() / 2)), SkipReason::damaged);
  EXPECT_TRUE(decode(jpeg, 64, 48));
}

}  // namespace
}  // namespace wayside::libcamera_capture
