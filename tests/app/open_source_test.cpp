#include "src/app/open_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

using testing::HasSubstr;

TEST(OpenSource, AMissingRecordingIsNamed) {
  const auto clock = make_system_clock();
  doubles::TemporaryFolder folder;
  Configuration::Camera camera;
  camera.source = "replay:" + (folder.path() / "none.mp4").string();
  const Result<OpenedSource> opened = open_source(camera, *clock);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::not_found);
  EXPECT_THAT(opened.error().message, testing::AllOf(HasSubstr("camera.source"), HasSubstr("none.mp4")));
}

TEST(OpenSource, AKindWithoutADriverSaysWhatThereIs) {
  const auto clock = make_system_clock();
  Configuration::Camera camera;
  camera.source = "libcamera:0";
  const Result<OpenedSource> opened = open_source(camera, *clock);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::unsupported);
  EXPECT_THAT(opened.error().message, HasSubstr("replay:PATH"));
}

}  // namespace
}  // namespace wayside::app
