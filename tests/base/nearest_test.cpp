#include "wayside/base/nearest.hpp"

#include <gtest/gtest.h>

namespace wayside {
namespace {

const std::vector<std::string> words = {"--config", "--check-config", "--report", "--help"};

TEST(EditDistance, CountsCharactersPutInTakenOutAndExchanged) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("AB12CDE", "AB12CD"), 1U);
}

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
