// Transcripts over a pseudo terminal: what is typed, and what must appear.
#include "wayside/device/console/console.hpp"

#include <csignal>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "tests/device/console/console_fixture.hpp"

namespace wayside::console {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class ConsoleAtRate : public ConsoleTest, public testing::WithParamInterface<unsigned> {};

// At the speed of the line, from a camera as it left the factory to a configuration that runs.
TEST_P(ConsoleAtRate, CommissionsAFreshCamera) {
  camera_.accounts.accounts.clear();
  doubles::SerialCable& cable = start(GetParam(), {{GetParam()}, "dumb"});
  ASSERT_TRUE(cable.sees("becomes the first"));
  ASSERT_TRUE(cable.sees("login: "));
  cable.type("alice\r");
  ASSERT_TRUE(cable.sees("new password: "));
  cable.type(std::string(password) + "\r");
  ASSERT_TRUE(cable.sees("once more: "));
  cable.type(std::string(password) + "\r");
  ASSERT_TRUE(cable.sees("alice is an installer now"));
  log_in();
  EXPECT_EQ(cable.rate_of_line(), GetParam());
  expect("configure", "alice [configure]# ");
  expect("set site name \"A14 J31 eastbound lane 1\"", "]# ");
  expect("commit", "Version 1 runs.");
  expect("exit", "alice> ");
  expect("show configuration", "set site name \"A14 J31 eastbound lane 1\"");
  camera_.configuration.runs["lane.1.polygon"] = "[[0, 0], [0.5, 0], [0.5, 1]]";
  expect("show configuration lane", "set lane 1 polygon 0,0 0.5,0 0.5,1\r\n");
  expect("exit", "login: ");
  EXPECT_EQ(camera_.configuration.commits.size(), 1U);
  EXPECT_EQ(camera_.trail.count("login"), 1U);
  EXPECT_EQ(camera_.trail.count("logout"), 1U);
  EXPECT_EQ(camera_.trail.count("configuration"), 1U);
  EXPECT_THAT(cable.seen(), Not(HasSubstr(password)));
  EXPECT_TRUE(is_harmless(cable.seen())) << cable.seen();
}
INSTANTIATE_TEST_SUITE_P(Rates, ConsoleAtRate, testing::Values(9600U, 115200U));

TEST_F(ConsoleTest, TheLineIsRawWithEightBitsAndDeafToSignals) {
  doubles::SerialCable& cable = start();
  log_in();
  for (int moment = 0; moment < 2; ++moment) {
    cable.type("sho");
    ASSERT_TRUE(cable.sees("sho"));
    const termios now = cable.settings();
    EXPECT_EQ(now.c_lflag & (ISIG | ICANON | ECHO | IEXTEN), 0U) << moment;
    EXPECT_EQ(now.c_iflag & (IXON | IXOFF | ICRNL | BRKINT | ISTRIP), 0U) << moment;
    EXPECT_EQ(now.c_cflag & (CSIZE | PARENB | CSTOPB), static_cast<tcflag_t>(CS8)) << moment;
    expect("w version", "Wayside 0.1.0");
  }
}

TEST_F(ConsoleTest, QuestionMarkHelpsAndTabCompletes) {
  doubles::SerialCable& cable = start();
  log_in();
  cable.type("show ?");
  EXPECT_TRUE(cable.sees("health")) << cable.seen();
  EXPECT_TRUE(cable.sees("What is wrong with the camera"));
  EXPECT_TRUE(cable.sees("alice> show "));
  cable.type("ver\t");
  EXPECT_TRUE(cable.sees("version "));
  expect("", "Wayside 0.1.0");
  cable.type("conf\t");
  EXPECT_TRUE(cable.sees("confi")) << cable.seen();
  expect("gure", "]# ");
  // In quotes it is a question mark.
  expect("set site name \"Where?\"", "]# ");
  expect("show candidate", "set site name \"Where?\"");
}

TEST_F(ConsoleTest, LinesAreEditedAndRemembered) {
  doubles::SerialCable& cable = start();
  log_in();
  expect("shoe\x7fw version", "Wayside 0.1.0");
  expect("\x1b[A", "Wayside 0.1.0");
  expect("\x04show version", "Wayside 0.1.0");  // on an empty line it is no end
  expect("nonsense\x15show version", "Wayside 0.1.0");
  expect(
      "version\x1b[H"
      "show \x1b[F",
      "Wayside 0.1.0");
  cable.type("exit\r");
  log_in("olga");
  cable.type("\x1b[A\x10\r");
  expect("help", "Type a command word by word");
  EXPECT_THAT(cable.seen().substr(cable.seen().rfind("olga> ", cable.seen().find("Type a command"))),
              Not(HasSubstr("version")));
}

TEST_F(ConsoleTest, AFailedLoginIsSaidPutOnRecordAndDelayed) {
  camera_.accounts.wait = 300ms;
  doubles::SerialCable& cable = start();
  ASSERT_TRUE(cable.sees("login: "));
  cable.type("alice\rwrong password\r");
  ASSERT_TRUE(cable.sees("do not belong together"));
  const auto said = std::chrono::steady_clock::now();
  ASSERT_TRUE(cable.sees("login: "));
  EXPECT_GE(std::chrono::steady_clock::now() - said, 250ms);
  // Who types a password for a name has it on no record.
  cable.type("my secret pass\rx\r");
  ASSERT_TRUE(cable.sees("do not belong together"));
  ASSERT_EQ(camera_.trail.count("attempt"), 2U);
  EXPECT_EQ(camera_.trail.events[0].name, "alice");
  EXPECT_EQ(camera_.trail.events[1].name, "");
  log_in();
}

TEST_F(ConsoleTest, WhoIsAwayIsLoggedOutThoughNoiseGoesOn) {
  options_.idle_limit = 400ms;
  doubles::SerialCable& cable = start();
  log_in();
  cable.type("configure\r");
  ASSERT_TRUE(cable.sees("]# "));
  for (int i = 0; i < 40; ++i) {
    cable.type("x");
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_TRUE(cable.sees("you are logged out")) << cable.seen();
  EXPECT_TRUE(cable.sees("login: "));
  EXPECT_EQ(camera_.configuration.editor, "");
  EXPECT_EQ(camera_.trail.events.back().details.at("why"), "away");
}

// A line that is never quiet, as of a broken adapter.
TEST_F(ConsoleTest, WhatNeverEndsIsLateAllTheSame) {
  options_.idle_limit = 400ms;
  doubles::SerialCable& cable = start();
  log_in();
  const std::string flood(4096, 'x');
  for (int i = 0; i < 400 && cable.seen().find("you are logged out") == std::string::npos; ++i)
    cable.type(flood);
  EXPECT_TRUE(cable.sees("you are logged out"));
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const std::string endless(50'000, 'x');
  ASSERT_EQ(::write(ends[0], endless.data(), endless.size()), static_cast<ssize_t>(endless.size()));
  const auto terminal = make_line_terminal(ends[1], ends[1]);
  EXPECT_EQ(terminal->read_plain("", 64, 0ms).input, Input::idle);
  WipedBytes secret;
  EXPECT_EQ(terminal->read_secret("", secret, 0ms), Input::idle);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(ConsoleTest, ASocketThatSaysNothingIsClosed) {
  options_.login_limit = 100ms;
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const auto terminal = make_line_terminal(ends[1], ends[1]);
  EXPECT_TRUE(run_console(*terminal, camera_.services(), options_));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(ConsoleTest, ACablePulledInMidLineDoesNothingOfIt) {
  start();
  log_in();
  expect("configure", "]# ");
  cable_->type("set site name \"half");
  ASSERT_TRUE(cable_->sees("half"));
  stop();
  EXPECT_TRUE(ended_);
  EXPECT_TRUE(camera_.configuration.edited.empty());
  EXPECT_EQ(camera_.configuration.editor, "");
  EXPECT_EQ(camera_.trail.events.back().details.at("why"), "the line hung up");
}

TEST_F(ConsoleTest, ALineOf64KilobytesIsASentence) {
  const std::string line(64 << 10, 'a');
  doubles::SerialCable& cable = start();
  ASSERT_TRUE(cable.sees("login: "));
  expect(line, "type it again");
  log_in();
  expect(line, "A line has at most 1000 characters: nothing was done.");
  expect("show version", "Wayside 0.1.0");
  expect("configure", "]# ");
  expect("load", "a line with only a full stop");
  expect(line + "b", "nothing was taken");
  expect("", "]# ");
  expect("account password", "your password now: ");
  expect(line, "]# ");
  expect("set site name \"" + std::string(900, 'n') + "\"", "at most 120 bytes");
}

TEST_F(ConsoleTest, ABreakTriesTheNextRateAndNoiseToo) {
  doubles::SerialCable& cable = start(0, {{115200, 9600}, "dumb"});
  ASSERT_TRUE(cable.sees("login: "));
  EXPECT_EQ(cable.rate_of_line(), 115200U);
  cable.type(std::string_view("\0", 1));
  ASSERT_TRUE(cable.sees("login: "));
  EXPECT_EQ(cable.rate_of_line(), 9600U);
  cable.type("\xfe\x80\xf8\xff\x9c\xfe\x80\xf8");
  ASSERT_TRUE(cable.sees("login: "));
  EXPECT_EQ(cable.rate_of_line(), 115200U);
  log_in("alice", true);
  cable.type(std::string_view("show\0", 5));
  EXPECT_TRUE(cable.sees("The line broke: nothing was done."));
  EXPECT_EQ(cable.rate_of_line(), 115200U);
}

// A megabyte at every prompt there is. What comes back drives no terminal, and the console is still there.
class Noise : public ConsoleTest, public testing::WithParamInterface<std::string> {
 protected:
  static std::string noise(bool without_lines) {
    std::mt19937 random(42);
    std::string bytes(std::size_t{1} << 20U, '\0');
    for (char& c : bytes) {
      do {
        c = static_cast<char>(random());
      } while (without_lines && (c == '\n' || c == '\r'));
    }
    return bytes;
  }
};

TEST_P(Noise, AMegabyteOfItChangesNothing) {
  doubles::SerialCable& cable = start();
  const std::string at = GetParam();
  if (at != "login") {
    log_in();
    if (at == "configure") expect("configure", "]# ");
    if (at == "password") expect("account add bob operator", "your password now: ");
    if (at == "new_password") {
      expect("account add bob operator", "your password now: ");
      expect(password, "new password: ");
    }
    if (at == "block") {
      expect("configure", "]# ");
      expect("load", "full stop");
    }
    if (at == "wipe") expect("wipe", "to go on: ");
  }
  cable.type(noise(false));
  cable.type("\r\x03\r");
  // Whatever prompt that has led to: out to the login, and in again.
  for (int i = 0; i < 40 && !cable.sees("login: ", 200ms); ++i)
    cable.type("\x03\rq\x15.\rexit\r");
  cable.type("\x15\r");
  std::this_thread::sleep_for(200ms);
  cable.skip();
  cable.type("\r");
  log_in();
  expect("show version", "Wayside 0.1.0");
  EXPECT_TRUE(is_harmless(cable.seen()));
  EXPECT_TRUE(camera_.configuration.commits.empty());
  EXPECT_EQ(camera_.camera.wipes, 0);
  EXPECT_EQ(camera_.camera.reboots, 0);
  EXPECT_EQ(camera_.accounts.accounts.size(), 3U);
}
INSTANTIATE_TEST_SUITE_P(Prompts, Noise,
                         testing::Values("login", "command", "configure", "password", "new_password", "block",
                                         "wipe"),
                         [](const auto& one) { return one.param; });

// Dropped, doubled and flipped bytes: a line arrives whole, or is refused in words; what is committed is what
// is shown to be.
TEST_F(ConsoleTest, DamagedLinesAreRefusedInWords) {
  std::mt19937 random(3);
  doubles::SerialCable& cable = start(115200);
  log_in();
  expect("configure", "]# ");
  const std::string line = "set site camera_id 17";
  int harmed = 0;
  for (int i = 0; i < 60; ++i) {
    std::string sent = line;
    const std::size_t at = random() % sent.size();
    if (i % 3 == 0) sent.erase(at, 1);
    if (i % 3 == 1) sent.insert(at, 1, sent[at]);
    if (i % 3 == 2) sent[at] = static_cast<char>(sent[at] ^ (1U << (random() % 8)));
    if (sent.find_first_of(std::string_view("\0\r\n\x03", 4)) != std::string::npos) continue;
    ++harmed;
    cable.type(sent + "\r");
    ASSERT_TRUE(cable.sees("]# ")) << cable.seen();
  }
  EXPECT_GT(harmed, 40);
  cable.type("\x15");
  expect("show version", "Wayside 0.1.0");
  EXPECT_TRUE(is_harmless(cable.seen())) << cable.seen();
  // A damaged figure may still be one: that is why a commit is preceded by show | compare.
  for (const auto& [path, value] : camera_.configuration.edited)
    EXPECT_THAT(path, testing::StartsWith("site.")) << value;
}

TEST_F(ConsoleTest, WhatIsStoredOrAnsweredDrivesNoTerminal) {
  const std::string bomb =
      "\x1b[2J\x1b]0;owned\x07\x9b"
      "31m\xc2\x9b\r\b\x7f";
  camera_.configuration.runs["site.name"] = "\"" + bomb + "\"";
  camera_.configuration.edited["site.name"] = "\"" + bomb + "\"";
  camera_.camera.answer = bomb;
  camera_.camera.lacking = {bomb};
  camera_.accounts.accounts[bomb] = {ConsoleRole::auditor, password};
  camera_.configuration.taken_back = bomb;
  doubles::SerialCable& cable = start();
  log_in();
  for (const char* const line :
       {"show health", "show configuration", "test", "show accounts", "audit show"}) {
    cable.type(std::string(line) + "\r");
    ASSERT_TRUE(cable.sees("alice> ")) << cable.seen();
  }
  expect("configure", "]# ");
  // And typed into every field that takes text.
  for (const ConsoleKey& key : camera_.configuration.keys()) {
    cable.type("set " + key.section + " " + key.name + " \"" + bomb + "\"\x15\r");
    ASSERT_TRUE(cable.sees("]# "));
    expect("set " + key.section + " " + key.name + " \"\\u001b[2J\"", "#");
  }
  expect("commit comment \"\\u009b2J\"", "control character");
  expect("exit", "alice> ");
  EXPECT_TRUE(is_harmless(cable.seen()));
  EXPECT_THAT(cable.seen(), HasSubstr("\\u001b[2J"));
}

// Letters of Latin-1 are commands to a line editor; and an escape sequence shall not become one.
TEST_F(ConsoleTest, LettersBeyondAsciiAreLetters) {
  doubles::SerialCable& cable = start();
  log_in();
  expect("configure", "]# ");
  std::string name;
  for (unsigned letter = 0xa0; letter <= 0xff; ++letter)
    name += {static_cast<char>(0xc0U | letter >> 6U), static_cast<char>(0x80U | (letter & 0x3fU))};
  for (std::size_t at = 0; at < name.size(); at += 64) {
    expect("set site name \"" + name.substr(at, 64) + "\"", "]# ");
    EXPECT_EQ(camera_.configuration.edited["site.name"], "\"" + name.substr(at, 64) + "\"");
  }
  expect("set site name \"Ll\\u0177n\"", "]# ");
  EXPECT_EQ(camera_.configuration.edited["site.name"], "\"Ll\u0177n\"");
  EXPECT_TRUE(is_harmless(cable.seen()));
}

TEST_F(ConsoleTest, ChangesGoOnRecordFirstOrAreNotMade) {
  start();
  log_in();
  expect("configure", "]# ");
  expect("set site name \"A14\"", "]# ");
  camera_.trail.full = true;
  expect("commit", "this cannot be put on record: the disk is full");
  EXPECT_TRUE(camera_.configuration.commits.empty());
  camera_.trail.full = false;
  expect("commit confirmed 5 comment \"first\"", "Version 1 runs.");
  ASSERT_EQ(camera_.configuration.commits.size(), 1U);
  EXPECT_EQ(camera_.configuration.commits[0].who, "alice");
  EXPECT_EQ(camera_.configuration.commits[0].comment, "first");
  EXPECT_EQ(camera_.configuration.commits[0].confirm_within, 5min);
  const auto& recorded = camera_.trail.events.at(camera_.trail.events.size() - 2);
  EXPECT_EQ(recorded.event, "configuration");
  EXPECT_EQ(recorded.details.at("key"), "site.name");
  EXPECT_EQ(recorded.details.at("after"), "\"A14\"");
  // Who mends the camera gets in all the same.
  expect("exit", "alice> ");
  camera_.trail.full = true;
  cable_->type("exit\r");
  log_in();
}

TEST_F(ConsoleTest, WhatACommitWaitsForIsOnRecordAndSoIsItsConfirmationWhereItWaits) {
  using Details = std::map<std::string, std::string>;
  const auto last = [&] { return camera_.trail.events.back().details; };
  start();
  log_in();
  expect("configure", "]# ");
  expect("set site name \"A14\"", "]# ");
  expect("confirm", "no commit waits for its confirmation");
  EXPECT_EQ(camera_.trail.count("configuration"), 0U) << "nothing was confirmed";
  expect("commit confirmed 5", "Version 1 runs.");
  EXPECT_EQ(last(), (Details{{"confirm_within", "5 min"}}));
  camera_.configuration.waits = "Version 1 goes back.";
  expect("confirm", "It stays.");
  EXPECT_EQ(last(), (Details{{"confirmed", "yes"}}));
  EXPECT_EQ(camera_.trail.count("configuration"), 3U);
  camera_.configuration.waits = "Version 1 goes back.";
  camera_.configuration.late = true;
  expect("confirm", "has run out");
  EXPECT_EQ(last(), (Details{{"not_confirmed", "the time to confirm it has run out"}}));
  expect("set site name \"A15\"", "]# ");
  expect("commit", "Version 2 runs.");
  EXPECT_EQ(last(), (Details{{"confirmed", "yes"}})) << "a plain commit confirms what waits";
}

TEST_F(ConsoleTest, ACommitThatWasTakenBackIsToldAtOnce) {
  doubles::SerialCable& cable = start();
  log_in();
  camera_.configuration.taken_back = "Version 2 was not confirmed in time: version 1 runs again.";
  EXPECT_TRUE(cable.sees("was not confirmed in time", 5s)) << cable.seen();
  EXPECT_TRUE(cable.sees("alice> "));
}

TEST_F(ConsoleTest, WipeAsksTwiceAndOnlyAtTheCamera) {
  start();
  log_in();
  expect("wipe", "Type \"wipe\" to go on: ");
  expect("no", "Nothing was done.");
  expect("wipe", "Type \"wipe\" to go on: ");
  expect("wipe", "Type \"destroy everything\" to go on: ");
  expect("yes", "Nothing was done.");
  EXPECT_EQ(camera_.camera.wipes, 0);
  expect("wipe", "Type \"wipe\" to go on: ");
  expect("wipe", "Type \"destroy everything\" to go on: ");
  camera_.trail.full = true;  // it works where much else does not
  expect("destroy everything", "All is destroyed.");
  EXPECT_EQ(camera_.camera.wipes, 1);
  ASSERT_TRUE(cable_->sees("login: "));
  stop();
  options_.physically_present = false;
  start();
  log_in();
  expect("wipe", "only done at the camera");
  EXPECT_EQ(camera_.camera.wipes, 1);
}

TEST_F(ConsoleTest, NothingGoesOnRecordOnceAWipeIsAskedFor) {
  start();
  log_in();
  camera_.camera.dead = true;
  for (const char* answer : {"does not answer", "All is destroyed."}) {
    expect("wipe", "Type \"wipe\" to go on: ");
    expect("wipe", "Type \"destroy everything\" to go on: ");
    expect("destroy everything", answer);
    camera_.camera.dead = false;
  }
  ASSERT_TRUE(cable_->sees("login: "));
  stop();
  EXPECT_EQ(camera_.trail.count("wipe"), 2U) << "also after one that could not be asked for";
  EXPECT_EQ(camera_.trail.events.back().event, "wipe");
  EXPECT_EQ(camera_.trail.count("logout"), 0U);
}

TEST_F(ConsoleTest, AccountsComeAndGoByPasswordAndTheirRoleCountsAtOnce) {
  start();
  log_in();
  const auto add = [&] {
    expect("account add bob operator", "your password now: ");
    expect(password, "new password: ");
  };
  add();
  expect("short", "at least 12");
  add();
  expect("long enough to be one", "once more: ");
  expect("another that is long", "not the same");
  add();
  expect("long enough to be one", "once more: ");
  expect("long enough to be one", "bob may log in as operator.");
  expect("account remove bob", "your password now: ");
  expect(password, "Type \"bob\" to go on: ");
  expect("bob", "bob is removed.");
  EXPECT_EQ(camera_.accounts.accounts.count("bob"), 0U);
  camera_.accounts.accounts.erase("alice");
  expect("show version", "you are logged out");
  EXPECT_THAT(cable_->seen(), Not(HasSubstr("long enough to be one")));
}

TEST_F(ConsoleTest, ASessionThatWasLeftOpenMakesNoAccountAndTakesNoneOver) {
  camera_.accounts.accounts["bob"] = {ConsoleRole::operator_, password};
  start();
  log_in();
  for (const char* const line : {"account add mallory installer", "account remove bob", "account password",
                                 "account password bob", "account key alice none"}) {
    expect(line, "your password now: ");
    expect("a guess of a password", "do not belong together");
  }
  expect("account add mallory installer", "your password now: ");
  expect("\x03", "Nothing has changed.");
  EXPECT_EQ(camera_.accounts.accounts.size(), 4U);
  EXPECT_EQ(camera_.accounts.accounts["bob"].second, password);
  ASSERT_EQ(camera_.trail.count("attempt"), 5U);
  EXPECT_EQ(camera_.trail.events[1].details.at("for"), "account add");
  EXPECT_EQ(camera_.trail.count("account"), 0U);
}

TEST_F(ConsoleTest, PastedDocumentsAreTakenWhole) {
  start();
  log_in("alice");
  expect("authority load", "a line with only a full stop");
  cable_->type("wayside-authority-1 00\r\n{\"kind\": \"authority\"}\r\n.\r");
  EXPECT_TRUE(cable_->sees("It is taken."));
  EXPECT_EQ(camera_.camera.authority, "wayside-authority-1 00\n{\"kind\": \"authority\"}\n");
  expect("authority load", "a line with only a full stop");
  expect("half\x03", "Nothing was taken.");
}

TEST_F(ConsoleTest, AnUpdateIsInstalledOnceItWasConfirmedAndThatIsOnRecord) {
  start();
  log_in("alice");
  expect("update show", "update: well");
  expect("update check", "1.2.3 is offered.");
  expect("update install", "version 1.2.3 waits.");
  EXPECT_TRUE(cable_->sees("Type \"install\" to go on"));
  expect("no", "Nothing was done.");
  EXPECT_EQ(camera_.camera.installs, 0);
  EXPECT_EQ(camera_.trail.count("update"), 0U);
  expect("update install", "Type \"install\" to go on");
  expect("install", "It is being installed.");
  EXPECT_EQ(camera_.camera.installs, 1);
  ASSERT_EQ(camera_.trail.count("update"), 1U);
  EXPECT_EQ(camera_.trail.events.back().details.at("install"), "asked for at the console");
  expect("update install", "Type \"install\" to go on");
  camera_.camera.dead = true;
  expect("install", "waysided does not answer");
  EXPECT_THAT(camera_.trail.events.back().details.at("not_asked_for"), HasSubstr("does not answer"));
}

TEST_F(ConsoleTest, WhereNoUpdateWaitsThatIsSaidAndNothingIsAsked) {
  start();
  log_in("alice");
  camera_.camera.update_waits = false;
  expect("update install", "no update waits to be installed");
  EXPECT_TRUE(cable_->sees("alice> "));
  camera_.camera.dead = true;
  expect("update install", "waysided does not answer");
  EXPECT_TRUE(cable_->sees("alice> "));
  EXPECT_EQ(camera_.camera.installs, 0);
  EXPECT_EQ(camera_.trail.count("update"), 0U);
}

TEST_F(ConsoleTest, AnEnrolmentIsOfferedWholeAndWhatBecameOfItIsOnRecord) {
  start();
  log_in("alice");
  expect("enrol show", "This camera is 0123456789abcdef.");
  expect("enrol load", "a line with only a full stop");
  cable_->type("wayside-enrolment-1 00\rdevice 0123456789abcdef\rend\r.\r");
  EXPECT_TRUE(cable_->sees("This camera belongs to the office."));
  EXPECT_EQ(camera_.camera.enrolment, "wayside-enrolment-1 00\ndevice 0123456789abcdef\nend\n");
  camera_.camera.dead = true;
  expect("enrol load", "a line with only a full stop");
  cable_->type("wayside-enrolment-1 00\r.\r");
  EXPECT_TRUE(cable_->sees("it is not running"));
  EXPECT_EQ(camera_.trail.events.back().event, "enrolment");
  EXPECT_EQ(camera_.trail.events.back().details.count("not_taken"), 1U);
}

TEST_F(ConsoleTest, ADeadDaemonIsSaidAndEditingGoesOn) {
  camera_.camera.dead = true;
  start();
  log_in();
  expect("show health", "waysided does not answer");
  expect("configure", "]# ");
  expect("set site name \"A14\"", "]# ");
  expect("commit", "Version 1 runs.");
}

TEST_F(ConsoleTest, LongTextsComeScreenByScreen) {
  for (int i = 0; i < 60; ++i)
    camera_.trail.events.push_back({"start", "n" + std::to_string(i), "", {}});
  doubles::SerialCable& cable = start();
  log_in("audrey");
  expect("audit show 50", "-- more");
  EXPECT_THAT(cable.seen(), Not(HasSubstr("start n40")));
  cable.type(" ");
  ASSERT_TRUE(cable.sees("start n40"));
  ASSERT_TRUE(cable.sees("-- more"));
  cable.type("q");
  expect("", "audrey> ");
}

TEST_F(ConsoleTest, AimingGoesOnUntilAKeyAndCostsLittle) {
  start();
  log_in("olga");
  rusage before{}, after{};
  cable_->type("aim\r");
  ASSERT_TRUE(cable_->sees("130 wanted"));
  ::getrusage(RUSAGE_SELF, &before);
  const auto end = std::chrono::steady_clock::now() + 2s;
  while (std::chrono::steady_clock::now() < end) {
    cable_->take();
    std::this_thread::sleep_for(50ms);
  }
  ::getrusage(RUSAGE_SELF, &after);
  cable_->type("x");
  expect("", "olga> ");
  const auto seconds = [](const rusage& usage) {
    const auto of = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return of(usage.ru_utime) + of(usage.ru_stime);
  };
  const double percent = (seconds(after) - seconds(before)) / 2 * 100;
  RecordProperty("cpu_percent", std::to_string(percent));
  // The doubles send five times as many lines as the camera does.
  EXPECT_LT(percent, 10);
  EXPECT_EQ(camera_.trail.count("picture_viewed"), 1U);
}

// Or a session that was left aiming would be there for whoever comes next.
TEST_F(ConsoleTest, AimingEndsWhereNobodyPressesAKey) {
  options_.idle_limit = 400ms;
  start();
  log_in();
  expect("aim", "130 wanted");
  EXPECT_TRUE(cable_->sees("No key for too long: aiming has ended.")) << cable_->seen();
  EXPECT_TRUE(cable_->sees("you are logged out"));
}

// Lines from a socket: the same words, without a screen.
TEST_F(ConsoleTest, ASocketSpeaksTheSameLanguage) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const std::string typed = std::string("alice\n") + password + "\nshow ?\nshow version\nnonsense\nexit\n";
  ASSERT_EQ(::write(ends[0], typed.data(), typed.size()), static_cast<ssize_t>(typed.size()));
  ::shutdown(ends[0], SHUT_WR);
  const auto terminal = make_line_terminal(ends[1], ends[1]);
  EXPECT_FALSE(run_console(*terminal, camera_.services(), options_));
  ::close(ends[1]);
  std::string seen;
  char part[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], part, sizeof part)) > 0;)
    seen.append(part, static_cast<std::size_t>(got));
  ::close(ends[0]);
  EXPECT_THAT(seen, HasSubstr("What is wrong with the camera"));
  EXPECT_THAT(seen, HasSubstr("Wayside 0.1.0\n"));
  EXPECT_THAT(seen, HasSubstr("\"nonsense\" is no word"));
}

TEST_F(ConsoleTest, AProgramLogsInByItsKeyOverASocketAndNobodyDoesOnATerminal) {
  const auto says = [&](const std::string& typed) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    EXPECT_EQ(::write(ends[0], typed.data(), typed.size()), static_cast<ssize_t>(typed.size()));
    ::shutdown(ends[0], SHUT_WR);
    const auto terminal = make_line_terminal(ends[1], ends[1]);
    static_cast<void>(run_console(*terminal, camera_.services(), options_));
    ::close(ends[1]);
    std::string seen;
    char part[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], part, sizeof part)) > 0;)
      seen.append(part, static_cast<std::size_t>(got));
    ::close(ends[0]);
    return seen;
  };
  EXPECT_THAT(says("alice by key\n5161\nshow version\n"), HasSubstr("Name and key do not belong together"));
  const std::string key(64, '1');
  EXPECT_THAT(
      says(std::string("alice\n") + password + "\naccount key alice " + key + "\n" + password + "\nexit\n"),
      HasSubstr("Whoever has that key may log in as alice."));
  EXPECT_EQ(camera_.accounts.keys.at("alice"), key);
  EXPECT_THAT(says("alice by key\n5161\nshow version\nexit\n"),
              AllOf(HasSubstr("sign c0ffee: "), HasSubstr("Wayside 0.1.0\n")));
  EXPECT_THAT(says("alice by key\n5160\nshow version\n"), Not(HasSubstr("Logged in")));
  EXPECT_THAT(says("alice by key\n"), Not(HasSubstr("Logged in")));
  start();
  ASSERT_TRUE(cable_->sees("login: "));
  expect("alice by key", "password: ");
}

TEST_F(ConsoleTest, AFileEndsWithItsFirstLineThatFails) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const std::string typed = std::string("alice\n") + password + "\n";
  ASSERT_EQ(::write(ends[0], typed.data(), typed.size()), static_cast<ssize_t>(typed.size()));
  options_.has_script = true;
  options_.script = {"# commissioning", "configure", "set site name A14", "set site nmae A15", "commit"};
  const auto terminal = make_line_terminal(ends[1], ends[1]);
  EXPECT_FALSE(run_console(*terminal, camera_.services(), options_));
  char part[8192];
  const ssize_t got = ::read(ends[0], part, sizeof part);
  EXPECT_THAT(std::string(part, static_cast<std::size_t>(got)), HasSubstr("Line 4 failed"));
  EXPECT_TRUE(camera_.configuration.commits.empty());
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace wayside::console
