// The console's camera, where its daemon is not there.
#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/app/console/joined_services.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::HasSubstr;

TEST(JoinCamera, ADaemonThatIsAwayIsWaitedForOnceNotAtEachCommand) {
  const doubles::TemporaryFolder folder{doubles::in_memory()};
  ConsolePlaces places;
  places.control_socket = folder.path() / "control";
  const auto camera = join_camera(places);
  for (const bool first : {true, false}) {
    const auto begin = steady_clock::now();
    const auto health = camera->show("health");
    const auto took = steady_clock::now() - begin;
    ASSERT_FALSE(health);
    EXPECT_THAT(health.error().message, HasSubstr("it may be starting"));
    EXPECT_THAT(health.error().message, HasSubstr("a minute for each 150 segments"));
    EXPECT_EQ(took > 5s, first) << std::chrono::duration<double>(took).count();
  }
}

}  // namespace
}  // namespace wayside::app
