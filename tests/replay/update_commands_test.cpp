// Updates at the office, as a person gives them.
#include <gmock/gmock.h>

#include "tests/replay/other_commands.hpp"

namespace wayside::replay_test {
namespace {

using testing::HasSubstr;

TEST_F(OtherCommandLines, UpdatesAreTakenInGivenListedWithdrawnAndRemoved) {
  ASSERT_EQ(answer("wayside-backoffice", {"init", at("office")}).code, 0);
  const std::string bundle = "a bundle's bytes";
  const auto offer = [&](const std::string& version, const std::string& of) {
    write("wayside.update", R"({"version":")" + version + R"(","compatible":"wayside-rpi","bytes":)" +
                                std::to_string(of.size()) + R"(,"sha256":")" + to_hex(sha256(as_bytes(of))) +
                                "\"}");
  };
  const auto update = [&](const char* what, std::vector<std::string> more) {
    std::vector<std::string> words = {"update", what, at("office")};
    words.insert(words.end(), more.begin(), more.end());
    return answer("wayside-backoffice", words);
  };
  offer("1.4.0", bundle);
  const Answer missing = update("add", {"--offer", at("wayside.update")});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.text, HasSubstr("there is no bundle"));
  write("wayside.raucb", "another's bytes.");
  EXPECT_THAT(update("add", {"--offer", at("wayside.update")}).text, HasSubstr("not the bundle"));
  write("wayside.raucb", bundle);
  EXPECT_EQ(update("add", {"--offer", at("wayside.update")}).code, 0);

  const std::string camera = "0123456789abcdef";
  const std::vector<std::string> which = {"--compatible", "wayside-rpi", "--version", "1.4.0"};
  const auto give = [&](std::vector<std::string> more) {
    more.insert(more.end(), which.begin(), which.end());
    return update("give", more);
  };
  EXPECT_EQ(give({}).code, 2);  // to whom?
  EXPECT_EQ(give({"--all", "--device", camera}).code, 2);
  EXPECT_THAT(give({"--device", camera}).text, HasSubstr("is enrolled here"));
  enrol(camera);
  EXPECT_EQ(give({"--device", camera, "--not-before", "tonight"}).code, 2);
  const Answer given = give({"--device", camera, "--not-before", "2026-12-01T02:00Z"});
  EXPECT_EQ(given.code, 0) << given.text;
  EXPECT_EQ(give({"--all"}).code, 0);
  std::string list = update("list", {}).text;
  EXPECT_THAT(list, HasSubstr("wayside-rpi  1.4.0  16 bytes"));
  EXPECT_THAT(list, HasSubstr("given to 0123456789abcdef, not before 2026-12-01T02:00:00.000Z"));
  EXPECT_THAT(list, HasSubstr("given to all"));

  const Answer given_away = update("remove", which);
  EXPECT_EQ(given_away.code, 1);
  EXPECT_THAT(given_away.text, HasSubstr("is given to 0123456789abcdef, all: withdraw it first"));
  EXPECT_EQ(update("withdraw", {"--compatible", "wayside-rpi", "--device", camera}).code, 0);
  EXPECT_EQ(update("withdraw", {"--compatible", "wayside-rpi", "--device", camera}).code, 1);
  EXPECT_EQ(update("withdraw", {"--compatible", "wayside-rpi", "--all"}).code, 0);
  EXPECT_THAT(update("list", {}).text, testing::Not(HasSubstr("given to")));
  EXPECT_EQ(update("remove", {"--compatible", "wayside-rpi"}).code, 2);
  EXPECT_THAT(update("remove", which).text, HasSubstr("wayside-rpi 1.4.0 is removed"));
  EXPECT_EQ(update("list", {}).text, "");
  EXPECT_EQ(update("remove", which).code, 1);
  const std::string audit = read_text_file(at("office") + "/updates/audit.jsonl").value();
  for (const char* what : {"added", "given", "withdrawn", "removed", "\"by\""})
    EXPECT_THAT(audit, HasSubstr(what));
}

TEST_F(OtherCommandLines, WhatCamerasSaidLastOfTheirSystemIsListed) {
  ASSERT_EQ(answer("wayside-backoffice", {"init", at("office")}).code, 0);
  const std::string camera = "0123456789abcdef";
  enrol(camera);
  const auto store = backoffice::Store::open_existing(at("office") + "/records.db").value();
  ASSERT_TRUE(store->put_heartbeat(
      camera,
      R"({"system": {"version": "1.3.0", "compatible": "wayside-rpi", "update": {"state": "refused",
          "version": "1.4.0", "reason": "it is signed by nobody known\u001b[2J"}}})",
      UtcTime{1'795'000'000'000}));
  const std::string list = answer("wayside-backoffice", {"update", "list", at("office")}).text;
  EXPECT_THAT(list, HasSubstr("0123456789abcdef  wayside-rpi runs 1.3.0  refused 1.4.0: it is signed by"));
  EXPECT_THAT(list, testing::Not(HasSubstr("\x1b")));
  // It would never ask for another board's.
  const Answer given = answer("wayside-backoffice", {"update", "give", at("office"), "--version", "1.4.0",
                                                     "--compatible", "wayside-another", "--device", camera});
  EXPECT_EQ(given.code, 1);
  EXPECT_THAT(given.text,
              HasSubstr("0123456789abcdef said with its last heartbeat that it is a wayside-rpi"));
}

}  // namespace
}  // namespace wayside::replay_test
