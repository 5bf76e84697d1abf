#include "wayside/device/network/outside.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside {
namespace {

using testing::HasSubstr;

TEST(Outside, IsReadAsItIsWritten) {
  const Outside outside{{"ntp1.example", "192.0.2.1", "2001:db8::1"},
                        {{"office.example", 8443}, {"::1", 443}}};
  const auto read = outside_from(to_text(outside));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, outside);
  EXPECT_EQ(outside_from("").value(), Outside{});
}

TEST(Outside, WhatIsNotOfTheFormIsRefusedAndNotQuoted) {
  for (const char* wrong : {"time",
                            "time \n",
                            "time a b\n",
                            "time a;b\n",
                            "time a\nshell rm\n",
                            "time a",
                            "office a\n",
                            "office a 0\n",
                            "office a 65536\n",
                            "office a 080\n",
                            "office a 80 \n",
                            "office a 80}\n",
                            "office [::1] 80\n",
                            "office a.example} 80\n",
                            "time a\ntime a\n",
                            "office a 80\noffice a 80\n",
                            "\n",
                            "time a\r\n",
                            "time 192.0.2.256\n",
                            "time -a\n",
                            " time a\n",
                            "time a\ninclude /etc/shadow\n"}) {
    const auto read = outside_from(wrong);
    ASSERT_FALSE(read) << wrong;
    EXPECT_EQ(read.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(read.error().message, testing::Not(HasSubstr("shadow")));
  }
  EXPECT_THAT(outside_from("time a\ntime b\nx\n").error().message, HasSubstr("line 3"));
}

TEST(Outside, IsBounded) {
  std::string servers;
  for (std::size_t i = 0; i < most_outside_servers; ++i)
    servers += "time a" + std::to_string(i) + "\n";
  EXPECT_TRUE(outside_from(servers));
  EXPECT_FALSE(outside_from(servers + "time b\n"));
  std::string offices;
  for (std::size_t i = 0; i < most_outside_offices; ++i)
    offices += "office a" + std::to_string(i) + " 1\n";
  EXPECT_TRUE(outside_from(offices));
  EXPECT_FALSE(outside_from(offices + "office b 1\n"));
  EXPECT_FALSE(outside_from("time " + std::string(longest_outside, 'a') + "\n"));
}

}  // namespace
}  // namespace wayside
