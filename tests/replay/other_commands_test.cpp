// What the programs beside waysided say to wrong words, as a person meets it.
#include "tests/replay/other_commands.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/replay/damaged_pictures.hpp"

namespace wayside::replay_test {
namespace {

using testing::HasSubstr;

TEST_F(OtherCommandLines, LabelsAreNotWrittenOver) {
  const std::string labels = "file,x,y,w,h,text,tags\n";
  write("labels.csv", labels);
  fs::create_directory(at("pictures"));
  cv::imwrite(at("pictures/grey.png"), cv::Mat(60, 80, CV_8UC1, cv::Scalar(90)));
  const Answer over = answer(
      "wayside-eval", {"images", "--labels", at("labels.csv"), "--out", at("labels.csv"), at("pictures")});
  EXPECT_EQ(over.code, 2);
  EXPECT_THAT(over.text, HasSubstr("would be written over what is read from it"));
  EXPECT_EQ(*read_text_file(at("labels.csv")), labels);
}

TEST_F(OtherCommandLines, PicturesAreNotWrittenOverUnderAnyName) {
  write("labels.csv", "file,x,y,w,h,text,tags\ngrey.png,10,10,30,10,AB12CDE,\n");
  write("reads.jsonl", "");
  fs::create_directories(at("pictures/more"));
  cv::imwrite(at("pictures/grey.png"), cv::Mat(60, 80, CV_8UC1, cv::Scalar(90)));
  cv::imwrite(at("elsewhere.png"), cv::Mat(60, 80, CV_8UC1, cv::Scalar(90)));
  fs::create_symlink(at("elsewhere.png"), at("pictures/more/other.png"));
  fs::create_symlink(at("pictures/grey.png"), at("link"));
  const std::string before = *read_text_file(at("pictures/grey.png"));
  for (const std::string out : {"pictures/grey.png", "pictures/more/../grey.png", "link", "elsewhere.png"}) {
    const Answer images =
        answer("wayside-eval", {"images", "--labels", at("labels.csv"), "--out", at(out), at("pictures")});
    EXPECT_EQ(images.code, 2) << out;
    EXPECT_THAT(images.text, HasSubstr("would be written over what is read from it"));
  }
  for (const std::string out : {"pictures/grey.png", "pictures/more/../grey.png", "link"}) {
    const Answer report = answer("wayside-eval", {"report", "--labels", at("labels.csv"), "--reads",
                                                  at("reads.jsonl"), "--out", at(out), at("pictures")});
    EXPECT_EQ(report.code, 2) << out;
    EXPECT_THAT(report.text, HasSubstr("would be written over what is read from it"));
  }
  EXPECT_EQ(*read_text_file(at("pictures/grey.png")), before);
  EXPECT_EQ(*read_text_file(at("elsewhere.png")), before);
}

TEST_F(OtherCommandLines, ClipsAndWhatLiesBesideThemAreNotWrittenOver) {
  fs::create_directory(at("clips"));
  for (const char* name : {"clips/a.mp4", "clips/a.truth.json", "clips/a.frames.csv"})
    write(name, "as it was");
  fs::create_symlink(at("clips/a.mp4"), at("link"));
  for (const std::string out : {"clips/a.mp4", "clips/../clips/a.truth.json", "clips/a.frames.csv", "link"}) {
    const Answer over = answer("wayside-eval", {"clips", "--out", at(out), at("clips")});
    EXPECT_EQ(over.code, 2) << out;
    EXPECT_THAT(over.text, HasSubstr("would be written over what is read from it"));
    EXPECT_EQ(*read_text_file(at(out)), "as it was");
  }
}

TEST_F(OtherCommandLines, LanesGoOverNoFileOfTheirScene) {
  for (const std::string site : {"s.mp4", "./s.truth.json", "nowhere/lanes.toml"}) {
    const Answer drawn = answer("wayside-roadsim", {"draw", "--preset", "empty", "--seconds", "0.2", "--out",
                                                    at("s"), "--site", at(site)});
    EXPECT_NE(drawn.code, 0) << site;
    EXPECT_FALSE(fs::exists(at("s.mp4"))) << "told before anything is drawn";
  }
}

TEST_F(OtherCommandLines, AnUnknownPlateFormatIsRefusedWithThoseThereAre) {
  const Answer drawn = answer("wayside-roadsim",
                              {"plate", "--vrm", "AB12CDE", "--format", "curent", "--out", at("plate.png")});
  EXPECT_EQ(drawn.code, 2);
  EXPECT_THAT(drawn.text, HasSubstr("military"));
  EXPECT_THAT(drawn.text, HasSubstr("did you mean current?"));
  EXPECT_FALSE(fs::exists(at("plate.png")));
}

TEST_F(OtherCommandLines, AThresholdThatIsNoNumberIsRefused) {
  const Answer nan =
      answer("wayside-eval", {"clips", "--threshold", "nan", "--out", at("passes"), at("clips")});
  EXPECT_EQ(nan.code, 2);
  EXPECT_THAT(nan.text, HasSubstr("--threshold: a number from 0 to 1 is expected instead of nan"));
}

TEST_F(OtherCommandLines, AFolderWithANameTooLongIsAnError) {
  write("labels.csv", "file,x,y,w,h,text,tags\n");
  const Answer images = answer("wayside-eval", {"images", "--labels", at("labels.csv"), "--out",
                                                at("reads.jsonl"), at(std::string(300, 'p'))});
  EXPECT_EQ(images.code, 1);
  EXPECT_THAT(images.text, HasSubstr("is no folder of pictures"));
  EXPECT_FALSE(fs::exists(at("reads.jsonl")));
}

TEST_F(OtherCommandLines, WhatLibrariesSayOfDamagedPicturesAreLinesOfTheLog) {
  write("labels.csv", "file,x,y,w,h,text,tags\n");
  fs::create_directory(at("pictures"));
  cv::imwrite(at("pictures/sound.png"), cv::Mat(60, 80, CV_8UC1, cv::Scalar(90)));
  write_damaged_pictures(at("pictures"));
  const Answer images = answer(
      "wayside-eval", {"images", "--labels", at("labels.csv"), "--out", at("reads.jsonl"), at("pictures")});
  EXPECT_EQ(images.code, 0) << images.text;
  EXPECT_THAT(images.text, HasSubstr("skipped damaged.png"));
  std::istringstream lines(images.text);
  int told = 0;
  for (std::string line; std::getline(lines, line);) {
    const bool vendors =
        line.find("libpng") != std::string::npos || line.find("JPEG data") != std::string::npos;
    told += vendors ? 1 : 0;
    EXPECT_TRUE(!vendors || line.find("library_message text=\"") != std::string::npos) << line;
  }
  EXPECT_GE(told, 2) << images.text;
}

TEST_F(OtherCommandLines, PicturesThatNoneCanReadAndPlatesOutsideOfThemAreTold) {
  write("labels.csv", "file,x,y,w,h,text,tags\ngrey.png,70,10,30,10,AB12CDE,\n");
  fs::create_directory(at("pictures"));
  write("pictures/broken.png", "no picture");
  const std::vector<std::string> words = {"images", "--labels",        at("labels.csv"),
                                          "--out",  at("reads.jsonl"), at("pictures")};
  const Answer none = answer("wayside-eval", words);
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.text, HasSubstr("none of the pictures in " + at("pictures") + " could be read"));
  EXPECT_FALSE(fs::exists(at("reads.jsonl")));
  EXPECT_FALSE(fs::exists(at("reads.jsonl.part")));

  cv::imwrite(at("pictures/grey.png"), cv::Mat(60, 80, CV_8UC1, cv::Scalar(90)));
  const Answer one = answer("wayside-eval", words);
  EXPECT_EQ(one.code, 0);
  EXPECT_THAT(one.text,
              HasSubstr("labels.csv line 2: the plate lies outside of grey.png, which is 80x60 pixels"));
}

// What a run that was broken off left is taken over; what is somebody's, or another run's now, is not.
TEST_F(OtherCommandLines, APartThatIsNotItsOwnIsLeftAlone) {
  write("labels.csv", "file,x,y,w,h,text,tags\n");
  fs::create_directory(at("pictures"));
  cv::imwrite(at("pictures/grey.png"), cv::Mat(60, 80, CV_8UC1, cv::Scalar(90)));
  const std::vector<std::string> words = {"images", "--labels",        at("labels.csv"),
                                          "--out",  at("reads.jsonl"), at("pictures")};
  const std::string part = at("reads.jsonl.part");
  write("reads.jsonl.part", "my own notes\n");
  Answer refused = answer("wayside-eval", words);
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.text, HasSubstr("reads.jsonl.part is in the way"));
  EXPECT_EQ(*read_text_file(part), "my own notes\n");

  fs::remove(part);
  fs::create_directory(part);
  EXPECT_THAT(answer("wayside-eval", words).text, HasSubstr("is in the way"));
  fs::remove(part);
  ASSERT_EQ(::mkfifo(part.c_str(), 0600), 0);
  EXPECT_THAT(answer("wayside-eval", words).text, HasSubstr("is in the way"));
  fs::remove(part);
  write("notes", "my own notes\n");
  fs::create_symlink(at("notes"), part);
  EXPECT_THAT(answer("wayside-eval", words).text, HasSubstr("is in the way"));
  EXPECT_EQ(*read_text_file(at("notes")), "my own notes\n");
  fs::remove(part);

  const std::string left = R"({"file":"grey.png","plates":[],"cpu_ms":1.0})"
                           "\n";
  write("reads.jsonl.part", left + left + left);
  {
    const int other = ::open(part.c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_EQ(::flock(other, LOCK_EX), 0);
    EXPECT_THAT(answer("wayside-eval", words).text, HasSubstr("another run is writing"));
    EXPECT_EQ(*read_text_file(part), left + left + left);
    ::close(other);
  }
  EXPECT_EQ(answer("wayside-eval", words).code, 0);
  EXPECT_FALSE(fs::exists(part));
  EXPECT_THAT(*read_text_file(at("reads.jsonl")), HasSubstr("grey.png"));
}

TEST_F(OtherCommandLines, ReadsThatContradictThemselvesAreRefusedWithTheirLine) {
  write("labels.csv", "file,x,y,w,h,text,tags\none.png,0,0,5,5,AB12CDE,\n");
  const auto report_of = [&](const std::string& lines) {
    write("reads.jsonl", lines);
    return answer("wayside-eval", {"report", "--labels", at("labels.csv"), "--reads", at("reads.jsonl"),
                                   "--out", at("wrong.html"), folder_.path()})
        .text;
  };
  const auto line = [](const std::string& box, const std::string& confidence) {
    return R"({"file":"one.png","plates":[{"box":)" + box +
           R"(,"quad":[[0,0],[5,0],[5,5],[0,5]],"vrm":"AB12CDE","confidence":)" + confidence +
           R"(,"chars":[],"lines":1}],"cpu_ms":1.0})"
           "\n";
  };
  const std::string sound = line("[0,0,5,5]", "0.9");
  EXPECT_THAT(report_of(sound + sound), HasSubstr("line 2: member \"file\": an earlier line tells"));
  EXPECT_THAT(report_of(line("[0,0,-5,5]", "0.9")), HasSubstr("line 1: member \"box\""));
  EXPECT_THAT(report_of(line("[0,0,5,5]", "5")),
              HasSubstr("line 1: member \"confidence\": expected a number from 0 to 1"));
}

TEST_F(OtherCommandLines, LabelsOfOtherPicturesAreNoMeasurement) {
  write("labels.csv", "file,x,y,w,h,text,tags\npictures/grey.png,10,10,30,10,AB12CDE,\n");
  fs::create_directory(at("pictures"));
  cv::imwrite(at("pictures/grey.png"), cv::Mat(60, 80, CV_8UC1, cv::Scalar(90)));
  const Answer other = answer(
      "wayside-eval", {"images", "--labels", at("labels.csv"), "--out", at("reads.jsonl"), at("pictures")});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.text, HasSubstr("no line of " + at("labels.csv") + " names a picture in"));
  const Answer straight =
      answer("wayside-eval", {"images", "--labels", at("labels.csv"), "--out", "/dev/null", folder_.path()});
  EXPECT_EQ(straight.code, 0) << straight.text;
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(OtherCommandLines, AClipThatCannotBeRunLeavesTheReadsOfAnEarlierRun) {
  write("passes.jsonl", "as it was");
  write("broken.mp4", "no clip");
  write("labels.csv", "file,vrms\nbroken.mp4,AB12CDE\n");
  const Answer none = answer(
      "wayside-eval", {"clips", "--labels", at("labels.csv"), "--out", at("passes.jsonl"), at("broken.mp4")});
  EXPECT_EQ(none.code, 2);
  EXPECT_EQ(*read_text_file(at("passes.jsonl")), "as it was");
  EXPECT_FALSE(fs::exists(at("passes.jsonl.part")));
}

TEST_F(OtherCommandLines, NumbersOutOfRangeAreToldWithTheRange) {
  for (const std::string bad : {"-1", "2.5", "many", "4294967296"}) {
    const Answer limit = answer("wayside-backoffice", {"list", at("office"), "--limit", bad});
    EXPECT_EQ(limit.code, 2) << bad;
    EXPECT_THAT(limit.text,
                HasSubstr("--limit: a whole number from 0 to 4294967295 is expected instead of " + bad));
  }
  const Answer port = answer("wayside-backoffice", {"serve", at("office"), "--port", "70000"});
  EXPECT_EQ(port.code, 2);
  EXPECT_THAT(port.text, HasSubstr("--port: a whole number from 0 to 65535 is expected instead of 70000"));
}

TEST_F(OtherCommandLines, TwoExportsIntoOneFileAreRefused) {
  fs::create_directory_symlink(folder_.path(), at("link"));
  for (const std::string& other : {at("passes"), at("./x/../passes"), at("link/passes")}) {
    const Answer both =
        answer("wayside-backoffice", {"export", at("office"), "--jsonl", at("passes"), "--html", other});
    EXPECT_EQ(both.code, 2) << other;
    EXPECT_THAT(both.text, HasSubstr("--jsonl and --html name the same file")) << other;
  }
}

TEST_F(OtherCommandLines, NothingIsExportedIntoTheOfficeOrOntoADevice) {
  ASSERT_EQ(answer("wayside-backoffice", {"init", at("office")}).code, 0);
  const std::string key = *read_text_file(at("office/ca.key"));
  for (const std::string& into :
       {at("office/ca.key"), at("office/new.html"), at("office/../office/ca.key")}) {
    const Answer exported = answer("wayside-backoffice", {"export", at("office"), "--html", into});
    EXPECT_EQ(exported.code, 2) << into;
    EXPECT_THAT(exported.text, HasSubstr("lies inside of the back office's own folder")) << into;
  }
  EXPECT_EQ(*read_text_file(at("office/ca.key")), key);
  EXPECT_EQ(answer("wayside-backoffice", {"export", at("office"), "--jsonl", "/dev/null"}).code, 2);
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

// Every camera that is enrolled later would seal to what this one seals to, its unlock key included.
TEST_F(OtherCommandLines, NoCameraIsEnrolledIntoTheOffice) {
  ASSERT_EQ(answer("wayside-backoffice", {"init", at("office")}).code, 0);
  ASSERT_EQ(answer("waysided", {"--make-identity", at("identity")}).code, 0);
  for (const std::string& into : {at("office"), at("office/camera"), at("identity/../office")}) {
    const Answer enrolled = answer(
        "wayside-backoffice", {"enrol", at("office"), "--request", at("identity/device.csr"), "--out", into});
    EXPECT_EQ(enrolled.code, 2) << into;
    EXPECT_THAT(enrolled.text, HasSubstr("lies inside of the back office's own folder")) << into;
  }
  EXPECT_FALSE(fs::exists(at("office/device.crt")));
}

// What somebody wrote into the store's file, in the form of a record.
TEST_F(OtherCommandLines, NobodyIsShownWhatNoCameraSignedNorItsControlCharacters) {
  doubles::BackOfficeDouble office;
  backoffice::NewText forged;
  forged.id = {"\x1b[31m0123456789", std::string(32, 'a'), 1};
  forged.document =
      R"({"time":{"captured_at":"2026-06-01T12:00:05.480Z","source":"ntp"},"site":{"name":"S"},"vrm":"RP74GZL",
"confidence":0.9,"characters":[],"alternatives":[],"format":"current","direction":"towards","lane":null})";
  forged.head = Bytes(10);
  forged.key = Bytes(32);
  forged.captured_at = UtcTime{1'780'000'000'000};
  const backoffice::NewShipment shipment = forged;
  const auto stored = office.store().put({&shipment, 1}, UtcTime{1'780'000'000'000});
  ASSERT_TRUE(stored) << stored.error().message;
  const std::string folder = office.authority().folder().string();
  const Answer listed = answer("wayside-backoffice", {"list", folder});
  EXPECT_EQ(listed.code, 1);
  EXPECT_THAT(listed.text, HasSubstr("1 record left out, being no longer what the camera signed"));
  EXPECT_THAT(listed.text, testing::Not(HasSubstr("RP74GZL")));
  const Answer checked = answer("wayside-backoffice", {"check", folder});
  EXPECT_EQ(checked.code, 1);
  EXPECT_THAT(checked.text, HasSubstr("of device \\u001b[31m0123456789"));
  EXPECT_THAT(checked.text, testing::Not(HasSubstr("\x1b")));
}

TEST_F(OtherCommandLines, NoKeyIsMadeThatHasEndedAlready) {
  ASSERT_EQ(answer("wayside-backoffice", {"init", at("office")}).code, 0);
  const Answer made = answer("wayside-backoffice", {"recipient-key", "new", at("office"), "--valid-from",
                                                    "2020-01-01", "--valid-until", "2021-01-01"});
  EXPECT_EQ(made.code, 2);
  EXPECT_THAT(made.text, HasSubstr("--valid-until is in the past"));
}

TEST_F(OtherCommandLines, UnlockKeysAreMadeListedRevokedAndRestored) {
  const std::string device = "0123456789abcdef";
  ASSERT_EQ(answer("wayside-backoffice", {"init", at("office")}).code, 0);
  const auto unlock_key = [&](const std::string& command, const std::string& of) {
    return answer("wayside-backoffice", {"unlock-key", command, at("office"), "--device", of});
  };
  const Answer made = unlock_key("new", device);
  EXPECT_EQ(made.code, 0);
  EXPECT_THAT(made.text, HasSubstr("folder of recipients"));
  EXPECT_THAT(unlock_key("revoke", device).text, HasSubstr("is lent no key any more"));
  EXPECT_EQ(unlock_key("new", device).code, 1);
  EXPECT_THAT(answer("wayside-backoffice", {"unlock-key", "list", at("office")}).text,
              HasSubstr(device + "  revoked"));
  EXPECT_EQ(unlock_key("restore", device).code, 0);
  EXPECT_THAT(answer("wayside-backoffice", {"unlock-key", "list", at("office")}).text,
              HasSubstr(device + "  lent when asked for"));
  EXPECT_THAT(unlock_key("revoke", "0000000000000000").text,
              HasSubstr("run wayside-backoffice unlock-key new"));
  EXPECT_EQ(unlock_key("new", "../ca").code, 2);
}

TEST_F(OtherCommandLines, AuthoritiesAreIssuedRevokedAndListed) {
  const std::string device = "0123456789abcdef";
  ASSERT_EQ(answer("wayside-backoffice", {"init", at("office")}).code, 0);
  const auto issue = [&](const std::string& of, const std::string& until, bool clear = false) {
    std::vector<std::string> typed = {"authority",
                                      "issue",
                                      at("office"),
                                      "--device",
                                      of,
                                      "--organisation",
                                      "Constabulary",
                                      "--purpose",
                                      "A test",
                                      "--site",
                                      "A14 J31",
                                      "--latitude",
                                      "52.2",
                                      "--longitude",
                                      "0.1",
                                      "--contact",
                                      "anpr@example.org",
                                      "--valid-from",
                                      date_in(std::chrono::hours(24)),
                                      "--valid-until",
                                      until};
    if (clear) typed.emplace_back("--clear-occupants");
    return answer("wayside-backoffice", typed);
  };
  const auto list = [&] { return answer("wayside-backoffice", {"authority", "list", at("office")}).text; };
  EXPECT_THAT(list(), HasSubstr("None has been issued"));
  const std::string in_a_year = date_in(std::chrono::hours(24 * 365));
  const Answer issued = issue(device, in_a_year);
  EXPECT_EQ(issued.code, 0) << issued.text;
  EXPECT_THAT(issued.text, HasSubstr(at("office") + "/authority/1.authority"));
  EXPECT_EQ(answer("wayside-backoffice",
                   {"authority", "revoke", at("office"), "--device", device, "--reason", "Need ceased"})
                .code,
            0);
  EXPECT_THAT(list(), AllOf(HasSubstr("1  authority"), HasSubstr("until " + in_a_year),
                            HasSubstr("2  revocation"), HasSubstr("Need ceased")));
  const Answer ended = issue(device, date_in(-std::chrono::hours(24)));
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.text, HasSubstr("--valid-until is in the past"));
  EXPECT_EQ(issue("../ca", in_a_year).code, 2);
  EXPECT_THAT(list(), Not(HasSubstr("3  ")));
  EXPECT_THAT(list(), Not(HasSubstr("occupants")));
  EXPECT_EQ(issue(device, in_a_year, true).code, 0);
  EXPECT_THAT(list(), HasSubstr("anpr@example.org; occupants may be clear in overviews"));
}

TEST_F(OtherCommandLines, WatchListsAreIssuedAndLedOnAndWhatIsWrongIsTold) {
  ASSERT_EQ(answer("wayside-backoffice", {"init", at("office")}).code, 0);
  const auto issue = [&](const std::string& entries) {
    return answer("wayside-backoffice",
                  {"watchlist", "issue", at("office"), "--list", "north", "--entries", at(entries)});
  };
  write("bad.csv", "vrm,action\nSECRET1,GO\n");
  const Answer refused = issue("bad.csv");
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.text, HasSubstr("line 2: field action must be STOP or SILENT"));
  EXPECT_THAT(refused.text, testing::Not(HasSubstr("SECRET1")));
  write("one.csv", "vrm,action\nAB12CDE,STOP\n");
  write("two.jsonl", "{\"vrm\": \"AB12CDE\", \"action\": \"SILENT\"}\n");
  EXPECT_THAT(issue("one.csv").text, HasSubstr("north  revision 1  1 entry"));
  EXPECT_THAT(issue("two.jsonl").text, HasSubstr("north  revision 2  1 entry"));
  const Answer delta = answer("wayside-backoffice", {"watchlist", "delta", at("office"), "--list", "north"});
  EXPECT_EQ(delta.code, 0) << delta.text;
  EXPECT_THAT(delta.text, HasSubstr("north  revision 2 from 1, 1 change"));
  EXPECT_THAT(answer("wayside-backoffice", {"watchlist", "list", at("office")}).text, HasSubstr("1-2.delta"));
  const Answer unknown =
      answer("wayside-backoffice", {"watchlist", "delta", at("office"), "--list", "north", "--from", "7"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.text, HasSubstr("no revision 7"));
}

TEST_F(OtherCommandLines, WatchListsAreGivenAndWithdrawn) {
  ASSERT_EQ(answer("wayside-backoffice", {"init", at("office")}).code, 0);
  const auto watch = [&](const char* what, const char* device) {
    return answer("wayside-backoffice",
                  {"watchlist", what, at("office"), "--list", "north", "--device", device});
  };
  const char* const camera = "0123456789abcdef";
  const Answer stranger = watch("give", camera);
  EXPECT_EQ(stranger.code, 1);
  EXPECT_THAT(stranger.text, HasSubstr("no camera 0123456789abcdef is enrolled here"));
  enrol(camera);
  EXPECT_THAT(watch("give", camera).text, HasSubstr("run wayside-backoffice watchlist issue"));
  write("one.csv", "vrm,action\nAB12CDE,STOP\n");
  const Answer issued = answer("wayside-backoffice", {"watchlist", "issue", at("office"), "--list", "north",
                                                      "--entries", at("one.csv")});
  ASSERT_EQ(issued.code, 0) << issued.text;
  EXPECT_EQ(watch("give", camera).code, 0);
  EXPECT_EQ(watch("give", "all").code, 0);
  EXPECT_EQ(watch("give", "../ca").code, 2);
  const auto list = [&] { return answer("wayside-backoffice", {"watchlist", "list", at("office")}).text; };
  EXPECT_THAT(list(), HasSubstr("north  given to 0123456789abcdef all"));
  EXPECT_EQ(watch("withdraw", camera).code, 0);
  EXPECT_THAT(watch("withdraw", camera).text, HasSubstr("given to all cameras"));
  EXPECT_EQ(watch("withdraw", "all").code, 0);
  EXPECT_EQ(watch("withdraw", "all").code, 1);
  EXPECT_THAT(list(), testing::Not(HasSubstr("given to")));
  const std::string audit = read_text_file(at("office") + "/watchlists/audit.jsonl").value();
  for (const char* what : {"issued", "given", "withdrawn", "\"by\""})
    EXPECT_THAT(audit, HasSubstr(what));
}

}  // namespace
}  // namespace wayside::replay_test
