#include "wayside/device/authority/document.hpp"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/device/authority/document_body.hpp"
#include "tests/doubles/example_authority.hpp"

namespace wayside {
namespace {

using doubles::example_authority;
using doubles::example_revocation;
using testing::HasSubstr;

const Secret seed = doubles::authority_seed();
const VerifyingKey key = verifying_key(seed);

std::string example_text() {
  return doubles::signed_by(seed, example_authority());
}

TEST(AuthorityDocument, WhatTheOfficeSignedIsReadAsItWas) {
  AuthorityDocument clear = example_authority();
  clear.clear_occupants = true;
  for (const AuthorityDocument& document : {example_authority(), clear, example_revocation(8)}) {
    const auto read = authority_from(doubles::signed_by(seed, document), key);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, document);
  }
  EXPECT_TRUE(is_for(example_authority(), doubles::authorised_camera));
  EXPECT_FALSE(is_for(example_authority(), "fedcba9876543210"));
}

// An office that does not ask for it issues what cameras of earlier versions read.
TEST(AuthorityDocument, OccupantsAreBlurredUnlessItSaysClear) {
  AuthorityDocument document = example_authority();
  const std::string without = authority::to_body(document);
  EXPECT_THAT(without, testing::EndsWith("\"review\":\"2027-12-01T00:00:00.000Z\"}\n"));
  EXPECT_FALSE(authority::document_from_body(without)->clear_occupants);
  document.clear_occupants = true;
  const std::string with = authority::to_body(document);
  EXPECT_THAT(with, testing::EndsWith(",\"overview_occupants\":\"clear\"}\n"));
  EXPECT_TRUE(authority::document_from_body(with)->clear_occupants);
  for (const char* const wrong : {"\"blurred\"", "\"Clear\"", "\"\"", "true", "null", "[\"clear\"]"}) {
    std::string text = with;
    text.replace(text.find("\"clear\""), 7, wrong);
    EXPECT_THAT(authority::document_from_body(text).error().message,
                HasSubstr("field overview_occupants of the deployment authority must be clear, or absent"))
        << wrong;
  }
  AuthorityDocument revocation = example_revocation(8);
  revocation.clear_occupants = true;
  EXPECT_THAT(authority::to_body(revocation), testing::Not(HasSubstr("occupants")));
  std::string text = authority::to_body(revocation);
  text.replace(text.find("\"reason\""), 0, "\"overview_occupants\":\"clear\",");
  EXPECT_THAT(authority::document_from_body(text).error().message, HasSubstr("does not know"));
}

TEST(AuthorityDocument, AnotherKeysSignatureIsRefused) {
  const auto read = authority_from(doubles::signed_by(doubles::authority_seed(8), example_authority()), key);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::refused);
  EXPECT_THAT(read.error().message, HasSubstr("signed by another key"));
}

TEST(AuthorityDocument, NoBitCanBeFlipped) {
  const std::string text = example_text();
  for (std::size_t i = 0; i < 8 * text.size(); ++i) {
    std::string changed = text;
    changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1 << (i % 8)));
    const auto read = authority_from(changed, key);
    // Hex digits are taken in either case: the signature's own bits are the same then.
    if (read) {
      EXPECT_EQ(*read, example_authority()) << "bit " << i;
      EXPECT_LT(i / 8, 20U + 128U) << "bit " << i;
    }
  }
}

TEST(AuthorityDocument, NoByteCanBeLeftOutOrAdded) {
  const std::string text = example_text();
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(authority_from(text.substr(0, size), key)) << size;
  EXPECT_FALSE(authority_from(text + "\n", key));
  EXPECT_FALSE(authority_from(text + std::string(largest_authority_bytes, ' '), key));
}

TEST(AuthorityDocument, AFieldThatCannotBeIsNamedAndNeverSigned) {
  const struct {
    std::function<void(AuthorityDocument&)> change;
    const char* said;
  } wrong[] = {
      {[](auto& d) { d.number = 0; }, "field number"},
      {[](auto& d) { d.number = std::uint64_t{1} << 53U; }, "field number"},
      {[](auto& d) { d.devices.clear(); }, "field devices"},
      {[](auto& d) { d.devices = {"0123456789ABCDEF"}; }, "field devices"},
      {[](auto& d) {
         d.devices = {"1123456789abcdef", "0123456789abcdef"};
       },
       "field devices"},
      {[](auto& d) { d.devices.assign(2, d.devices.front()); }, "field devices"},
      {[](auto& d) { d.organisation = ""; }, "field organisation"},
      {[](auto& d) { d.purpose = "  "; }, "field purpose"},
      {[](auto& d) { d.site = "A14 \"J31\""; }, "field site"},
      {[](auto& d) { d.site = "A14\x1b[2J"; }, "field site"},
      {[](auto& d) { d.contact = std::string(201, 'x'); }, "field contact"},
      {[](auto& d) { d.latitude = 90.1; }, "field latitude"},
      {[](auto& d) { d.longitude = -180.1; }, "field longitude"},
      {[](auto& d) { d.valid_until = d.valid_from; }, "field valid_until"},
      {[](auto& d) { d.valid_until = d.valid_from + std::chrono::days(6 * 365); }, "field valid_until"},
      {[](auto& d) { d.review = d.valid_until + std::chrono::milliseconds(1); }, "field review"},
      {[](auto& d) { d.review = d.valid_from; }, "field review"},
  };
  for (const auto& one : wrong) {
    AuthorityDocument document = example_authority();
    one.change(document);
    const auto text = sign_authority(document, seed);
    ASSERT_FALSE(text) << one.said;
    EXPECT_EQ(text.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(text.error().message, HasSubstr(one.said));
  }
  AuthorityDocument revocation = example_revocation(8);
  revocation.reason = "";
  EXPECT_THAT(sign_authority(revocation, seed).error().message, HasSubstr("field reason"));
}

TEST(AuthorityDocument, FieldsThatAreMissingTooManyOrTwiceAreRefused) {
  const std::string body = authority::to_body(example_authority());
  const auto changed = [&](std::string_view what, std::string_view with) {
    std::string text = body;
    text.replace(text.find(what), what.size(), with);
    return authority::document_from_body(text).error().message;
  };
  EXPECT_THAT(changed("\"site\":\"A14 J31 westbound\",", ""), HasSubstr("lacks field site"));
  EXPECT_THAT(changed("\"site\"", "\"more\":1,\"site\""), HasSubstr("does not know"));
  EXPECT_THAT(changed("\"site\"", "\"purpose\":\"x\",\"site\""), HasSubstr("a key twice"));
  EXPECT_THAT(changed("\"authority\"", "\"permit\""), HasSubstr("field kind"));
  EXPECT_THAT(changed("2026-12-01T09", "2026-13-01T09"), HasSubstr("field issued"));
  EXPECT_THAT(changed("7,", "7.0,"), HasSubstr("field number"));
}

}  // namespace
}  // namespace wayside
