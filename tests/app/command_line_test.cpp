#include "src/app/command_line.hpp"

#include <csignal>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside::app {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() {
    prepare(app_);
    app_.add_option("--config", config_, "The configuration");
    sub_ = app_.add_subcommand("serve", "Serve");
    sub_->add_option("--port", port_, "The port");
  }
  struct Answer {
    std::optional<int> code;
    std::string out;
    std::string err;
  };
  Answer parse_words(std::vector<const char*> words) {
    words.insert(words.begin(), "wayside-test");
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Answer answer;
    answer.code = parse(app_, static_cast<int>(words.size()), words.data());
    answer.out = testing::internal::GetCapturedStdout();
    answer.err = testing::internal::GetCapturedStderr();
    return answer;
  }
  CLI::App app_{"A test", "wayside-test"};
  CLI::App* sub_ = nullptr;
  std::string config_;
  int port_ = 0;
};

TEST_F(CommandLineTest, ARightLineGoesOn) {
  const Answer answer = parse_words({"--config", "a.toml", "serve", "--port", "7"});
  EXPECT_EQ(answer.code, std::nullopt);
  EXPECT_EQ(config_, "a.toml");
  EXPECT_EQ(port_, 7);
}

TEST_F(CommandLineTest, HelpAndVersionEndWell) {
  const Answer help = parse_words({"--help"});
  EXPECT_EQ(help.code, exit_done);
  EXPECT_THAT(help.out, AllOf(HasSubstr("--config"), HasSubstr("The configuration"), HasSubstr("serve")));
  EXPECT_EQ(help.err, "");
  const Answer version = parse_words({"--version"});
  EXPECT_EQ(version.code, exit_done);
  EXPECT_THAT(version.out, testing::MatchesRegex("wayside-test [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_F(CommandLineTest, AnUnknownOptionNamesTheNearest) {
  const Answer answer = parse_words({"--confg", "a.toml"});
  EXPECT_EQ(answer.code, exit_usage);
  EXPECT_THAT(answer.err, AllOf(StartsWith("wayside-test: unknown option \"--confg\""),
                                HasSubstr("did you mean --config?"), HasSubstr("wayside-test --help")));
}

TEST_F(CommandLineTest, AnUnknownOptionWithAValueInItNamesTheNearest) {
  EXPECT_THAT(parse_words({"--confg=a.toml"}).err, HasSubstr("did you mean --config?"));
}

TEST_F(CommandLineTest, AnUnknownOptionFarFromAllIsNotGuessed) {
  const Answer answer = parse_words({"--thermostat"});
  EXPECT_EQ(answer.code, exit_usage);
  EXPECT_THAT(answer.err, testing::Not(HasSubstr("did you mean")));
}

TEST_F(CommandLineTest, AnOptionOfASubcommandIsLookedForThere) {
  EXPECT_THAT(parse_words({"serve", "--prt", "7"}).err, HasSubstr("did you mean --port?"));
}

TEST_F(CommandLineTest, AnUnknownWordIsNotCalledAnOption) {
  EXPECT_THAT(parse_words({"srve"}).err,
              AllOf(HasSubstr("unknown word \"srve\""), HasSubstr("did you mean serve?")));
}

TEST_F(CommandLineTest, AMistypedCommandIsNamedWhereOneIsRequired) {
  app_.require_subcommand(1);
  const Answer answer = parse_words({"serv", "office", "--port", "7"});
  EXPECT_EQ(answer.code, exit_usage);
  EXPECT_EQ(answer.err,
            "wayside-test: unknown word \"serv\"; did you mean serve?; see wayside-test --help\n");
}

TEST_F(CommandLineTest, AMissingCommandIsStillSaidToBeMissing) {
  app_.require_subcommand(1);
  const Answer answer = parse_words({"--config", "a.toml"});
  EXPECT_EQ(answer.code, exit_usage);
  EXPECT_THAT(answer.err, AllOf(HasSubstr("subcommand is required"), testing::Not(HasSubstr("unknown"))));
}

TEST_F(CommandLineTest, AMistypedOptionIsNamedWhereItsValueIsRequired) {
  std::string folder;
  sub_->add_option("--folder", folder, "The folder")->required();
  EXPECT_THAT(parse_words({"serve", "--foldr", "x"}).err,
              AllOf(HasSubstr("unknown option \"--foldr\""), HasSubstr("did you mean --folder?")));
}

TEST_F(CommandLineTest, AWrongValueIsUsage) {
  EXPECT_EQ(parse_words({"serve", "--port", "many"}).code, exit_usage);
}

TEST_F(CommandLineTest, WordsFromOutsideCannotDriveTheTerminal) {
  EXPECT_THAT(parse_words({"--\x1b[2J"}).err, testing::Not(HasSubstr("\x1b")));
}

TEST_F(CommandLineTest, ANumberIsOneWithinItsRange) {
  double share = 0;
  sub_->add_option("--share", share, "A share")->check(number(0, 1));
  for (const char* good : {"0", "1", "0.25", ".5", "1e-3"})
    EXPECT_EQ(parse_words({"serve", "--share", good}).code, std::nullopt) << good;
  for (const char* bad : {"nan", "-nan", "inf", "-0.1", "1.1", "half", "0.5x", ""}) {
    const Answer answer = parse_words({"serve", "--share", bad});
    EXPECT_EQ(answer.code, exit_usage) << bad;
    EXPECT_THAT(answer.err, HasSubstr(std::string("a number from 0 to 1 is expected instead of ") + bad));
  }
}

TEST(RunProgram, EndsAsItsWorkDoes) {
  EXPECT_EQ(run_program("wayside-test", [] { return exit_done; }), exit_done);
  EXPECT_EQ(run_program("wayside-test", [] { return exit_usage; }), exit_usage);
}

TEST(RunProgram, AnExceptionIsToldAndEndsWithOne) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_program("wayside-test", []() -> int { throw std::runtime_error("no\x1b luck"); }),
            exit_failed);
  EXPECT_EQ(run_program("wayside-test", []() -> int { throw std::bad_alloc(); }), exit_failed);
  EXPECT_EQ(run_program("wayside-test", []() -> int { throw 7; }), exit_failed);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "wayside-test: no\\u001b luck\nwayside-test: there is no memory left\n"
            "wayside-test: ended for a reason unknown to it\n");
}

TEST(RunProgram, AFileAboveItsLimitIsNoEndOfTheProgram) {
  std::signal(SIGXFSZ, SIG_DFL);
  EXPECT_EQ(run_program("wayside-test", [] { return std::raise(SIGXFSZ); }), 0);
}

TEST(ReportError, WrongInputIsUsageAndTheRestIsFailure) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(report("wayside-test", Error{ErrorCode::invalid_input, "wrong"}), exit_usage);
  EXPECT_EQ(report("wayside-test", Error{ErrorCode::io, "broken"}), exit_failed);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "wayside-test: wrong\nwayside-test: broken\n");
}

}  // namespace
}  // namespace wayside::app
