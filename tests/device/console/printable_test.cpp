// What reaches a terminal.
#include "wayside/device/console/printable.hpp"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace wayside::console {
namespace {

bool harmless(const std::string& text, bool lines) {
  for (const char c : text) {
    if ((c < 0x20 || c > 0x7e) && !(lines && c == '\n')) return false;
  }
  return true;
}

TEST(Printable, LetsNothingDriveATerminal) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = std::string("a") + static_cast<char>(byte) + "b";
    EXPECT_TRUE(harmless(printable(text), false)) << byte;
    EXPECT_TRUE(harmless(printable_lines(text), true)) << byte;
  }
  std::mt19937 random(7);
  std::string noise(100'000, '\0');
  for (char& c : noise)
    c = static_cast<char>(random());
  EXPECT_TRUE(harmless(printable(noise), false));
  EXPECT_EQ(printable("\x1b[2J\x9b"
                      "c"),
            "\\u001b[2J\\x9bc");
}

TEST(Printable, ShowsLettersBeyondAsciiAsTheConsoleTakesThem) {
  EXPECT_EQ(printable("Ll\u0177n \"A\" \\ \U0001f697"), "Ll\\u0177n \"A\" \\ \\U0001f697");
  EXPECT_EQ(printable("a\nb"), "a\\u000ab");
  EXPECT_EQ(printable_lines("a\nb"), "a\nb");
}

TEST(Printable, BreaksLinesAtBlanks) {
  EXPECT_EQ(wrapped("one two three", 2, 8), "one\n  two\n  three");
  EXPECT_EQ(wrapped("", 2, 8), "");
  EXPECT_EQ(wrapped("unbreakable", 0, 4), "unbreakable");
}

}  // namespace
}  // namespace wayside::console
