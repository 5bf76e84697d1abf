#include "drivers/board/contact_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside::board {
namespace {

using testing::HasSubstr;

TEST(ContactLine, AChipThatIsNotThereOrIsNoneIsNamed) {
  const auto absent = open_contact("/dev/gpiochip99", 17, true);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::not_found);
  EXPECT_THAT(absent.error().message, HasSubstr("line 17 of /dev/gpiochip99"));
  const auto other = open_contact("/dev/null", 1, false);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("line 1 of /dev/null"));
}

}  // namespace
}  // namespace wayside::board
