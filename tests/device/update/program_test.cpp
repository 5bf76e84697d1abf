// The program on a machine that is no camera's, and its command line.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "wayside/device/update/boot_state.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

using testing::HasSubstr;

struct Said {
  int code = -1;
  std::string text;
};

Said run(const std::string& words) {
  Said out;
  const std::string program = std::string(std::getenv("WAYSIDE_BINARY_DIR")) + "/bin/wayside-update ";
  FILE* const pipe = ::popen((program + words + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return out;
  std::array<char, 4096> part{};
  while (const std::size_t got = std::fread(part.data(), 1, part.size(), pipe))
    out.text.append(part.data(), got);
  const int status = ::pclose(pipe);
  out.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

TEST(UpdateProgram, SaysWhatToSayWhereItIsToldNothingOrTwoThings) {
  for (const char* words : {"", "status --due", "--due --started", "boot-slot get-primary --deadline"}) {
    const Said said = run(words);
    EXPECT_EQ(said.code, 2) << words << said.text;
    EXPECT_THAT(said.text, HasSubstr("wayside-update: ")) << words;
  }
  EXPECT_EQ(run("--help").code, 0);
}

TEST(UpdateProgram, AnswersRaucInOneWord) {
  const doubles::TemporaryFolder folder(doubles::in_memory());
  const std::string file = folder.path() / "bootstate";
  std::ofstream(file) << std::string(8192, '\0');
  ASSERT_TRUE(write_boot_state(file, {BootSlot::b, BootSlot::a, 3, 0}));
  const std::string state = "--boot-state " + file + " boot-slot ";
  EXPECT_EQ(run(state + "get-primary").text, "a\n");
  EXPECT_EQ(run(state + "get-state b").text, "good\n");
  EXPECT_EQ(run(state + "set-state a bad").text, "");
  EXPECT_EQ(run(state + "get-primary").text, "b\n");
  EXPECT_EQ(run(state + "set-state b bad").code, 1);
  EXPECT_EQ(run("--boot-state " + file + ".not boot-slot get-primary").code, 1);
}

TEST(UpdateProgram, ChangesNothingOnAMachineThatIsNoImage) {
  std::ifstream release("/usr/lib/os-release");
  const std::string text((std::istreambuf_iterator<char>(release)), {});
  if (text.find("IMAGE_ID=wayside") != std::string::npos) GTEST_SKIP() << "this is an image of Wayside's";
  const doubles::TemporaryFolder folder(doubles::in_memory());
  for (const char* what : {"--due", "--started", "--deadline", "status"}) {
    const Said said = run("--state " + folder.path().string() + " " + what);
    EXPECT_EQ(said.code, 1) << what;
    EXPECT_THAT(said.text, HasSubstr("no image of Wayside's")) << what;
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace wayside
