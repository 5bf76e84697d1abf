#include "wayside/base/run_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

Result<ProgramEnd> shell(const std::string& script, std::chrono::milliseconds limit = 20s,
                         const std::function<void(std::string_view)>& on_line = {}) {
  return run_program({"/bin/sh", "-c", script}, limit, on_line);
}

TEST(RunProgram, GivesWhatItSaidAndHowItEnded) {
  const auto end = shell("echo one; echo; printf two; echo aside >&2; echo >&2; exit 3");
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->code, 3);
  EXPECT_EQ(end->said, "one\n\ntwo");
  EXPECT_EQ(end->complaint, "aside");
  EXPECT_EQ(shell("echo only this")->complaint, "only this");
  EXPECT_EQ(shell("kill -9 $$")->code, 128 + 9);
}

TEST(RunProgram, LinesAreHeardAsTheyCome) {
  std::vector<std::string> lines;
  ASSERT_TRUE(shell("echo 10%; echo; echo 90%; printf end", 20s,
                    [&](std::string_view line) { lines.emplace_back(line); }));
  EXPECT_THAT(lines, ElementsAre("10%", "90%", "end"));
}

TEST(RunProgram, WhatIsTooLongIsReadToItsEndAndCut) {
  std::size_t heard = 0;
  const auto end = shell("head -c 200000 /dev/zero | tr '\\0' x; echo; echo last; exit 5", 20s,
                         [&](std::string_view line) { heard += line.size(); });
  ASSERT_TRUE(end);
  EXPECT_EQ(end->code, 5);
  EXPECT_EQ(end->said.size(), 65'536U);
  EXPECT_EQ(heard, 200'004U);
  EXPECT_EQ(end->complaint, "last");
}

TEST(RunProgram, OneThatDoesNotEndIsEnded) {
  const auto begin = std::chrono::steady_clock::now();
  const auto end = shell("exec sleep 60", 100ms);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::unavailable);
  EXPECT_THAT(end.error().message, HasSubstr("/bin/sh did not end in time"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);
}

TEST(RunProgram, OneThatIsNotThereIsNamed) {
  const auto end = run_program({"/nowhere/program"}, 1s);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::not_found);
  EXPECT_THAT(end.error().message, HasSubstr("/nowhere/program"));
}

TEST(RunProgram, HasNothingToRead) {
  EXPECT_EQ(shell("cat")->said, "");
}

}  // namespace
}  // namespace wayside
