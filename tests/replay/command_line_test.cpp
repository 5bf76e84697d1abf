// What waysided says and how it ends, as a person or a script meets it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/replay/damaged_pictures.hpp"
#include "tests/replay/replay_scene.hpp"

namespace wayside::replay_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class WaysidedCommandLine : public testing::Test {
 protected:
  struct Answer {
    int code;
    std::string text;
  };
  Answer answer(const std::vector<std::string>& arguments) {
    Process process(arguments, folder_.path() / "output");
    const int code = process.wait();
    return {code, process.log()};
  }
  // Through a shell that runs it with what stands before and after it; what cannot be asked of posix_spawn.
  Answer answer_in_shell(const std::string& before, const std::vector<std::string>& arguments,
                         const std::string& after) {
    std::vector<std::string> words{"-c", before + " \"$0\" \"$@\" " + after,
                                   (from_environment("WAYSIDE_BINARY_DIR") / "bin" / "waysided").string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    Process process(words, folder_.path() / "output", "/", "sh");
    const int code = process.wait();
    return {code, process.log()};
  }
  static std::string smallest(const std::string& more = {}) {
    return "[site]\nname = \"x\"\nfeed_id = 1\nsource_id = 1\ncamera_id = 1\n"
           "[camera]\nsource = \"replay:none.mp4\"\n"
           "[queue]\ndirectory = \"q\"\n[identity]\ndirectory = \"i\"\n" +
           more;
  }
  fs::path write(const std::string& text) {
    const fs::path file = folder_.path() / "camera.toml";
    std::ofstream(file) << text;
    return file;
  }
  doubles::TemporaryFolder folder_;
};

TEST_F(WaysidedCommandLine, HelpHasExamplesAndExitCodes) {
  const Answer help = answer({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.text,
              AllOf(HasSubstr("EXAMPLES"), HasSubstr("EXIT CODES"), HasSubstr("--until-delivered")));
}

TEST_F(WaysidedCommandLine, WithoutAConfigurationItSaysSo) {
  const Answer without = answer({});
  EXPECT_EQ(without.code, 2);
  EXPECT_THAT(without.text, HasSubstr("--config FILE or --store DIR is missing"));
}

TEST_F(WaysidedCommandLine, AnUnknownOptionNamesTheNearest) {
  const Answer unknown = answer({"--confg", "a"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.text, HasSubstr("did you mean --config?"));
}

TEST_F(WaysidedCommandLine, TheTemplateItPrintsIsValid) {
  const Answer printed = answer({"--print-config-template"});
  ASSERT_EQ(printed.code, 0);
  const fs::path file = write(printed.text);
  const Answer checked = answer({"--config", file.string(), "--check-config"});
  EXPECT_EQ(checked.code, 0);
  EXPECT_THAT(checked.text, StartsWith(file.string() + ": valid\n"));
}

TEST_F(WaysidedCommandLine, OfARightConfigurationItTellsWhatTheMachineLacks) {
  const fs::path file = write(smallest());
  const Answer before = answer({"--config", file.string(), "--check-config"});
  EXPECT_EQ(before.code, 0);
  EXPECT_THAT(before.text,
              AllOf(HasSubstr("camera.source: " + (folder_.path() / "none.mp4").string()),
                    HasSubstr("identity.directory: " + (folder_.path() / "i").string() + " is not there"),
                    HasSubstr("upload.url: is empty")));
  EXPECT_FALSE(fs::exists(folder_.path() / "i")) << "nothing is made";

  ASSERT_EQ(answer({"--make-identity", (folder_.path() / "i").string()}).code, 0);
  fs::create_directory(folder_.path() / "i/recipients");
  fs::permissions(folder_.path() / "i/recipients", fs::perms(0700));
  std::ofstream(folder_.path() / "i/recipients/office.toml") << "nonsense";
  const Answer after = answer({"--config", file.string(), "--check-config"});
  EXPECT_THAT(after.text, AllOf(HasSubstr("recipients/office.toml"), HasSubstr("device.crt"),
                                HasSubstr("no recipient with the view \"full\"")));
}

TEST_F(WaysidedCommandLine, OfAQueueThatCannotBeWrittenItTellsWhere) {
  std::ofstream(folder_.path() / "notes") << "mine";
  const auto told = [&](const std::string& directory) {
    std::string text = smallest();
    text.replace(text.find("\"q\""), 3, "\"" + directory + "\"");
    const fs::path file = write(text);
    return answer({"--config", file.string(), "--check-config"}).text;
  };
  const std::string notes = (folder_.path() / "notes").string();
  for (const std::string directory : {"notes", "notes/queue"})
    EXPECT_THAT(told(directory), HasSubstr("queue.directory: " + notes + " is not a folder")) << directory;
  EXPECT_THAT(told("not/there/yet"), testing::Not(HasSubstr("queue.directory")));
}

TEST_F(WaysidedCommandLine, OfThePoliceServiceItTellsWhichFilesAreMissing) {
  const fs::path file =
      write(smallest("[upload]\nprofile = \"bof2\"\nurl = \"https://localhost:1\"\nusername = \"camera\"\n"
                     "unlock_url = \"https://localhost:2\"\nca_certificate = \"no-ca.crt\"\nsignature_file = "
                     "\"no-signature\"\n"));
  EXPECT_THAT(
      answer({"--config", file.string(), "--check-config"}).text,
      AllOf(HasSubstr("upload.ca_certificate: there is no file " + (folder_.path() / "no-ca.crt").string()),
            HasSubstr("upload.signature_file: there is no file")));
}

TEST_F(WaysidedCommandLine, OfACameraItTellsThatNobodyKeepsItsClock) {
  const auto lacks = [&](const std::string& clock) {
    std::string text = smallest("[clock]\n" + clock);
    text.replace(text.find("replay:none.mp4"), 15, "libcamera");
    text.replace(text.find("[camera]"), 8, "latitude = 52.0\nlongitude = 0.1\n[camera]");
    return answer({"--config", write(text).string(), "--check-config"}).text;
  };
  const std::string chronyc = (folder_.path() / "chronyc").string();
  EXPECT_THAT(lacks("chronyc = \"chronyc\"\ngpsd_port = 1\n"),
              AllOf(HasSubstr("clock.source: " + chronyc + " could not be started"),
                    HasSubstr("clock.gpsd_port: gpsd could not be reached")));
  EXPECT_THAT(lacks("source = \"none\"\n"), HasSubstr("clock.source: is \"none\""));
  std::ofstream(chronyc)
      << "#!/bin/sh\necho '50505300,PPS,1,1795833182.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,"
         "Normal'\n";
  fs::permissions(chronyc, fs::perms::owner_all);
  EXPECT_THAT(lacks("chronyc = \"chronyc\"\n"), Not(HasSubstr("clock.")));
  EXPECT_THAT(lacks("[illuminator]\nkind = \"sensor_strobe\"\npwm_chip = \"p\"\ngpio_chip = "
                    "\"g\"\ntemperature = \"t\"\n"),
              AllOf(HasSubstr("illuminator.pwm_chip: "), HasSubstr("illuminator.gpio_chip: "),
                    HasSubstr("illuminator.temperature: ")));
  EXPECT_THAT(lacks("[board]\nsensors = \"nothing\"\ndoor_chip = \"/dev/gpiochip99\"\ndoor_line = 4\n"
                    "tamper_chip = \"/dev/null\"\n"),
              AllOf(HasSubstr("board.sensors: "), HasSubstr("board.door_line: line 4 of /dev/gpiochip99"),
                    HasSubstr("board.tamper_line: line 0 of /dev/null")));
}

TEST_F(WaysidedCommandLine, AWrongConfigurationIsToldWholeAndEndsWithTwo) {
  const Answer checked =
      answer({"--check-config", "--config", write("[site]\nname = 1\n[camrea]\n").string()});
  EXPECT_EQ(checked.code, 2);
  EXPECT_THAT(checked.text,
              AllOf(HasSubstr("line 2: site.name is 1"), HasSubstr("did you mean \"camera\"?"),
                    HasSubstr("site.feed_id is missing"), HasSubstr("camera.source is missing")));
}

TEST_F(WaysidedCommandLine, MakesAnIdentityAndSaysTheNextStep) {
  const fs::path folder = folder_.path() / "identity";
  const Answer made = answer({"--make-identity", folder.string()});
  EXPECT_EQ(made.code, 0);
  EXPECT_THAT(made.text, AllOf(HasSubstr((folder / "device.csr").string()), HasSubstr("Next: ")));
  EXPECT_TRUE(fs::exists(folder / "device.csr"));
}

TEST_F(WaysidedCommandLine, ARecordingThatIsBoundIsNotPlayedWithoutAnAuthority) {
  fs::create_directory(folder_.path() / "none.mp4");  // of pictures, of which none is looked at
  std::ofstream(folder_.path() / "none.mp4/1.png") << "no picture";
  const std::string office = "[upload]\nurl = \"https://localhost:1\"\n";
  const std::string bound = "[authority]\nrecordings = \"bound\"\n";
  const auto played = [&](const std::string& more) {
    return answer({"--config", write(smallest(office + more)).string(), "--until-delivered", "1"});
  };
  EXPECT_EQ(played(bound).code, 1);
  EXPECT_THAT(played(bound).text, HasSubstr("there is no deployment authority"));
  EXPECT_THAT(played("").text, Not(HasSubstr("deployment authority")));
  const auto lacks = [&](const std::string& more) {
    return answer({"--config", write(smallest(office + more)).string(), "--check-config"}).text;
  };
  EXPECT_THAT(lacks(bound), HasSubstr("authority/office-key is not there"));
  EXPECT_THAT(lacks(""), Not(HasSubstr("authority")));
}

TEST_F(WaysidedCommandLine, AMissingRecordingIsNamedAndEndsWithOne) {
  const Answer missing = answer({"--config", write(smallest()).string()});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.text,
              AllOf(HasSubstr("camera.source"), HasSubstr((folder_.path() / "none.mp4").string())));
  EXPECT_FALSE(fs::exists(folder_.path() / "q"));
}

TEST_F(WaysidedCommandLine, WaitingForADeliveryNeedsAReceiver) {
  const Answer nowhere = answer({"--until-delivered", "5", "--config",
                                 write("[site]\nname = \"x\"\nfeed_id = 1\nsource_id = 1\ncamera_id = 1\n"
                                       "[camera]\nsource = \"replay:none.mp4\"\n")
                                     .string()});
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_THAT(nowhere.text, HasSubstr("needs an upload.url"));
}

TEST_F(WaysidedCommandLine, TheLastErrorIsAnEntryWhereTheLogIsJson) {
  const Answer missing = answer({"--config", write(smallest("[log]\nformat = \"json\"\n")).string()});
  EXPECT_EQ(missing.code, 1);
  nlohmann::json last;
  std::istringstream lines(missing.text);
  for (std::string line; std::getline(lines, line);) {
    last = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(last.is_object()) << line;
  }
  EXPECT_EQ(last.value("level", ""), "error");
  EXPECT_THAT(last.value("reason", ""), HasSubstr("camera.source"));
}

TEST_F(WaysidedCommandLine, WhatLibrariesSayOfDamagedPicturesAreEntriesWhereTheLogIsJson) {
  const fs::path pictures = folder_.path() / "pictures";
  fs::create_directory(pictures);
  write_damaged_pictures(pictures);
  std::string configuration = smallest("[log]\nformat = \"json\"\n");
  configuration.replace(configuration.find("none.mp4"), 8, pictures.string());
  configuration.replace(configuration.find("\"q\""), 3, '"' + (folder_.path() / "q").string() + '"');
  const Answer ended = answer({"--config", write(configuration).string()});
  int told = 0;
  std::istringstream lines(ended.text);
  for (std::string line; std::getline(lines, line);) {
    const auto entry = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(entry.is_object()) << line;
    if (entry.value("event", "") == "library_message") ++told;
  }
  EXPECT_GE(told, 1) << ended.text;
}

TEST_F(WaysidedCommandLine, AReportThatCannotBeWrittenIsToldBeforeTheWorkBegins) {
  const std::string configuration = write(smallest()).string();
  // Into /proc not even root can write.
  for (const std::string& report :
       {(folder_.path() / "no" / "r.json").string(), folder_.path().string(), std::string("/proc/r.json"),
        std::string("/dev/null"), (folder_.path() / std::string(300, 'r')).string()}) {
    const Answer refused = answer({"--config", configuration, "--report", report});
    EXPECT_EQ(refused.code, 2) << report;
    EXPECT_THAT(refused.text, AllOf(HasSubstr("waysided: --report: "), HasSubstr(report)));
    EXPECT_FALSE(fs::exists(folder_.path() / "i")) << "the work has begun";
  }
}

TEST_F(WaysidedCommandLine, AReportInAFolderThatMayNotBeWrittenInIsToldBeforeTheWorkBegins) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const std::string configuration = write(smallest()).string();
  for (const unsigned mode : {0500U, 0000U}) {
    const fs::path closed = folder_.path() / std::to_string(mode);
    fs::create_directory(closed);
    fs::permissions(closed, fs::perms(mode));
    const Answer refused = answer({"--config", configuration, "--report", (closed / "r.json").string()});
    fs::permissions(closed, fs::perms(0700));
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.text, AllOf(HasSubstr("--report"), HasSubstr("Permission denied")));
  }
}

TEST_F(WaysidedCommandLine, AReportNeverGoesOverWhatTheDaemonLivesBy) {
  const fs::path configuration = write(smallest());
  const fs::path folder = folder_.path();
  for (const char* made : {"q", "i", "other"})
    fs::create_directory(folder / made);
  std::ofstream(folder / "none.mp4") << "a recording";
  fs::create_symlink(configuration, folder / "link");
  for (const std::string report : {"camera.toml", "other/../camera.toml", "link", "none.mp4", "q/r.json",
                                   "other/../q/seg-0000", "i/device.key", "i"}) {
    const Answer refused =
        answer({"--config", configuration.string(), "--report", (folder / report).string()});
    EXPECT_EQ(refused.code, 2) << report;
    EXPECT_THAT(refused.text, HasSubstr("waysided: --report: " + (folder / report).string())) << report;
  }
  EXPECT_EQ(*read_text_file(configuration), smallest());
  EXPECT_EQ(*read_text_file(folder / "none.mp4"), "a recording");
  EXPECT_TRUE(fs::is_empty(folder / "q"));
  EXPECT_TRUE(fs::is_empty(folder / "i"));
}

TEST_F(WaysidedCommandLine, ExitCodeOneWhereStandardOutputIsFullOrClosed) {
  const Answer full = answer_in_shell("", {"--print-config-template"}, "> /dev/full");
  EXPECT_EQ(full.code, 1);
  EXPECT_THAT(full.text, StartsWith("waysided: not all that it prints reached standard output"));
  const std::string configuration = write(smallest()).string();
  const std::vector<std::string> little = {"--config", configuration, "--check-config"};
  EXPECT_EQ(answer_in_shell("", little, "> /dev/full").code, 1);
  EXPECT_EQ(answer_in_shell("", little, ">&-").code, 1);
  EXPECT_EQ(answer_in_shell("", little, "> /dev/full 2>&1").code, 1);
  EXPECT_EQ(answer_in_shell("", {"--confg"}, "2> /dev/full").code, 2);
}

TEST_F(WaysidedCommandLine, AFileSizeLimitIsToldAsAnError) {
  const Answer limited = answer_in_shell(
      "{ ulimit -f 0;", {"--make-identity", (folder_.path() / "i").string()}, "; echo code $?; } 2>&1 | cat");
  EXPECT_THAT(limited.text, AllOf(HasSubstr("waysided: cannot write " + (folder_.path() / "i").string()),
                                  HasSubstr("File too large"), HasSubstr("code 1")));
}

}  // namespace
}  // namespace wayside::replay_test
