// A clock that somebody sets while waysided runs: only a machine of its own has one to set.
#include <cstdlib>
#include <optional>

#include <gmock/gmock.h>

#include "wayside/backoffice/trails.hpp"

#include "tests/vm/capture/camera_in_a_machine.hpp"

namespace wayside::vm {
namespace {

using namespace std::chrono_literals;

class ClockInAMachine : public CameraInAMachine {
 protected:
  // As the office gets it.
  std::optional<TrailEntry> step_on_the_trail() {
    const auto until = std::chrono::steady_clock::now() + 5min;
    while (std::chrono::steady_clock::now() < until) {
      hear(200ms);
      const auto trails = backoffice::camera_trails(office_.store(), camera_.device_id);
      if (!trails || trails->empty()) continue;
      EXPECT_TRUE(trails->front().report.good());
      for (const TrailEntry& entry : trails->front().entries) {
        if (entry.what.event == trail_event::clock_step) return entry;
      }
    }
    return std::nullopt;
  }
};

TEST_F(ClockInAMachine, AStepOfTheClockIsOnTheAuditTrailThatTheOfficeGets) {
  write_configuration({640, 480});
  boot();
  start_waysided();
  ASSERT_TRUE(says("state=\"none present\"")) << log_;
  machine_->say("date -s '+1 hour'");
  ASSERT_TRUE(says("clock_stepped")) << log_;
  const auto step = step_on_the_trail();
  ASSERT_TRUE(step) << log_;
  EXPECT_NEAR(std::atof(step->what.details.at("by_ms").c_str()), 3'600'000, 60'000);
  EXPECT_EQ(step->what.details.at("follows"), "unsynchronised") << "there is no time server in there";
  end_waysided();
}

}  // namespace
}  // namespace wayside::vm
