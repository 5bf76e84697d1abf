#include "wayside/base/log.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "wayside/base/json_text.hpp"

namespace wayside {
namespace {

TEST(Log, WritesTaggedValuesInBothForms) {
  EXPECT_EQ(log::format_entry(log::Format::console, "frame_dropped", {{"frame", 7}, {"late", true}, {"ms", 1.5}}),
            "frame_dropped frame=7 late=true ms=1.5");
  EXPECT_EQ(log::format_entry(log::Format::json, "started", {{"site", "A14 \"J31\""}}),
            R"("event":"started","site":"A14 \"J31\"")");
}

TEST(Log, LetsNothingDriveATerminalOrBreakALine) {
  EXPECT_EQ(log::format_entry(log::Format::console, "e", {{"k", "\x1b[2Ja\nb\x7f"}}),
            "e k=\"\\u001b[2Ja\\nb\\u007f\"");
  EXPECT_EQ(json_escape("\xC2\x9B"), "\\u009b");
}

TEST(Log, ReplacesInvalidUtf8AndNotANumber) {
  EXPECT_EQ(json_escape("a\xFF\xC3"), "a\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(json_escape("\xED\xA0\x80").size(), 9U);
  EXPECT_EQ(json_escape("naïve €"), "naïve €");
  EXPECT_EQ(log::format_entry(log::Format::json, "e", {{"k", std::numeric_limits<double>::quiet_NaN()}}),
            R"("event":"e","k":null)");
}

}  // namespace
}  // namespace wayside
