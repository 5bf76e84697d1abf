#include "drivers/capture_link/messages.hpp"

#include <gtest/gtest.h>

namespace wayside::capture_link {
namespace {

Picture a_picture() {
  Picture picture;
  picture.width = 640;
  picture.height = 480;
  picture.luma = {0, 0, 640};
  picture.chroma = Chroma::planar;
  picture.chroma_width = 320;
  picture.chroma_height = 480;
  picture.first = {0, 640 * 480, 320};
  picture.second = {1, 0, 320};
  return picture;
}

std::vector<Message> one_of_each() {
  Picture grey = a_picture();
  grey.chroma = Chroma::none;
  grey.chroma_width = grey.chroma_height = 0;
  grey.first = grey.second = {};
  return {Stream{1920, 1080, 20, true, "NV12", "\\_SB_.PCI0-1.2:1.0", "imx296"},
          Stream{1920, 1080, 20, true, "NV12", "i2c", "imx296", Range{29, 15'534'385}, Range{1000, 251'189}},
          Slot{3, 2, {100, most_part_bytes, 0}},
          FrameReady{7, 0xFFFFFFFF, 123'456'789'012, 250, std::nullopt, a_picture()},
          FrameReady{0, 0, 0, std::nullopt, 1500, grey},
          Skipped{9, SkipReason::damaged},
          Trouble{TroubleKind::busy, "in use"},
          Return{31},
          Controls{std::nullopt, 2000}};
}

TEST(CaptureMessages, ComeBackAsTheyWere) {
  for (const Message& message : one_of_each()) {
    const Bytes bytes = encode(message);
    const Result<Message> again = decode(bytes);
    ASSERT_TRUE(again) << message.index();
    EXPECT_EQ(*again, message);
  }
}

TEST(CaptureMessages, ARangeThatIsNoneIsRefused) {
  for (const auto& [least, most] : {std::pair(2, 1), {-1, 5}, {5, -1}, {-2, 5}, {-2, -2}}) {
    Stream stream{640, 480, 4, false, "R8", "i2c", "imx296"};
    stream.gain_thousandths = Range{least, most};
    EXPECT_FALSE(decode(encode(stream))) << least << " " << most;
  }
}

TEST(CaptureMessages, CutShortOrWithMoreBehindAreNone) {
  for (const Message& message : one_of_each()) {
    Bytes bytes = encode(message);
    for (std::size_t length = 0; length < bytes.size(); ++length)
      EXPECT_FALSE(decode(ByteView(bytes).first(length))) << message.index() << ", " << length;
    bytes.push_back(0);
    EXPECT_FALSE(decode(bytes)) << message.index();
  }
}

TEST(CaptureMessages, OutOfRangeAreNone) {
  const auto refused = [](const Message& message) { return !decode(encode(message)); };
  EXPECT_TRUE(refused(Stream{15, 480, 4, false, "", "", ""}));
  EXPECT_TRUE(refused(Stream{640, 16385, 4, false, "", "", ""}));
  EXPECT_TRUE(refused(Stream{640, 480, 0, false, "", "", ""}));
  EXPECT_TRUE(refused(Stream{640, 480, most_slots + 1, false, "", "", ""}));
  EXPECT_TRUE(refused(Slot{most_slots, 1, {1, 0, 0}}));
  EXPECT_TRUE(refused(Slot{0, 0, {0, 0, 0}}));
  EXPECT_TRUE(refused(Slot{0, 4, {1, 1, 1}}));
  EXPECT_TRUE(refused(Slot{0, 1, {most_part_bytes + 1, 0, 0}}));
  EXPECT_TRUE(refused(Slot{0, 1, {1, 1, 0}}));
  EXPECT_TRUE(refused(Skipped{0, static_cast<SkipReason>(0)}));
  EXPECT_TRUE(refused(Trouble{static_cast<TroubleKind>(7), ""}));
  EXPECT_TRUE(refused(Return{most_slots}));
  EXPECT_TRUE(refused(FrameReady{0, 0, -1, {}, {}, a_picture()}));
}

TEST(CaptureMessages, PicturesThatNoSlotCouldHoldAreNone) {
  const auto refused = [](auto change) {
    FrameReady frame{0, 0, 0, {}, {}, a_picture()};
    change(frame.picture);
    return !decode(encode(frame));
  };
  EXPECT_FALSE(refused([](Picture&) {}));
  EXPECT_TRUE(refused([](Picture& p) { p.luma.stride = 639; }));
  EXPECT_TRUE(refused([](Picture& p) { p.luma.part = 3; }));
  EXPECT_TRUE(refused([](Picture& p) { p.luma.offset = most_part_bytes; }));
  EXPECT_TRUE(refused([](Picture& p) { p.luma.stride = most_part_bytes; }));
  EXPECT_TRUE(refused([](Picture& p) { p.chroma = static_cast<Chroma>(3); }));
  EXPECT_TRUE(refused([](Picture& p) { p.chroma_width = 641; }));
  EXPECT_TRUE(refused([](Picture& p) { p.chroma_height = 0; }));
  EXPECT_TRUE(refused([](Picture& p) { p.first.stride = 319; }));
  EXPECT_TRUE(refused([](Picture& p) { p.chroma = Chroma::none; }));         // with planes all the same
  EXPECT_TRUE(refused([](Picture& p) { p.chroma = Chroma::interleaved; }));  // but two planes
}

TEST(CaptureMessages, TextsAreCutToWhatTheLinkCarries) {
  const std::string text(2 * most_text_bytes, 'x');
  const Result<Message> again = decode(encode(Trouble{TroubleKind::failed, text}));
  ASSERT_TRUE(again);
  EXPECT_EQ(std::get<Trouble>(*again).text, std::string(most_text_bytes, 'x'));
}

TEST(CaptureMessages, OfAnotherVersionAreNone) {
  Bytes bytes = encode(Stream{640, 480, 4, false, "", "", ""});
  ++bytes[1];
  EXPECT_FALSE(decode(bytes));
}

}  // namespace
}  // namespace wayside::capture_link
