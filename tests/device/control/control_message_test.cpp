// What is said over the control socket, and what is not taken for a word of it.
#include "wayside/device/control/control_message.hpp"

#include <string>

#include <gtest/gtest.h>

#include "wayside/device/control/control_client.hpp"

namespace wayside {
namespace {

using std::chrono::milliseconds;

TEST(ControlMessage, ARequestComesBackAsItWasMeant) {
  ControlRequest request;
  request.task = ControlTask::aim;
  request.commissioning = true;
  request.every = milliseconds(1'200);
  request.actor = "installer";
  const Result<ControlRequest> back = parse_control_request(encode(request));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->task, ControlTask::aim);
  EXPECT_TRUE(back->commissioning);
  EXPECT_EQ(back->every, milliseconds(1'200));
  EXPECT_EQ(back->actor, "installer");
}

TEST(ControlMessage, ADocumentComesAsItIsAndWithNothingElseThanEnrol) {
  ControlRequest request;
  request.task = ControlTask::enrol;
  request.document = "wayside-enrolment-1 00\n\"quoted\"\t\u00e9\nend\n";
  const Result<ControlRequest> back = parse_control_request(encode(request));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->document, request.document);
  for (const char* const wrong : {R"({"do":"health","document":"x"})", R"({"do":"enrol","document":7})"})
    EXPECT_FALSE(parse_control_request(wrong)) << wrong;
}

TEST(ControlMessage, EveryTaskHasAName) {
  for (const ControlTask task :
       {ControlTask::health, ControlTask::counters, ControlTask::queue, ControlTask::authority,
        ControlTask::clock, ControlTask::privacy, ControlTask::watch_lists, ControlTask::reload,
        ControlTask::identity, ControlTask::enrol, ControlTask::aim, ControlTask::snapshot,
        ControlTask::load_authority, ControlTask::forget_view, ControlTask::update, ControlTask::update_check,
        ControlTask::update_waiting, ControlTask::update_install}) {
    const Result<ControlRequest> back = parse_control_request(encode({.task = task}));
    ASSERT_TRUE(back) << to_string(task);
    EXPECT_EQ(back->task, task);
  }
}

TEST(ControlMessage, WhatIsNoRequestIsRefusedWithWhatIsWrong) {
  const struct {
    std::string line;
    std::string says;
  } wrong[] = {
      {"", "not a JSON object"},
      {"[]", "not a JSON object"},
      {R"({"do":"health","do":"aim"})", "key twice"},
      {R"({"be":"health"})", "lacks \"do\""},
      {R"({"do":7})", "lacks \"do\""},
      {R"({"do":"format"})", "no task \"format\""},
      {R"({"do":"health","commissioning":true})", "takes no \"commissioning\""},
      {R"({"do":"snapshot","every_ms":100})", "takes no \"every_ms\""},
      {R"({"do":"aim","commissioning":1})", "true or false"},
      {R"({"do":"aim","every_ms":99})", "from 100 to 10000"},
      {R"({"do":"aim","every_ms":-1})", "from 100 to 10000"},
      {R"({"do":"aim","every_ms":18446744073709551615})", "from 100 to 10000"},
      {R"({"do":"aim","every_ms":150.5})", "from 100 to 10000"},
      {R"({"do":"health","actor":")" + std::string(65, 'a') + "\"}", "at most 64 bytes"},
      {std::string(most_control_request_bytes + 1, ' '), "at most"},
  };
  for (const auto& [line, says] : wrong) {
    const Result<ControlRequest> parsed = parse_control_request(line);
    ASSERT_FALSE(parsed) << line.substr(0, 80);
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_input);
    EXPECT_NE(parsed.error().message.find(says), std::string::npos) << parsed.error().message;
  }
}

TEST(ControlMessage, ARefusalKeepsItsCodeAndItsReasonAndDrivesNoTerminal) {
  const auto answer = parse_control_answer(encode_refusal({ErrorCode::refused, "not \x1b[2J now"}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::refused);
  EXPECT_EQ(answer.error().message.find('\x1b'), std::string::npos);
  EXPECT_NE(answer.error().message.find("not "), std::string::npos);
}

TEST(ControlMessage, AnAnswerThatDoesNotSayWhetherItIsOneIsCorrupt) {
  for (const char* const line : {"", "{}", R"({"ok":1})", R"({"ok":false})", R"({"ok":false,"code":"io"})",
                                 R"({"ok":false,"code":"bad","reason":"x"})", R"({"ok":true}{)"}) {
    const auto answer = parse_control_answer(line);
    ASSERT_FALSE(answer) << line;
    EXPECT_EQ(answer.error().code, ErrorCode::corrupt) << line;
  }
  EXPECT_TRUE(parse_control_answer(R"({"ok":true})"));
}

TEST(ControlMessage, AReportFitsTheLineAtItsPeriod) {
  EXPECT_EQ(aim_period(115'200), milliseconds(100));
  EXPECT_EQ(aim_period(230'400), milliseconds(100));
  EXPECT_EQ(aim_period(9'600), milliseconds(1'200));
  EXPECT_EQ(aim_period(0), milliseconds(10'000));
  for (const unsigned baud : {9'600U, 19'200U, 38'400U, 57'600U, 115'200U}) {
    const double bytes = baud / 10.0 * static_cast<double>(aim_period(baud).count()) / 1e3;
    EXPECT_GE(bytes, 1'100) << baud;
  }
}

}  // namespace
}  // namespace wayside
