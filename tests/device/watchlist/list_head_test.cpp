#include "wayside/device/watchlist/list_head.hpp"

#include <gmock/gmock.h>

#include "tests/doubles/watch_lists.hpp"

namespace wayside {
namespace {

using doubles::ListOffice;
using doubles::secret_of;
using testing::HasSubstr;

ListHead delta_head() {
  ListHead head{ListOffice().facts(5), ListChanges{}};
  head.facts.entries = 3;
  head.facts.bytes = 77;
  head.facts.digest.fill(1);
  head.delta->base = 4;
  head.delta->changes = 2;
  head.delta->bytes = 50;
  head.delta->digest.fill(2);
  head.delta->base_digest.fill(3);
  return head;
}

TEST(ListHead, WhatIsSignedIsReadBack) {
  const Secret seed = secret_of(7);
  const std::vector keys = {verifying_key(secret_of(1)), verifying_key(seed)};
  ListHead head = delta_head();
  EXPECT_EQ(list_head_from(sign_list_head(head, seed).value(), keys).value(), head);
  head.delta.reset();
  EXPECT_EQ(list_head_from(sign_list_head(head, seed).value(), keys).value(), head);
}

TEST(ListHead, AnotherKeyIsRefusedByItsName) {
  const std::string text = sign_list_head(delta_head(), secret_of(7)).value();
  const std::vector keys = {verifying_key(secret_of(1))};
  const auto head = list_head_from(text, keys);
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, ErrorCode::refused);
  const std::string id = to_hex(sha256(verifying_key(secret_of(7)))).substr(0, 16);
  EXPECT_THAT(head.error().message, HasSubstr(id));
  EXPECT_FALSE(list_head_from(text, {}));
}

TEST(ListHead, EveryFlippedBitAndEveryCutIsRefused) {
  const std::string text = sign_list_head(delta_head(), secret_of(7)).value();
  const std::vector keys = {verifying_key(secret_of(7))};
  ASSERT_TRUE(list_head_from(text, keys));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string flipped = text;
    flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ (1U << (i % 8)));
    const auto head = list_head_from(flipped, keys);
    // The key's id and the case of hex digits are for people: nothing that counts is changed by them.
    EXPECT_EQ(head.value_or(delta_head()), delta_head()) << i;
    EXPECT_FALSE(head && i >= first_head_line_bytes) << i;
    EXPECT_FALSE(list_head_from(text.substr(0, i), keys)) << i;
  }
  EXPECT_FALSE(list_head_from(text + "\n", keys));
}

TEST(ListHead, WhatCannotBeIsNotSigned) {
  const auto refused = [](const auto& change, const std::string& words) {
    ListHead head = delta_head();
    change(head);
    const auto text = sign_list_head(head, secret_of(7));
    ASSERT_FALSE(text);
    EXPECT_THAT(text.error().message, HasSubstr(words));
  };
  refused([](ListHead& head) { head.facts.list = "No Such"; }, "field list");
  refused([](ListHead& head) { head.facts.revision = 0; }, "field revision");
  refused([](ListHead& head) { head.facts.valid_until = head.facts.valid_from; }, "field valid_until");
  refused([](ListHead& head) { head.delta->base = head.facts.revision; }, "field base");
  refused([](ListHead& head) { head.facts.bytes = std::uint64_t{1} << 53U; }, "field bytes");
}

}  // namespace
}  // namespace wayside
