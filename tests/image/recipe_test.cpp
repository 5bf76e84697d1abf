// The scripts that make sysroot and image, where something is missing, full, damaged or cut short: one
// sentence that says what and what to do, and nothing half-made that the next run would trust. They run on a
// copy of toolchains/, with stand-ins for the programs that fetch.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::image {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Script {
  int exit_code = 0;
  std::string said;
};

class Recipe : public testing::Test {
 protected:
  void SetUp() override {
    const char* source = std::getenv("WAYSIDE_SOURCE_DIR");
    ASSERT_NE(source, nullptr);
    fs::create_directories(tree_);
    fs::copy(fs::path(source) / "toolchains", tree_ / "toolchains", fs::copy_options::recursive);
    fs::copy(fs::path(source) / "CMakeLists.txt", tree_ / "CMakeLists.txt");
    fs::create_directories(stand_ins_);
    stand_in("dpkg-query", "printf installed");
    stand_in("uname", "echo x86_64");
    stand_in("sudo", "exec \"$@\"");
    stand_in("apt-get", "echo 'bookworm deb http://archive.example/ bookworm main'");
    fetching("");
  }

  void stand_in(const std::string& program, const std::string& does) {
    std::ofstream(stand_ins_ / program) << "#!/bin/bash\n" << does << '\n';
    fs::permissions(stand_ins_ / program, fs::perms::owner_all);
  }
  // mmdebstrap makes what it is asked for, folder or archive, then does more; each call leaves a letter.
  void fetching(const std::string& more) {
    stand_in("mmdebstrap", "printf x >>" + calls_.string() +
                               "\nto=\"${@: -2:1}\"\n"
                               "if [ \"${to%.tar}\" != \"$to\" ]; then echo archive >\"$to\"; else\n"
                               "mkdir -p \"$to/usr/lib/aarch64-linux-gnu\" \"$to/usr/include\"\n"
                               "ln -s /usr/include \"$to/usr/lib/absolute\"; fi\n" +
                               more);
  }
  [[nodiscard]] Script run(const std::string& command) const {
    const std::string line =
        "cd " + tree_.string() + " && PATH=" + stand_ins_.string() + ":$PATH; { " + command + "\n} 2>&1";
    FILE* pipe = ::popen(("bash -c '" + line + "'").c_str(), "re");
    Script ended;
    std::array<char, 4096> part{};
    for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
      ended.said.append(part.data(), got);
    const int status = ::pclose(pipe);
    ended.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ended;
  }
  [[nodiscard]] Script helper(const std::string& call) const {
    return run("bash -c \". toolchains/common.sh; . toolchains/debian.sh; " + call + "\"");
  }
  [[nodiscard]] std::string fetched() const {
    std::ifstream in(calls_);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] static std::size_t sentences(const std::string& said) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = said.find(".sh: ", at)) != std::string::npos; ++at)
      ++count;
    return count;
  }
  static constexpr int not_to_be_had = 77;
  void expect_one_sentence(const Script& ended, const std::string& what, const std::string& to_do,
                           int exit_code = 1) const {
    EXPECT_EQ(ended.exit_code, exit_code);
    EXPECT_THAT(ended.said, AllOf(HasSubstr(what), HasSubstr(to_do)));
    EXPECT_EQ(sentences(ended.said), 1U) << ended.said;
  }

  doubles::TemporaryFolder folder_;
  const fs::path tree_ = folder_.path() / "tree";
  const fs::path stand_ins_ = folder_.path() / "stand-ins";
  const fs::path calls_ = folder_.path() / "calls";
  const fs::path sysroot_ = tree_ / "build" / "aarch64-sysroot";
};

TEST_F(Recipe, AListOrABoardsFileThatIsMissingIsNamedBeforeAnythingIsFetched) {
  expect_one_sentence(run("toolchains/image.sh raspberry"), "no board \"raspberry\"",
                      "use one of qemu-virt raspberrypi4");
  fs::remove(tree_ / "toolchains" / "image" / "boards" / "qemu-virt" / "modules.txt");
  expect_one_sentence(run("toolchains/image.sh"), "qemu-virt lacks its file", "modules.txt: restore it");
  fs::copy(tree_ / "toolchains" / "image" / "boards" / "qemu-virt" / "modules-early.txt",
           tree_ / "toolchains" / "image" / "boards" / "qemu-virt" / "modules.txt");
  fs::remove(tree_ / "toolchains" / "image" / "left-out.txt");
  expect_one_sentence(run("toolchains/image.sh"), "there is no", "left-out.txt: restore it");
  fs::remove(tree_ / "toolchains" / "packages-aarch64.txt");
  expect_one_sentence(run("toolchains/aarch64.sh --prepare"), "there is no",
                      "packages-aarch64.txt: restore it");
  EXPECT_EQ(fetched(), "");
}

TEST_F(Recipe, ABoardThatNeedsMoreOfDebianThanAptHasSaysWhatToAddAndNothingIsFetched) {
  expect_one_sentence(run("toolchains/image.sh --trial-keys raspberrypi4"),
                      "needs Debian's non-free-firmware", "add the word to the components of Debian 12");
  EXPECT_EQ(fetched(), "");
  stand_in(
      "apt-get",
      "for c in main non-free-firmware; do echo \"bookworm deb http://archive.example/ bookworm $c\"; done");
  // Then it is the next thing that is wrong.
  expect_one_sentence(run("GIT_CEILING_DIRECTORIES=/ toolchains/image.sh raspberrypi4 --trial-keys"),
                      "no git checkout that can be used", "commit");
}

TEST_F(Recipe, AnImageIsMadeOfACommit) {
  expect_one_sentence(run("GIT_CEILING_DIRECTORIES=/ toolchains/image.sh"),
                      "no git checkout that can be used", "commit");
}

TEST_F(Recipe, AWrongOptionIsAnsweredWithThoseThereAre) {
  expect_one_sentence(run("toolchains/aarch64.sh --tset"), "no option --tset", "--test");
  expect_one_sentence(run("toolchains/image.sh --bot"), "no option --bot", "--boot");
}

TEST_F(Recipe, WordsCountWhereverTheyStandAndNoneIsPassedOver) {
  expect_one_sentence(run("toolchains/image.sh qemu-virt --keys nowhere"), "\"nowhere\" holds no keys",
                      "toolchains/update-keys.sh");
  expect_one_sentence(run("toolchains/image.sh qemu-virt --keys"), "holds no keys",
                      "toolchains/update-keys.sh");
  expect_one_sentence(run("toolchains/image.sh qemu-virt raspberrypi4"), "one board at a time",
                      "qemu-virt, or raspberrypi4");
  expect_one_sentence(run("toolchains/image.sh --boot --fresh"), "starts the image that was built",
                      "without --boot first");
  ASSERT_EQ(run("mkdir keys && touch keys/keyring.pem keys/signs").exit_code, 0);
  expect_one_sentence(run("toolchains/image.sh --keys keys --trial-keys"), "two answers to one question",
                      "give one of them");
  expect_one_sentence(run("toolchains/image.sh --keys keys --keys keys"), "--keys is there twice",
                      "give the one");
  expect_one_sentence(run("toolchains/image.sh --keys keys \"\""), "a board has a name",
                      "leave the empty word out");
  EXPECT_EQ(fetched(), "");
}

TEST_F(Recipe, NoCameraOfARoadIsGivenKeysForTryingOutUnasked) {
  expect_one_sentence(run("toolchains/image.sh raspberrypi4"), "takes updates of its keys alone",
                      "give --keys FOLDER");
  EXPECT_EQ(fetched(), "");
}

TEST_F(Recipe, AVersionThatNoCameraReadsIsSaidBeforeAnythingIsFetched) {
  for (const char* const version : {"1.4", "1.04.0", "1.4.0.1", "1234567.0.0"}) {
    std::ofstream(tree_ / "CMakeLists.txt") << "project(wayside VERSION " << version << " LANGUAGES CXX)\n";
    expect_one_sentence(run("toolchains/image.sh"), std::string("VERSION is \"") + version + "\"",
                        "three numbers");
  }
  EXPECT_EQ(fetched(), "");
}

TEST_F(Recipe, WhatIsFetchedAnewTakesThePlaceOfWhatWasThereOnceItIsHere) {
  ASSERT_EQ(run("toolchains/aarch64.sh --prepare").exit_code, 0);
  const std::string call = "cached_arm64 $PWD/cache root one";
  ASSERT_EQ(helper(call).exit_code, 0);
  ASSERT_EQ(fetched(), "xx");
  fetching("echo \"E: the network is gone\" >&2; exit 1");
  EXPECT_EQ(run("fetch_anew=yes toolchains/aarch64.sh --prepare").exit_code, not_to_be_had);
  EXPECT_EQ(helper("fetch_anew=yes; " + call).exit_code, not_to_be_had);
  ASSERT_EQ(fetched(), "xxxx");
  EXPECT_EQ(run("toolchains/aarch64.sh --prepare").exit_code, 0);
  EXPECT_EQ(helper(call).exit_code, 0);
  EXPECT_EQ(fetched(), "xxxx");
  fetching("");
  EXPECT_EQ(run("fetch_anew=yes toolchains/aarch64.sh --prepare").exit_code, 0);
  EXPECT_EQ(helper("fetch_anew=yes; " + call).exit_code, 0);
  EXPECT_EQ(fetched(), "xxxxxx");
}

TEST_F(Recipe, WhatIsFetchedAnewIsNotMixedWithWhatWasThereAlsoAfterARunThatBrokeOff) {
  const std::string one = "cached_arm64 $PWD/cache root one", other = "cached_arm64 $PWD/cache board two";
  ASSERT_EQ(
      helper("begin_fetching $PWD/cache; " + one + "; " + other + "; end_fetching $PWD/cache").exit_code, 0);
  ASSERT_EQ(fetched(), "xx");
  EXPECT_EQ(helper("begin_fetching $PWD/cache yes; " + one + "; exit 1").exit_code, 1);
  ASSERT_EQ(fetched(), "xxx");
  const Script again =
      helper("begin_fetching $PWD/cache; " + one + "; " + other + "; end_fetching $PWD/cache");
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.said, testing::AllOf(HasSubstr("a run with --fresh"), HasSubstr("cache/fetching-anew")));
  EXPECT_EQ(fetched(), "xxxxx");
  EXPECT_EQ(helper("begin_fetching $PWD/cache; " + one + "; end_fetching $PWD/cache").exit_code, 0);
  EXPECT_EQ(fetched(), "xxxxx");
}

// A package's headers bear the package's date, which may lie before that of what was compiled with others.
TEST_F(Recipe, WhatWasCompiledWithOtherLibrariesIsNotUsedAgain) {
  ASSERT_EQ(run("toolchains/aarch64.sh --prepare").exit_code, 0);
  const fs::path built = sysroot_.parent_path() / "aarch64-release";
  fs::create_directories(built);
  ASSERT_EQ(run("toolchains/aarch64.sh --prepare").exit_code, 0);
  EXPECT_TRUE(fs::exists(built));
  EXPECT_EQ(run("fetch_anew=yes toolchains/aarch64.sh --prepare").exit_code, 0);
  EXPECT_FALSE(fs::exists(built));
}

TEST_F(Recipe, TooLittleSpaceIsSaidWithWhatIsNeeded) {
  stand_in("df", "echo Avail; echo 12M");
  const Script ended = run("toolchains/aarch64.sh --prepare");
  expect_one_sentence(ended, "has 12 MB free and 3000 are needed", "make room");
  EXPECT_EQ(fetched(), "");
  EXPECT_FALSE(fs::exists(sysroot_));
}

TEST_F(Recipe, WithoutSourcesOfDebian12NothingIsFetched) {
  stand_in("apt-get", "echo 'trixie deb http://archive.example/ trixie main'");
  expect_one_sentence(run("toolchains/aarch64.sh --prepare"), "no packages of Debian 12", "apt-get update",
                      not_to_be_had);
  EXPECT_EQ(fetched(), "");
}

TEST_F(Recipe, TheSysrootIsMadeOnceForItsListOfPackages) {
  EXPECT_EQ(run("toolchains/aarch64.sh --prepare").exit_code, 0);
  EXPECT_EQ(run("toolchains/aarch64.sh --prepare").exit_code, 0);
  EXPECT_EQ(fetched(), "x");
  // A link of the other system's root stays within it.
  EXPECT_EQ(fs::read_symlink(sysroot_ / "usr" / "lib" / "absolute"), "../include");
  std::ofstream(tree_ / "toolchains" / "packages.txt", std::ios::app) << "libmore-dev\n";
  EXPECT_EQ(run("toolchains/aarch64.sh --prepare").exit_code, 0);
  EXPECT_EQ(fetched(), "xx");
}

TEST_F(Recipe, WhatFailsHalfWayIsNoSysrootAndIsMadeAnew) {
  fetching("echo \"E: the network is gone\" >&2; exit 1");
  const Script ended = run("toolchains/aarch64.sh --prepare");
  expect_one_sentence(ended, "could not fetch and unpack", "check the network", not_to_be_had);
  EXPECT_THAT(ended.said, HasSubstr("E: the network is gone"));
  EXPECT_FALSE(fs::exists(sysroot_));
  fetching("");
  EXPECT_EQ(run("toolchains/aarch64.sh --prepare").exit_code, 0);
  EXPECT_TRUE(fs::exists(sysroot_));
}

TEST_F(Recipe, ASysrootWhoseMakingWasKilledIsNotTrusted) {
  fetching("kill -9 $PPID");
  EXPECT_NE(run("toolchains/aarch64.sh --prepare").exit_code, 0);
  EXPECT_FALSE(fs::exists(sysroot_));
  // Even one that lies there whole, without word of what it was made of.
  fs::create_directories(sysroot_ / "usr" / "include");
  std::ofstream(sysroot_ / "stale") << "stale";
  fetching("");
  EXPECT_EQ(run("toolchains/aarch64.sh --prepare").exit_code, 0);
  EXPECT_FALSE(fs::exists(sysroot_ / "stale"));
}

TEST_F(Recipe, ASysrootThatLacksAFileIsMadeAnew) {
  EXPECT_EQ(run("toolchains/aarch64.sh --prepare").exit_code, 0);
  EXPECT_GT(fs::remove(sysroot_ / "usr" / "lib" / "absolute"), 0U);
  EXPECT_EQ(run("toolchains/aarch64.sh --prepare").exit_code, 0);
  EXPECT_EQ(fetched(), "xx");
  EXPECT_TRUE(fs::is_symlink(sysroot_ / "usr" / "lib" / "absolute"));
}

TEST_F(Recipe, AKeptArchiveIsUsedAgainWhileItIsWhole) {
  const std::string call = "cached_arm64 $PWD/cache root \\\"one two\\\" --option; echo has \\$archived";
  const Script first = helper(call);
  ASSERT_EQ(first.exit_code, 0) << first.said;
  const fs::path archive =
      first.said.substr(first.said.find("has ") + 4, first.said.rfind('\n') - first.said.find("has ") - 4);
  ASSERT_TRUE(fs::exists(archive)) << first.said;
  EXPECT_EQ(helper(call).exit_code, 0);
  EXPECT_EQ(fetched(), "x");

  std::ofstream(archive, std::ios::app) << "and a flipped bit";
  EXPECT_THAT(helper(call).said, HasSubstr("is damaged, and fetched again"));
  EXPECT_EQ(fetched(), "xx");
  fs::remove(archive.string() + ".sha256");
  EXPECT_EQ(helper(call).exit_code, 0);
  EXPECT_EQ(fetched(), "xxx");
  EXPECT_EQ(helper("cached_arm64 $PWD/cache root \\\"one two three\\\" --option").exit_code, 0);
  EXPECT_EQ(fetched(), "xxxx");
  EXPECT_FALSE(fs::exists(archive)) << "what was replaced is kept";
}

TEST_F(Recipe, AnArchiveThatWasCutShortIsNotKept) {
  fetching("exit 1");
  const Script ended = helper("cached_arm64 $PWD/cache root one");
  EXPECT_EQ(ended.exit_code, not_to_be_had);
  EXPECT_THAT(ended.said, AllOf(HasSubstr("could not fetch and unpack"), HasSubstr("check the network")));
  for (const auto& left : fs::directory_iterator(tree_ / "cache"))
    EXPECT_THAT(left.path().filename().string(), AllOf(HasSubstr(".log"), Not(HasSubstr(".part"))));
}

}  // namespace
}  // namespace wayside::image
