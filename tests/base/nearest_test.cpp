#include "wayside/base/nearest.hpp"

#include <gtest/gtest.h>

namespace wayside {
namespace {

const std::vector<std::string> words = {"--config", "--check-config", "--report", "--help"};

TEST(Nearest, FindsTheWordMeant) {
  EXPECT_EQ(nearest("--confg", words), "--config");
  EXPECT_EQ(nearest("--chekc-config", words), "--check-config");
  EXPECT_EQ(nearest("--report", words), "--report");
}

TEST(Nearest, SaysNothingWhereNoneIsNear) {
  EXPECT_EQ(nearest("--thermostat", words), "");
  EXPECT_EQ(nearest("--config", {}), "");
  EXPECT_EQ(nearest(std::string(100'000, 'x'), words), "");
}

TEST(Nearest, AShortWordMayBeTwoLettersOff) {
  EXPECT_EQ(nearest("url", {"uri", "directory"}), "uri");
  EXPECT_EQ(nearest("", {"directory"}), "");
}

}  // namespace
}  // namespace wayside
