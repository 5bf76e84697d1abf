// What waysided says and how it ends, as a person or a script meets it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/replay/replay_scene.hpp"

namespace wayside::replay_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

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
  EXPECT_THAT(without.text, HasSubstr("--config FILE is missing"));
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
  EXPECT_EQ(checked.text, file.string() + ": valid\n");
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

TEST_F(WaysidedCommandLine, AMissingRecordingIsNamedAndEndsWithOne) {
  const Answer missing =
      answer({"--config", write("[site]\nname = \"x\"\nfeed_id = 1\nsource_id = 1\ncamera_id = 1\n"
                                "[camera]\nsource = \"replay:none.mp4\"\n"
                                "[queue]\ndirectory = \"q\"\n[identity]\ndirectory = \"i\"\n")
                              .string()});
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

TEST_F(WaysidedCommandLine, AReportThatCannotBeWrittenIsToldBeforeTheWorkBegins) {
  const std::string configuration = write(
                                        "[site]\nname = \"x\"\nfeed_id = 1\nsource_id = 1\ncamera_id = 1\n"
                                        "[camera]\nsource = \"replay:none.mp4\"\n")
                                        .string();
  for (const std::string& report : {(folder_.path() / "no" / "r.json").string(), folder_.path().string()}) {
    const Answer refused = answer({"--config", configuration, "--report", report});
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.text, AllOf(HasSubstr("--report"), HasSubstr(report)));
  }
}

}  // namespace
}  // namespace wayside::replay_test
