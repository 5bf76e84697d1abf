// What the console hears of updates, and what it can ask for.
#include "src/app/update_answers.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class UpdateAnswersTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(at_.path() / "os-release")
        << "IMAGE_ID=wayside\nIMAGE_VERSION=1.1.0\nVARIANT_ID=qemu-virt\n";
    std::ofstream(at_.path() / "cmdline") << "wayside.slot=b\n";
    files_.os_release = at_.path() / "os-release";
    files_.command_line = at_.path() / "cmdline";
  }
  Result<json> ask(ControlTask task, UpdateHooks hooks = {}) const {
    ControlAnswers answers;
    add_update_answers(answers, {at_.path()}, std::move(hooks), files_);
    return answers.at(task)({.task = task});
  }

  doubles::TemporaryFolder at_{doubles::in_memory()};
  SystemFiles files_;
};

TEST_F(UpdateAnswersTest, SayWhatRunsAndHowItsUpdateStands) {
  EXPECT_EQ(ask(ControlTask::update).value(),
            json::parse(R"({"version":"1.1.0","compatible":"wayside-qemu-virt","slot":"b","state":"none"})"));
  UpdateStatus status;
  status.state = UpdateState::installing;
  status.version = "1.2.0";
  status.from = "1.1.0";
  status.percent = 40;
  ASSERT_TRUE(write_update_status({at_.path()}, status));
  const json answer = ask(ControlTask::update, {[] {
                                                  return json{{"offered", "1.3.0"}};
                                                },
                                                {},
                                                {},
                                                {}})
                          .value();
  EXPECT_EQ(answer.at("state"), "installing");
  EXPECT_EQ(answer.at("of_version"), "1.2.0");
  EXPECT_EQ(answer.at("percent"), 40);
  EXPECT_EQ(answer.at("offered"), "1.3.0");
}

TEST_F(UpdateAnswersTest, OnAMachineThatIsNoImageTheySayThat) {
  files_.os_release = at_.path() / "nothing";
  EXPECT_THAT(ask(ControlTask::update).value().at("problem").get<std::string>(), HasSubstr("nothing"));
}

TEST_F(UpdateAnswersTest, WhatIsAskedForIsDoneOrRefusedInWords) {
  EXPECT_EQ(ask(ControlTask::update_check).error().code, ErrorCode::unsupported);
  EXPECT_EQ(ask(ControlTask::update_waiting).error().code, ErrorCode::unsupported);
  EXPECT_EQ(ask(ControlTask::update_install).error().code, ErrorCode::unsupported);
  UpdateHooks hooks;
  hooks.check = []() -> Result<std::string> { return std::string("1.2.0 is offered"); };
  hooks.waiting = []() -> Result<std::string> { return std::string("1.2.0 waits"); };
  hooks.install = []() -> Result<std::string> { return fail(ErrorCode::refused, "nothing is fetched"); };
  EXPECT_EQ(ask(ControlTask::update_check, hooks).value().at("text"), "1.2.0 is offered");
  EXPECT_EQ(ask(ControlTask::update_waiting, hooks).value().at("text"), "1.2.0 waits");
  EXPECT_EQ(ask(ControlTask::update_install, hooks).error().message, "nothing is fetched");
}

}  // namespace
}  // namespace wayside::app
