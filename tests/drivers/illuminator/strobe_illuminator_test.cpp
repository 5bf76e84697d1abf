#include <cmath>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/drivers/illuminator/fake_board.hpp"

namespace wayside::illuminator {
namespace {

using test::FakeBoard;
using testing::HasSubstr;

constexpr FlashOrder full{.strength = 1, .pulse_us = 300, .frame_period_us = 40'000};

TEST(StrobeIlluminator, DimsThePulsesThatTheSensorTimes) {
  const FakeBoard board;
  const auto light = board.make();
  ASSERT_TRUE(light->start());
  EXPECT_TRUE(board.is_dark());
  EXPECT_EQ(board.get("polarity"), "normal");
  EXPECT_EQ(light->flash({0.25, 200, 40'000}).value(), 0.25);
  EXPECT_TRUE(board.line->high);
  EXPECT_EQ(board.get("enable"), "1");
  EXPECT_EQ(board.get("period"), "10000");
  EXPECT_EQ(board.get("duty_cycle"), "2500");
  EXPECT_TRUE(light->check().usable);
  EXPECT_EQ(light->check().strength, 0.25);
  EXPECT_EQ(light->check().temperature_c, 41.5);
}

TEST(StrobeIlluminator, OrIsThePulseItself) {
  const FakeBoard board;
  const auto light = board.make(Timing::pwm_trigger);
  ASSERT_TRUE(light->start());
  ASSERT_TRUE(light->flash(full));
  EXPECT_EQ(board.get("period"), "40000000");
  EXPECT_EQ(board.get("duty_cycle"), "300000");
  ASSERT_TRUE(light->flash({0.5, 300, 20'000}));
  EXPECT_EQ(board.get("period"), "20000000");
  EXPECT_EQ(board.get("duty_cycle"), "150000");
}

TEST(StrobeIlluminator, TheDutyLimitTakesStrengthAway) {
  const FakeBoard board;
  const auto light = board.make();
  ASSERT_TRUE(light->start());
  EXPECT_EQ(light->flash(full).value(), 1);  // 0.75 %
  const double strength = light->flash({1, 300, 3'000}).value();
  EXPECT_DOUBLE_EQ(strength, 0.5);  // 10 % at full strength, 5 % allowed
  EXPECT_EQ(board.get("duty_cycle"), "5000");
}

TEST(StrobeIlluminator, WhatIsOrderedAbsurdlyIsRefusedInTheDark) {
  const FakeBoard board;
  const auto light = board.make();
  ASSERT_TRUE(light->start());
  for (const FlashOrder& order :
       {FlashOrder{1.01, 300, 40'000}, FlashOrder{-0.1, 300, 40'000}, FlashOrder{NAN, 300, 40'000},
        FlashOrder{1, 301, 40'000}, FlashOrder{1, 0, 40'000}, FlashOrder{1, -5, 40'000},
        FlashOrder{1, 300, 0}, FlashOrder{1, 300, 999}, FlashOrder{1, 300, 10'000'001}}) {
    ASSERT_TRUE(light->flash(full));
    EXPECT_FALSE(board.is_dark());
    const auto refused = light->flash(order);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_input);
    EXPECT_TRUE(board.is_dark());
  }
  EXPECT_TRUE(light->flash(full)) << "a wrong order is no fault of the board";
}

TEST(StrobeIlluminator, HeatMakesItDarkUntilItHasCooledDown) {
  const FakeBoard board;
  const auto light = board.make();
  ASSERT_TRUE(light->start());
  ASSERT_TRUE(light->flash(full));
  board.put("temp1_input", "75000\n");
  const IlluminatorState hot = light->check();
  EXPECT_FALSE(hot.usable);
  EXPECT_THAT(hot.reason, HasSubstr("75 C hot"));
  EXPECT_EQ(hot.strength, 0);
  EXPECT_TRUE(board.is_dark());
  EXPECT_EQ(light->flash(full).error().code, ErrorCode::unavailable);
  board.put("temp1_input", "66000\n");
  EXPECT_FALSE(light->check().usable);
  board.put("temp1_input", "64000\n");
  EXPECT_TRUE(light->check().usable);
  EXPECT_TRUE(board.is_dark()) << "it waits for an order";
  EXPECT_TRUE(light->flash(full));
}

TEST(StrobeIlluminator, WithoutATemperatureThatCanBeItStaysDark) {
  for (const char* text :
       {"", "\n", "hot\n", "200000\n", "-60000\n", "41 500\n", "99999999999999999999\n", "4e4\n"}) {
    const FakeBoard board;
    const auto light = board.make();
    ASSERT_TRUE(light->start());
    ASSERT_TRUE(light->flash(full));
    board.put("temp1_input", text);
    const IlluminatorState state = light->check();
    EXPECT_FALSE(state.usable) << text;
    EXPECT_THAT(state.reason, HasSubstr("temp1_input"));
    EXPECT_FALSE(state.temperature_c);
    EXPECT_TRUE(board.is_dark());
    board.put("temp1_input", "41000\n");
    EXPECT_FALSE(light->check().usable) << "a fault is not forgotten";
    EXPECT_TRUE(light->start());
    EXPECT_TRUE(light->flash(full));
  }
}

TEST(StrobeIlluminator, EveryFileThatIsMissingIsNamedAndItIsDark) {
  for (const char* file : {"pwmchip0/npwm", "pwmchip0/pwm0/enable", "pwmchip0/pwm0/duty_cycle",
                           "pwmchip0/pwm0/period", "pwmchip0/pwm0/polarity", "temp1_input"}) {
    const FakeBoard board;
    std::filesystem::remove(board.root() / file);
    const auto light = board.make();
    const Status started = light->start();
    ASSERT_FALSE(started) << file;
    EXPECT_EQ(started.error().code, ErrorCode::not_found) << file;
    EXPECT_THAT(started.error().message, HasSubstr(file));
    EXPECT_THAT(light->check().reason, HasSubstr(file));
    EXPECT_FALSE(light->flash(full));
    EXPECT_TRUE(board.is_dark());
  }
}

// A file that says `text` and takes nothing else, even of root.
class Refusing {
 public:
  Refusing(const std::filesystem::path& file, std::string_view text)
      : memory_(::memfd_create("refusing", MFD_ALLOW_SEALING)) {
    EXPECT_EQ(::write(memory_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    EXPECT_EQ(::fcntl(memory_, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW), 0);
    std::filesystem::remove(file);
    std::filesystem::create_symlink(fmt::format("/proc/self/fd/{}", memory_), file);
  }
  Refusing(const Refusing&) = delete;
  Refusing& operator=(const Refusing&) = delete;
  ~Refusing() { ::close(memory_); }

 private:
  int memory_;
};

// Linux 6.1 refuses every order to an output whose period is 0, as it is after the machine has started.
TEST(StrobeIlluminator, AnOutputThatNobodyHasUsedYetGetsAPeriodFirst) {
  const FakeBoard board;
  {
    const Refusing off(board.pwm() / "enable", "0\n");
    const Refusing polarity(board.pwm() / "polarity", "normal\n");
    const auto light = board.make();
    EXPECT_THAT(light->start().error().message, HasSubstr("polarity")) << "off it is, whatever is refused";
    EXPECT_EQ(board.get("period"), "100000") << "before the polarity";
  }
}

TEST(StrobeIlluminator, OneThatCannotBeMadeDarkSaysThatItMayBurn) {
  const FakeBoard board;
  const auto light = board.make();
  ASSERT_TRUE(light->start());
  ASSERT_TRUE(light->flash(full));
  const Refusing on(board.pwm() / "enable", "1\n");
  light->dark();
  EXPECT_THAT(light->check().reason, HasSubstr("the illuminator is dark")) << "the line is low";
  board.line->stuck = true;
  EXPECT_THAT(light->start().error().message, HasSubstr("may still burn; cut its supply"));
  EXPECT_THAT(light->check().reason, HasSubstr("may still burn; cut its supply"));
}

TEST(StrobeIlluminator, AnOutputThatTheKernelDoesNotGiveOutIsNamed) {
  const FakeBoard board;
  Wiring wiring = board.wiring();
  wiring.pwm_channel = 1;
  const auto light = make_strobe_illuminator(wiring, {}, board.open_line());
  EXPECT_THAT(light->start().error().message, HasSubstr("pwm1 was not given out"));
  wiring.pwm_channel = 2;
  const auto other = make_strobe_illuminator(wiring, {}, board.open_line());
  EXPECT_THAT(other->start().error().message, HasSubstr("has 2 outputs"));
}

TEST(StrobeIlluminator, AnotherProgramAtThePwmOutputIsNoticed) {
  const FakeBoard board;
  const auto light = board.make();
  ASSERT_TRUE(light->start());
  ASSERT_TRUE(light->flash(full));
  board.put("pwmchip0/pwm0/duty_cycle", "9999\n");
  const IlluminatorState state = light->check();
  EXPECT_FALSE(state.usable);
  EXPECT_THAT(state.reason, HasSubstr("another program"));
  EXPECT_TRUE(board.is_dark());
}

TEST(StrobeIlluminator, ALineThatCannotBeSetLeavesThePwmOutputOff) {
  const FakeBoard board;
  const auto light = board.make();
  ASSERT_TRUE(light->start());
  board.line->stuck = true;
  EXPECT_FALSE(light->flash(full));
  EXPECT_EQ(board.get("enable"), "0");
  EXPECT_FALSE(light->check().usable);
}

TEST(StrobeIlluminator, LetGoItIsDark) {
  const FakeBoard board;
  {
    const auto light = board.make();
    ASSERT_TRUE(light->start());
    ASSERT_TRUE(light->flash(full));
  }
  EXPECT_TRUE(board.is_dark());
  EXPECT_FALSE(board.line->taken);
}

TEST(StrobeIlluminator, BeforeItIsStartedItRefuses) {
  const FakeBoard board;
  const auto light = board.make();
  EXPECT_EQ(light->flash(full).error().code, ErrorCode::unavailable);
  EXPECT_FALSE(light->check().usable);
}

TEST(EnableLine, AChipThatIsNotThereIsNamed) {
  const auto line = open_enable_line("/dev/gpiochip99", 4);
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, ErrorCode::not_found);
  EXPECT_THAT(line.error().message, HasSubstr("line 4 of /dev/gpiochip99"));
}

}  // namespace
}  // namespace wayside::illuminator
