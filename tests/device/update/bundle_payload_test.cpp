// Bundles with a tree of hashes that is made here as dm-verity has it; RAUC's own are looked at in
// rauc_test.cpp.
#include "src/device/update/bundle_payload.hpp"

#include <cstdint>
#include <fstream>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/temporary_folder.hpp"
#include "tests/doubles/verity_tree.hpp"

namespace wayside::update_parts {
namespace {

using testing::HasSubstr;

constexpr std::size_t block = doubles::verity_block;
constexpr std::size_t signature_bytes = 700;

struct Bundle {
  Bytes bytes;
  PayloadHash hash;
  std::size_t payload_bytes = 0;
};

// No two blocks of its payload are the same.
Bundle bundle_of(std::size_t blocks) {
  Bundle made;
  made.hash.salt.fill(0x5A);
  made.payload_bytes = blocks * block;
  made.bytes.resize(made.payload_bytes);
  for (std::size_t i = 0; i < blocks; ++i) {
    made.bytes[i * block] = static_cast<std::uint8_t>(i);
    made.bytes[i * block + 1] = static_cast<std::uint8_t>(i >> 8U);
  }
  made.bytes = doubles::with_verity_tree(std::move(made.bytes), made.hash);
  made.bytes.insert(made.bytes.end(), signature_bytes, 's');
  for (unsigned shift = 64; shift > 0; shift -= 8)
    made.bytes.push_back(static_cast<std::uint8_t>(std::uint64_t{signature_bytes} >> (shift - 8)));
  return made;
}

class BundlePayload : public testing::Test {
 protected:
  Status check(const Bytes& bytes, const PayloadHash& hash) const {
    std::ofstream(file_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return check_payload(file_, hash);
  }
  void expect_refused(const Bytes& bytes, const PayloadHash& hash) const {
    const Status checked = check(bytes, hash);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::refused);
    EXPECT_THAT(checked.error().message, HasSubstr("not what was signed"));
  }

  const doubles::TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "bundle";
};

// Trees of no level, one, two and three.
TEST_F(BundlePayload, ThatIsAsItWasSignedIsTakenHoweverLongItIs) {
  for (const std::size_t blocks : {1U, 2U, 128U, 129U, 128U * 128U + 1U}) {
    const Bundle made = bundle_of(blocks);
    const Status checked = check(made.bytes, made.hash);
    EXPECT_TRUE(checked) << blocks << ": " << checked.error().message;
  }
}

TEST_F(BundlePayload, OneFlippedBitAnywhereOfWhatWasSignedIsRefused) {
  const Bundle made = bundle_of(129);
  const std::size_t tree = made.payload_bytes;
  ASSERT_EQ(made.hash.tree_bytes, 3 * block);
  const std::size_t last = tree + 3 * block - 1;
  // Of the payload: first, in the middle, last. Of the tree: each block's first, and what only fills one up.
  for (const std::size_t at : {std::size_t{0}, 64 * block + 17, tree - 1, tree, tree + block - 1,
                               tree + block, tree + 2 * block, last}) {
    SCOPED_TRACE(at);
    Bundle changed = made;
    changed.bytes[at] ^= 1U;
    expect_refused(changed.bytes, changed.hash);
  }
  Bundle other = made;
  other.hash.root[31] ^= 1U;
  expect_refused(other.bytes, other.hash);
  other = made;
  other.hash.salt[0] ^= 1U;
  expect_refused(other.bytes, other.hash);
}

TEST_F(BundlePayload, OneThatWasCutOrHasLengthsThatDoNotFitTogetherIsRefused) {
  const Bundle made = bundle_of(131);
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{7}, std::size_t{8}, made.bytes.size() / 2, made.bytes.size() - 1}) {
    SCOPED_TRACE(bytes);
    expect_refused(Bytes(made.bytes.begin(), made.bytes.begin() + static_cast<std::ptrdiff_t>(bytes)),
                   made.hash);
  }
  // One block less or more leaves the tree as large as it was; three less do not.
  for (const std::ptrdiff_t blocks : {1, 3}) {
    SCOPED_TRACE(blocks);
    Bytes shorter = made.bytes;
    shorter.erase(shorter.begin(), shorter.begin() + blocks * static_cast<std::ptrdiff_t>(block));
    expect_refused(shorter, made.hash);
  }
  Bytes longer = made.bytes;
  longer.insert(longer.begin(), block, 0);
  expect_refused(longer, made.hash);
  for (const std::uint64_t tree_bytes :
       {std::uint64_t{0}, made.hash.tree_bytes - 1, made.hash.tree_bytes + block,
        std::uint64_t{made.bytes.size()}, std::numeric_limits<std::uint64_t>::max()}) {
    SCOPED_TRACE(tree_bytes);
    PayloadHash hash = made.hash;
    hash.tree_bytes = tree_bytes;
    expect_refused(made.bytes, hash);
  }
  for (const std::uint8_t byte : {std::uint8_t{0}, std::uint8_t{0xFF}}) {
    SCOPED_TRACE(int{byte});
    Bytes signature_of_another_length = made.bytes;
    std::fill_n(signature_of_another_length.rbegin(), 8, byte);
    expect_refused(signature_of_another_length, made.hash);
  }
}

TEST_F(BundlePayload, OneThatCannotBeReadIsAnError) {
  const Status checked = check_payload(folder_.path() / "none", {});
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::io);
  EXPECT_THAT(checked.error().message, HasSubstr("none"));
}

const std::string salt(64, 'a');
const std::string root(64, '7');

// As RAUC 1.8 says it.
std::string said(const std::string& format) {
  return "Compatible: \t'wayside-test'\nVersion:    \t'1.3.0'\nDescription:\t'(null)'\nBuild:      "
         "\t'(null)'\nHooks:      \t''\nBundle Format: \t" +
         format + "\n\n2 Images:\n  \x1B[1m[boot]\x1B[0m\n\tFilename:  boot.img\n";
}
std::string said_of_verity(const std::string& salt_is, const std::string& root_is, const std::string& bytes) {
  return said("verity\n  Verity Salt: \t'" + salt_is + "'\n  Verity Hash: \t'" + root_is +
              "'\n  Verity Size: \t" + bytes);
}

TEST(PayloadHashTest, IsWhatRaucSaysOfIt) {
  const auto hash = payload_hash_from(said_of_verity(salt, root, "630784"));
  ASSERT_TRUE(hash) << hash.error().message;
  ASSERT_TRUE(*hash);
  EXPECT_EQ(to_hex((*hash)->salt), salt);
  EXPECT_EQ(to_hex((*hash)->root), root);
  EXPECT_EQ((*hash)->tree_bytes, 630'784U);
  // Its payload RAUC has checked itself.
  const auto plain = payload_hash_from(said("plain"));
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_FALSE(*plain);
}

TEST(PayloadHashTest, WhatIsNotSaidOnceAndWholeIsRefused) {
  const std::string good = said_of_verity(salt, root, "4096");
  for (const std::string& wrong :
       {std::string(), said("verity"), said("crypt"), said(""), said("plain (and more)"),
        said_of_verity(salt.substr(1), root, "4096"), said_of_verity(salt, root + "77", "4096"),
        said_of_verity(salt, "g" + root.substr(1), "4096"), said_of_verity(salt, root, ""),
        said_of_verity(salt, root, "-1"), said_of_verity(salt, root, "4096 "),
        said_of_verity(salt, root, "99999999999999999999"),
        // In words of the signer's, which may hold lines.
        "Bundle Format: \tplain\n" + good, good + "  Verity Hash: \t'" + salt + "'\n",
        good + "  Verity Size: \t8192"}) {
    const auto hash = payload_hash_from(wrong);
    ASSERT_FALSE(hash) << wrong;
    EXPECT_EQ(hash.error().code, ErrorCode::refused);
  }
}

}  // namespace
}  // namespace wayside::update_parts
