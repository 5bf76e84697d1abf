#include "drivers/time_sources/chronyc.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::time_sources {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class Chronyc : public testing::Test {
 protected:
  // A program that says so.
  std::filesystem::path saying(const std::string& script) {
    const auto path = folder_.path() / "chronyc";
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  doubles::TemporaryFolder folder_;
};

TEST_F(Chronyc, IsAskedForTrackingInCommas) {
  const auto discipline = ask_chrony(saying("test \"$*\" = '-n -c tracking' && echo "
                                            "'50505300,PPS,1,1795833182.047266595,0.0,0.0,0.0,0.000,0.000,0."
                                            "000,0.000000001,0.000001757,0.0,Normal'"),
                                     10s);
  ASSERT_TRUE(discipline) << discipline.error().message;
  EXPECT_EQ(discipline->source, TimeSource::gnss);
}

TEST_F(Chronyc, ThatFindsNoChronydIsUnavailable) {
  const auto discipline = ask_chrony(saying("echo '506 Cannot talk to daemon'; exit 1"), 10s);
  EXPECT_EQ(discipline.error().code, ErrorCode::unavailable);
}

TEST_F(Chronyc, ThatDoesNotEndIsEnded) {
  const auto before = std::chrono::steady_clock::now();
  const auto discipline = ask_chrony(saying("exec sleep 100"), 100ms);
  EXPECT_EQ(discipline.error().code, ErrorCode::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 20s);
}

TEST_F(Chronyc, ThatSaysFarTooMuchIsNotUnderstood) {
  const auto discipline = ask_chrony(saying("head -c 300000 /dev/zero | tr '\\0' 'x'"), 20s);
  EXPECT_EQ(discipline.error().code, ErrorCode::invalid_input);
}

TEST_F(Chronyc, ThatIsNotInstalledIsNamed) {
  const auto discipline = ask_chrony(folder_.path() / "nowhere", 10s);
  EXPECT_EQ(discipline.error().code, ErrorCode::not_found);
  EXPECT_THAT(discipline.error().message, HasSubstr("is chrony installed?"));
}

}  // namespace
}  // namespace wayside::time_sources
