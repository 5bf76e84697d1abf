#include "src/app/board_keeper.hpp"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/hand_clock.hpp"
#include "tests/drivers/board/fake_sysfs.hpp"

namespace wayside::app {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A line that is a variable; it can be unplugged.
struct FakeLine {
  std::atomic<bool> open = false;
  std::atomic<bool> there = true;
  int opened = 0;

  class Line final : public Contact {
   public:
    explicit Line(FakeLine& line) : line_(line) {}
    Result<bool> is_open() override {
      if (!line_.there)
        return fail(ErrorCode::not_found, "line 4 of gpiochip0 could not be read: No such device");
      return line_.open.load();
    }

   private:
    FakeLine& line_;
  };
  Result<std::unique_ptr<Contact>> take() {
    ++opened;
    if (!there) return fail(ErrorCode::not_found, "line 4 of gpiochip0 could not be opened");
    return std::make_unique<Line>(*this);
  }
};

class BoardKeeperTest : public testing::Test {
 protected:
  BoardKeeperTest() {
    board_.usual();
    clock_.wait_until("2026-11-28T10:00:00Z");
    options_.contacts.push_back({"door", "the door", [this] { return line_.take(); }});
    options_.on_contact = [this](const std::string& part, bool open) {
      told_.push_back(part + (open ? " open" : " closed"));
    };
  }
  BoardKeeper& keeper() {
    if (!keeper_) keeper_.emplace(options_, board_.sensors(), clock_, health_, counters_);
    return *keeper_;
  }
  // Looks as often as its thread would.
  void for_s(int seconds) {
    for (int tick = 0; tick < 10 * seconds; ++tick) {
      keeper().look();
      clock_.wait_until(clock_.utc + std::chrono::milliseconds(100));
    }
  }
  std::string problem(const std::string& part) {
    const auto problems = health_.problems();
    const auto found = problems.find(part);
    return found == problems.end() ? "" : found->second;
  }
  std::string state(const std::string& part) { return health_.states()[part]; }
  std::uint64_t count(const std::string& name) { return counters_.counter(name).value(); }

  board::test::FakeSysfs board_;
  FakeLine line_;
  doubles::HandClock clock_;
  Health health_;
  CounterSet counters_;
  std::vector<std::string> told_;  // by on_contact
  BoardKeeperOptions options_;
  std::optional<BoardKeeper> keeper_;
};

TEST_F(BoardKeeperTest, TellsHowABoardIsThatFaresWell) {
  for_s(1);
  EXPECT_TRUE(health_.problems().empty());
  EXPECT_EQ(state("temperature"), "51 C (cpu-thermal)");
  EXPECT_EQ(state("storage"), "mmcblk0: 20 to 30 % of its life is used; mmcblk1: tells no wear");
  EXPECT_EQ(state("power"), "good");
  EXPECT_EQ(state("door"), "closed");
  EXPECT_FALSE(health_.states().contains("last_restart"));
  std::map<std::string, double> gauges;
  for (const LabelledGauge& one : keeper().gauges())
    gauges[one.name + "/" + one.of] = one.value;
  EXPECT_EQ(gauges.at("temperature_celsius/cpu-thermal"), 51.2);
  EXPECT_EQ(gauges.at("storage_life_used_ratio/mmcblk0"), 0.2);
  EXPECT_EQ(gauges.at("voltage_low/"), 0);
  EXPECT_EQ(gauges.at("contact_open/door"), 0);
}

TEST_F(BoardKeeperTest, HeatIsSaidWithinTenSecondsAndUntilItHasCooled) {
  for_s(1);
  board_.put("class/thermal/thermal_zone0/temp", "91000\n");
  for_s(10);
  EXPECT_THAT(problem("temperature"), HasSubstr("cpu-thermal reached 85 C"));
  board_.put("class/thermal/thermal_zone0/temp", "81000\n");
  for_s(10);
  EXPECT_THAT(problem("temperature"), HasSubstr("is not below 80 C yet"));
  EXPECT_EQ(state("temperature"), "81 C (cpu-thermal)");
  board_.put("class/thermal/thermal_zone0/temp", "79000\n");
  for_s(10);
  EXPECT_EQ(problem("temperature"), "");
}

TEST_F(BoardKeeperTest, LowVoltageOfASecondIsCountedAndSaid) {
  for_s(1);
  board_.put("class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
  for_s(1);
  board_.put("class/hwmon/hwmon1/in0_lcrit_alarm", "0\n");
  for_s(5);
  EXPECT_THAT(problem("power"), HasSubstr("the voltage is too low"));
  EXPECT_EQ(state("power"), "good; low voltages since the start: 1");
  EXPECT_EQ(count("low_voltages"), 1U);
  EXPECT_EQ(count("supply_losses"), 0U);
}

TEST_F(BoardKeeperTest, AWornFlashIsSaidAndNonsenseIsNotBelieved) {
  board_.put("block/mmcblk0/device/life_time", "0x0b 0x01\n");
  for_s(1);
  EXPECT_THAT(problem("storage"), HasSubstr("replace the board's flash now"));
  board_.put("block/mmcblk0/device/life_time", "\xff\x01worn");
  for_s(180);
  EXPECT_THAT(problem("storage"),
              AllOf(HasSubstr("mmcblk0 stopped answering"), HasSubstr("life_time: it says")));
  EXPECT_EQ(state("storage"), "mmcblk0: cannot be read; mmcblk1: tells no wear");
}

TEST_F(BoardKeeperTest, SensorsThatGoAwayAreSaidAndWelcomedBack) {
  for_s(1);
  board_.remove("class");
  board_.remove("block");
  for_s(180);
  for (const char* part : {"temperature", "storage", "power"})
    EXPECT_THAT(problem(part), HasSubstr("stopped answering: it is gone")) << part;
  EXPECT_EQ(problem("door"), "");
  board_.usual();
  for_s(60);
  EXPECT_TRUE(health_.problems().empty());
}

TEST_F(BoardKeeperTest, AnOpenedDoorIsAProblemCountedAndNotForgottenWhenItIsClosed) {
  for_s(1);
  line_.open = true;
  for_s(1);
  EXPECT_THAT(problem("door"), HasSubstr("the door is open since 2026-11-28T10:00:01"));
  line_.open = false;
  for_s(60);
  EXPECT_THAT(problem("door"), HasSubstr("and closed at 2026-11-28T10:00:1"));
  EXPECT_THAT(state("door"), HasSubstr("closed; openings since the start: 1"));
  EXPECT_EQ(count("door_openings"), 1U);
  EXPECT_THAT(told_, testing::ElementsAre("door open", "door closed")) << "each change, once";
}

TEST_F(BoardKeeperTest, AContactWhoseLineGoesIsAProblemAndTriedAgainEveryMinute) {
  for_s(1);
  line_.there = false;
  for_s(1);
  EXPECT_THAT(problem("door"), HasSubstr("whether the door is open cannot be known: line 4 of gpiochip0"));
  for (const LabelledGauge& one : keeper().gauges())
    EXPECT_NE(one.name, "contact_open");
  for_s(120);
  EXPECT_EQ(line_.opened, 3) << "at the start, at 60 s and at 120 s";
  line_.there = true;
  for_s(61);
  EXPECT_EQ(problem("door"), "");
  EXPECT_EQ(state("door"), "closed");
}

TEST_F(BoardKeeperTest, WhyTheBoardRestartedIsAState) {
  board_.put("class/watchdog/watchdog0/bootstatus", "48\n");
  for_s(1);
  EXPECT_EQ(state("last_restart"), "by the hardware watchdog and low voltage");
  EXPECT_TRUE(health_.problems().empty());
}

TEST_F(BoardKeeperTest, ItsThreadLooksUntilItIsStopped) {
  keeper().start();
  line_.open = true;
  // Its clock stands still: only what needs no time.
  for (int i = 0; i < 500 && state("temperature").empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  static_cast<void>(keeper().gauges());
  keeper().stop();
  EXPECT_EQ(state("temperature"), "51 C (cpu-thermal)");
  EXPECT_EQ(state("door"), "not known yet");
}

TEST(MakeBoardKeeper, OfARecordingOrWithNothingToLookAtThereIsNone) {
  const doubles::HandClock clock;
  Health health;
  CounterSet counters;
  Configuration configuration;
  configuration.camera.source = "replay:/a";
  EXPECT_EQ(make_board_keeper(configuration, clock, health, counters), nullptr);
  configuration.camera.source = "libcamera";
  configuration.board.sensors.clear();
  EXPECT_EQ(make_board_keeper(configuration, clock, health, counters), nullptr);
  configuration.board.tamper_chip = "/dev/gpiochip99";
  const auto keeper = make_board_keeper(configuration, clock, health, counters);
  ASSERT_NE(keeper, nullptr);
  keeper->look();
  EXPECT_THAT(health.problems().at("tamper"),
              HasSubstr("whether the tamper contact is open cannot be known: line 0 of /dev/gpiochip99"));
  EXPECT_FALSE(health.states().contains("temperature"));
}

}  // namespace
}  // namespace wayside::app
