#include "drivers/replay_source/sidecar.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside::replay {
namespace {

constexpr std::string_view header = "frame,utc_ms,monotonic_ns,exposure_us,gain_db,strobe\n";

std::string message_of(const std::string& rows) {
  const auto sidecar = parse_sidecar(std::string(header) + rows, "a.frames.csv", false);
  return sidecar ? "no error" : sidecar.error().message;
}

TEST(Sidecar, ReadsEveryColumnAndLeavesEmptyOnesOpen) {
  const auto sidecar =
      parse_sidecar(std::string(header) + "0,1780000000000,0,250,6.5,1.0\n7,1780000000040,40000000,,,\n",
                    "a.frames.csv", false);
  ASSERT_TRUE(sidecar) << sidecar.error().message;
  ASSERT_EQ(sidecar->rows.size(), 2U);
  const FrameInfo& first = sidecar->rows[0].info;
  EXPECT_EQ(first.number, FrameNumber(0));
  EXPECT_EQ(first.utc.ms, 1'780'000'000'000);
  EXPECT_EQ(first.exposure_us, 250);
  EXPECT_EQ(first.gain_db, 6.5);
  EXPECT_EQ(first.strobe_level, 1.0);
  const FrameInfo& second = sidecar->rows[1].info;
  EXPECT_EQ(second.number, FrameNumber(7));
  EXPECT_EQ(second.monotonic.ns, 40'000'000);
  EXPECT_FALSE(second.exposure_us || second.gain_db || second.strobe_level);
}

TEST(Sidecar, ErrorsNameFileLineColumnAndExpectedForm) {
  EXPECT_EQ(message_of("x,1,2,,,\n"),
            "a.frames.csv, line 2, column frame: \"x\"; expected a whole number from 0");
  EXPECT_EQ(message_of("1,,2,,,\n"),
            "a.frames.csv, line 2, column utc_ms: \"\"; expected milliseconds since 1970-01-01T00:00:00Z, a "
            "whole number "
            "from 0");
  EXPECT_EQ(message_of("1,1,-2,,,\n"),
            "a.frames.csv, line 2, column monotonic_ns: \"-2\"; expected nanoseconds, a whole number from 0");
  EXPECT_EQ(message_of("1,1,2,1.5,,\n"),
            "a.frames.csv, line 2, column exposure_us: \"1.5\"; expected microseconds, a whole number from "
            "0, or nothing");
  EXPECT_EQ(message_of("1,1,2,,nan,\n"),
            "a.frames.csv, line 2, column gain_db: \"nan\"; expected decibels, -100 to 200, or nothing");
  EXPECT_EQ(message_of("1,1,2,,,1.5\n"),
            "a.frames.csv, line 2, column strobe: \"1.5\"; expected 0 (dark) to 1 (full), or nothing");
  EXPECT_EQ(message_of("99999999999999999999,1,2,,,\n"),
            "a.frames.csv, line 2, column frame: \"99999999999999999999\"; expected a whole number from 0");
  EXPECT_EQ(message_of(""),
            "a.frames.csv has a header and no frames; expected one line a frame, or no such file");
}

TEST(Sidecar, NumbersAndTimesMustRise) {
  EXPECT_EQ(message_of("5,1,1,,,\n5,2,2,,,\n"),
            "a.frames.csv, line 3, column frame: 5 after 5; expected numbers that rise from line to line");
  EXPECT_EQ(
      message_of("5,1,9,,,\n6,2,9,,,\n"),
      "a.frames.csv, line 3, column monotonic_ns: 9 after 9; expected times that rise from line to line");
}

TEST(Sidecar, UnknownColumnNamesTheNearest) {
  const auto sidecar = parse_sidecar("frame,utc,monotonic_ns\n", "a.frames.csv", false);
  ASSERT_FALSE(sidecar);
  EXPECT_THAT(sidecar.error().message, testing::HasSubstr("line 1: unknown column \"utc\""));
}

TEST(Sidecar, FolderFilesStayInTheFolder) {
  for (const std::string file : {"../a.png", "/etc/passwd", "", "..", "b/c.png"}) {
    const auto sidecar =
        parse_sidecar("file,frame,utc_ms,monotonic_ns\n" + file + ",0,1,2\n", "d/frames.csv", true);
    ASSERT_FALSE(sidecar) << file;
    EXPECT_THAT(sidecar.error().message, testing::HasSubstr("line 2, column file: \"" + file + "\""));
  }
}

}  // namespace
}  // namespace wayside::replay
