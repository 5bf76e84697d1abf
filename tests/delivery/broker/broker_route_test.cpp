#include "wayside/delivery/broker/broker_route.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(BrokerRoute, BeginsWithTheAddressThatItWasTold) {
  std::vector<std::string> now = {"a", "b", "c"};
  BrokerRoute route("broker.example", [&](const std::string& host) -> Result<std::vector<std::string>> {
    EXPECT_EQ(host, "broker.example");
    return now;
  });
  EXPECT_THAT(*route.addresses(), ElementsAre("a", "b", "c"));
  route.begin_with("b");
  EXPECT_THAT(*route.addresses(), ElementsAre("b", "c", "a"));
  now = {"c", "d"};  // as after a move
  EXPECT_THAT(*route.addresses(), ElementsAre("c", "d"));
}

TEST(BrokerRoute, KnowsAnAddressAsItselfAndSaysWhereANameHasNone) {
  EXPECT_THAT(*addresses_of("127.0.0.1"), ElementsAre("127.0.0.1"));
  EXPECT_THAT(*addresses_of("::1"), ElementsAre("::1"));
  const auto none = addresses_of("no-such-name.invalid");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::unavailable);
  EXPECT_THAT(none.error().message, HasSubstr("no-such-name.invalid has no address"));
}

}  // namespace
}  // namespace wayside
