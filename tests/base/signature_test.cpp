#include "wayside/base/signature.hpp"

#include <gtest/gtest.h>

namespace wayside {
namespace {

// The second test vector of RFC 8032, 7.1.
const Secret seed(bytes_from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").value());
const Bytes message{0x72};

TEST(Signature, IsThatOfTheStandard) {
  EXPECT_EQ(to_hex(verifying_key(seed)), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_EQ(to_hex(sign(message, seed)),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

TEST(Signature, HoldsForItsMessageAndItsKeyAlone) {
  const Signature signature = sign(message, seed);
  const VerifyingKey key = verifying_key(seed);
  EXPECT_TRUE(is_signed(message, signature, key));
  EXPECT_FALSE(is_signed(Bytes{0x73}, signature, key));
  EXPECT_FALSE(is_signed(message, signature, verifying_key(Secret())));
  Signature other = signature;
  other[5] ^= 1;
  EXPECT_FALSE(is_signed(message, other, key));
}

TEST(VerifyingKeyFile, IsReadAgainAndNothingElseIs) {
  const VerifyingKey key = verifying_key(seed);
  const std::string text = verifying_key_text(key);
  EXPECT_EQ(verifying_key_from(text).value(), key);
  EXPECT_EQ(verifying_key_from(text + "\r\n").value(), key);
  for (const std::string& bad : {std::string(), text.substr(2), "zz" + text.substr(2), text + text})
    EXPECT_FALSE(verifying_key_from(bad)) << bad;
}

}  // namespace
}  // namespace wayside
