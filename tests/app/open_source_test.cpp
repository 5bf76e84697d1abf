#include "src/app/open_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

using testing::HasSubstr;

class OpenSource : public testing::Test {
 protected:
  Result<OpenedSource> open(const std::string& source) {
    configuration_.camera.source = source;
    return open_source(configuration_, *clock_, health_, counters_, {});
  }
  Configuration configuration_;
  std::unique_ptr<Clock> clock_ = make_system_clock();
  Health health_;
  CounterSet counters_;
};

TEST_F(OpenSource, AMissingRecordingIsNamed) {
  doubles::TemporaryFolder folder;
  const Result<OpenedSource> opened = open("replay:" + (folder.path() / "none.mp4").string());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::not_found);
  EXPECT_THAT(opened.error().message, testing::AllOf(HasSubstr("camera.source"), HasSubstr("none.mp4")));
}

TEST_F(OpenSource, AKindWithoutADriverSaysWhatThereIs) {
  const Result<OpenedSource> opened = open("webcam:0");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::unsupported);
  EXPECT_THAT(opened.error().message, testing::AllOf(HasSubstr("libcamera"), HasSubstr("replay:PATH")));
}

// Whatever keeps the capture process from its work (here it is not beside the test), the camera is ill by
// name, nothing else fails, and the frames' times are the clock's own.
TEST_F(OpenSource, ACameraThatDoesNotComeIsIllAndFailsNothing) {
  Result<OpenedSource> opened = open("libcamera");
  ASSERT_TRUE(opened) << opened.error().message;
  ASSERT_TRUE(opened->source->start());
  EXPECT_TRUE(std::holds_alternative<Stalled>(*opened->source->next(std::chrono::milliseconds(20))));
  ASSERT_TRUE(health_.problems().contains("camera"));
  EXPECT_THAT(health_.problems()["camera"], HasSubstr("failed: cannot start"));
  EXPECT_FALSE(opened->source->waits_for_reader());
  EXPECT_FALSE(is_recording(configuration_));
}

}  // namespace
}  // namespace wayside::app
