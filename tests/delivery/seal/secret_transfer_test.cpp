// A secret on its way: only the receiver it was sealed to gets it, and gets it whole.
#include "wayside/delivery/seal/secret_transfer.hpp"

#include <gmock/gmock.h>

namespace wayside {
namespace {

using testing::HasSubstr;

TEST(SecretTransfer, TheReceiverGetsTheKeyPairAndTheBytesOnTheWayDoNotHoldIt) {
  const RecipientSecret secret = make_recipient_secret();
  const RecipientSecret receiver = make_recipient_secret();
  const auto sealed = seal_secret(secret, receiver.key);
  ASSERT_TRUE(sealed);
  ASSERT_EQ(sealed->size(), sealed_secret_bytes);
  EXPECT_EQ(to_hex(*sealed).find(to_hex(secret.secret.view())), std::string::npos);
  const auto opened = open_secret(*sealed, receiver);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->key, secret.key);
  EXPECT_EQ(to_hex(opened->secret.view()), to_hex(secret.secret.view()));
}

TEST(SecretTransfer, AnotherReceiverAWrongLengthAndAWrongKindOfKeyAreRefused) {
  const RecipientSecret receiver = make_recipient_secret();
  auto sealed = seal_secret(make_recipient_secret(), receiver.key);
  ASSERT_TRUE(sealed);
  EXPECT_FALSE(open_secret(*sealed, make_recipient_secret()));
  for (const std::size_t length : {0U, 79U, 81U}) {
    const auto opened = open_secret(Bytes(length), receiver);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr("80 bytes"));
  }
  sealed->back() ^= 1U;
  EXPECT_FALSE(open_secret(*sealed, receiver));
  EXPECT_FALSE(seal_secret(make_recipient_secret(), PublicKey{})) << "a point of low order";
}

}  // namespace
}  // namespace wayside
