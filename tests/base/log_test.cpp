#include "wayside/base/log.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/base/json_text.hpp"

namespace wayside {
namespace {

TEST(Log, WritesTaggedValuesInBothForms) {
  EXPECT_EQ(
      log::format_entry(log::Format::console, "frame_dropped", {{"frame", 7}, {"late", true}, {"ms", 1.5}}),
      "frame_dropped frame=7 late=true ms=1.5");
  EXPECT_EQ(log::format_entry(log::Format::json, "started", {{"site", "A14 \"J31\""}}),
            R"("event":"started","site":"A14 \"J31\"")");
}

TEST(Log, LetsNothingDriveATerminalOrBreakALine) {
  EXPECT_EQ(log::format_entry(log::Format::console, "e", {{"k", "\x1b[2Ja\nb\x7f"}}),
            "e k=\"\\u001b[2Ja\\nb\\u007f\"");
  EXPECT_EQ(json_escape("\xC2\x9B"), "\\u009b");
  EXPECT_EQ(json_escape("a\u202eb\u2028c\u2067d\u200fe\u061cf"), "a\\u202eb\\u2028c\\u2067d\\u200fe\\u061cf");
  const std::string harmless = "\u200d\u2027\u202f\u2065\u206a\u061b";
  EXPECT_EQ(json_escape(harmless), harmless);
}

TEST(Log, ReplacesInvalidUtf8AndNotANumber) {
  EXPECT_EQ(json_escape("a\xFF\xC3"), "a\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(json_escape("\xED\xA0\x80").size(), 9U);
  EXPECT_EQ(json_escape("naïve €"), "naïve €");
  EXPECT_EQ(log::format_entry(log::Format::json, "e", {{"k", std::numeric_limits<double>::quiet_NaN()}}),
            R"("event":"e","k":null)");
}

// In a process of its own, whose standard error is the one that is taken.
TEST(LogDeathTest, WhatALibraryPrintsBecomesEntriesAndOwnSentencesStayThemselves) {
  const auto as_a_library = [] {
    log::start(log::Level::warning, log::Format::json);
    log::take_what_libraries_print();
    // As libpng prints: a line in pieces.
    std::fprintf(stderr, "libpng error: %s", "IDAT: \x1b CRC error");
    log::error("between", {});
    std::fprintf(stderr, "\n\n%s\nnever ended", std::string(600, 'x').c_str());
    std::cerr << " by it\n"
              << "imdecode_(" << 1 << ")" << std::endl;
    std::fprintf(log::standard_error(), "own sentence\n");
    std::exit(0);
  };
  const auto entry = [](const std::string& level, const std::string& rest) {
    return "\\{\"time\":\"[^\"]*\",\"level\":\"" + level + "\",\"event\":\"" + rest + "\\}\n";
  };
  const std::string told = "library_message\",\"text\":\"";
  EXPECT_EXIT(as_a_library(), testing::ExitedWithCode(0),
              testing::MatchesRegex(entry("error", "between\"") +
                                    entry("warning", told + "libpng error: IDAT: .u001b CRC error\"") +
                                    entry("warning", told + "x{512}\"") +
                                    entry("warning", told + "never ended by it\"") +
                                    entry("warning", told + "imdecode_.1.\"") + "own sentence\n"));
}

}  // namespace
}  // namespace wayside
