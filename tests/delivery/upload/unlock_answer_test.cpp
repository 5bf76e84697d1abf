// What the unlock service may answer, and what becomes of the keys at hand.
#include "src/delivery/upload/unlock_answer.hpp"

#include <gmock/gmock.h>

#include "wayside/delivery/seal/secret_transfer.hpp"

namespace wayside::upload {
namespace {

using testing::HasSubstr;

class UnlockAnswer : public testing::Test {
 protected:
  Result<UnlockKeys::Set> take(long status, const std::string& body,
                               const std::string& type = "application/octet-stream") {
    return unlock_keys_from({status, type, body, {}}, transfer_);
  }
  std::string sealed(std::size_t count) const {
    std::string body;
    for (std::size_t i = 0; i < count; ++i) {
      const Bytes one = seal_secret(make_recipient_secret(), transfer_.key).value();
      body.append(one.begin(), one.end());
    }
    return body;
  }
  RecipientSecret transfer_ = make_recipient_secret();
};

TEST_F(UnlockAnswer, OneToEightKeysAreTaken) {
  EXPECT_EQ(take(200, sealed(1))->size(), 1U);
  EXPECT_EQ(take(200, sealed(8))->size(), 8U);
}

TEST_F(UnlockAnswer, KeysAreDroppedForARefusalAndForNothingElse) {
  EXPECT_EQ(take(403, "{}", "application/json").error().code, ErrorCode::refused);
  EXPECT_EQ(take(404, "").error().code, ErrorCode::refused);
  for (const long status : {100L, 201L, 301L, 307L, 400L, 413L, 429L, 500L, 503L})
    EXPECT_EQ(take(status, sealed(1)).error().code, ErrorCode::unavailable) << status;
  const std::string other = [] {
    const Bytes one = seal_secret(make_recipient_secret(), make_recipient_secret().key).value();
    return std::string(one.begin(), one.end());
  }();
  for (const std::string& body : {std::string(), std::string(79, 'x'), std::string(81, 'x'), sealed(9),
                                  sealed(1) + "x", other, sealed(1) + other, std::string("{\"keys\":[]}")}) {
    const auto keys = take(200, body);
    ASSERT_FALSE(keys);
    EXPECT_EQ(keys.error().code, ErrorCode::unavailable);
    EXPECT_THAT(keys.error().message, HasSubstr("the unlock service sent"));
  }
  EXPECT_EQ(take(200, sealed(1), "text/html").error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace wayside::upload
