#include "drivers/libcamera_capture/camera_choice.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside::libcamera_capture {
namespace {

using capture_link::TroubleKind;
using testing::HasSubstr;

const std::vector<CameraFacts> two{{"/base/i2c/imx296@1a", "imx296"}, {"usb-1.2", "HD camera"}};
const std::string names_of_two = "/base/i2c/imx296@1a (imx296); usb-1.2 (HD camera)";

TEST(ChooseCamera, TheOnlyOneNeedsNoName) {
  EXPECT_EQ(choose_camera({two[1]}, {}), 0U);
}

TEST(ChooseCamera, IsByIdOrModelOrBoth) {
  EXPECT_EQ(choose_camera(two, {"usb-1.2", ""}), 1U);
  EXPECT_EQ(choose_camera(two, {"", "imx296"}), 0U);
  EXPECT_EQ(choose_camera(two, {"usb-1.2", "HD camera"}), 1U);
  EXPECT_FALSE(choose_camera(two, {"usb-1.2", "imx296"}));
}

TEST(ChooseCamera, NoneSaysWhetherThereIsAnother) {
  EXPECT_EQ(choose_camera({}, {}).error().kind, TroubleKind::none_present);
  const auto other = choose_camera(two, {"usb-9", ""});
  EXPECT_EQ(other.error().kind, TroubleKind::none_present);
  EXPECT_THAT(other.error().text, testing::AllOf(HasSubstr("none of 2 cameras"), HasSubstr("camera.id"),
                                                 HasSubstr(": " + names_of_two)));
}

TEST(ChooseCamera, SeveralThatFitAreNotDecidedUpon) {
  const auto undecided = choose_camera(two, {});
  EXPECT_EQ(undecided.error().kind, TroubleKind::undecided);
  EXPECT_EQ(undecided.error().text, "2 cameras fit; set camera.id to one of: " + names_of_two);
  const auto alike = choose_camera({two[0], two[1], {"usb-1.3", "HD camera"}}, {"", "HD camera"});
  EXPECT_EQ(alike.error().kind, TroubleKind::undecided);
  EXPECT_THAT(alike.error().text, testing::EndsWith("one of: usb-1.2 (HD camera); usb-1.3 (HD camera)"))
      << "only those that fit";
}

TEST(ChooseCamera, OfMoreThanThereIsRoomForTheRestIsCountedAndNoIdIsHalf) {
  std::vector<CameraFacts> many;
  for (int i = 0; i < 9; ++i)
    many.push_back({"/base/axi/pcie@120000/rp1/i2c@88000/imx296@" + std::to_string(i), "imx296"});
  const std::string text = choose_camera(many, {}).error().text;
  EXPECT_LE(text.size(), capture_link::most_text_bytes);
  EXPECT_THAT(text, testing::EndsWith("/imx296@2 (imx296); and 6 more"));
}

TEST(WrongFormat, NamesTheKeysAndWhatThereIs) {
  const auto trouble = wrong_format({{"YUYV", {{640, 480}, {320, 240}}}}, 1920, 1080);
  EXPECT_EQ(trouble.kind, TroubleKind::wrong_format);
  EXPECT_THAT(trouble.text, testing::AllOf(HasSubstr("1920x1080"), HasSubstr("camera.width"),
                                           HasSubstr("YUYV 640x480 320x240")));
}

}  // namespace
}  // namespace wayside::libcamera_capture
