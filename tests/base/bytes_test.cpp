#include "wayside/base/bytes.hpp"

#include <gtest/gtest.h>

namespace wayside {
namespace {

TEST(Crc32c, MatchesThePublishedCheckValue) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c(as_bytes("6789"), crc32c(as_bytes("12345"))), 0xE3069283U);
  EXPECT_EQ(crc32c({}), 0U);
}

TEST(Sha256, MatchesThePublishedValueOfAbc) {
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hex, GoesBothWaysAndRefusesTheRest) {
  EXPECT_EQ(to_hex(Bytes{0x00, 0xAB, 0xFF}), "00abff");
  EXPECT_EQ(bytes_from_hex("00ABff").value(), (Bytes{0x00, 0xAB, 0xFF}));
  EXPECT_FALSE(bytes_from_hex("abc"));
  EXPECT_FALSE(bytes_from_hex("zz"));
}

}  // namespace
}  // namespace wayside
