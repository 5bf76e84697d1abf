#include "src/delivery/upload/update_answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/delivery/upload/update_office.hpp"

#include "src/delivery/upload/answer.hpp"

namespace wayside::upload {
namespace {

using testing::HasSubstr;

const std::string sha(64, 'a');
const std::string start = R"({"queue_uuid":"07000000000000000000000000000000","highest_number":1)";

HttpAnswer piece_answer(long status, std::string body, std::string type = "application/vnd.wayside.update") {
  return {status, std::move(type), std::move(body), {}};
}

TEST(UpdateAnswer, APieceHasTheLengthThatIsDue) {
  const UpdateOffer offer{"1.2.3", "wayside-test", largest_update_piece + 5, sha, {}};
  EXPECT_EQ(update_piece_bytes(offer, 0), largest_update_piece);
  EXPECT_EQ(update_piece_bytes(offer, largest_update_piece), 5U);
  EXPECT_EQ(update_piece_bytes(offer, offer.bytes), 0U);
  EXPECT_EQ(update_piece_from(piece_answer(200, "12345"), 5).value(), "12345");
  for (const char* body : {"", "1234", "123456"})
    EXPECT_EQ(update_piece_from(piece_answer(200, body), 5).error().code, ErrorCode::unavailable) << body;
}

TEST(UpdateAnswer, WhatIsNotAgreedOnIsNoPieceAndNothingOfItIsRepeated) {
  for (const long status : {403, 404})
    EXPECT_EQ(update_piece_from(piece_answer(status, "secret"), 6).error().code, ErrorCode::refused);
  for (const auto& odd : {piece_answer(500, "secret"), piece_answer(400, "secret"),
                          piece_answer(206, "secret"), piece_answer(200, "secret", "text/html")}) {
    const auto piece = update_piece_from(odd, 6);
    ASSERT_FALSE(piece);
    EXPECT_EQ(piece.error().code, ErrorCode::unavailable);
    EXPECT_THAT(piece.error().message, testing::Not(HasSubstr("secret")));
  }
}

TEST(UpdateAnswer, TheAnswerToAHeartbeatGivesOneOrNoneOrDoesNotSay) {
  EXPECT_FALSE(known_numbers_from(start + "}").value().update);
  const auto none = known_numbers_from(start + R"(,"update":null})").value().update;
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
  const auto one =
      known_numbers_from(start + R"(,"update":{"version":"1.2.3","compatible":"wayside-test",)" +
                         R"("bytes":9,"sha256":")" + sha + R"(","not_before":"2026-12-01T02:00:00Z"}})")
          .value()
          .update;
  ASSERT_TRUE(one && *one);
  EXPECT_EQ((*one)->version, "1.2.3");
  EXPECT_EQ((*one)->not_before, utc_from_iso8601("2026-12-01T02:00:00Z").value());
  for (const char* odd : {"1", "[]", "{}", "\"1.2.3\"", R"({"version":"1.2.3"})"}) {
    const auto known = known_numbers_from(start + ",\"update\":" + odd + "}");
    ASSERT_FALSE(known) << odd;
    EXPECT_THAT(known.error().message, HasSubstr("update"));
  }
}

}  // namespace
}  // namespace wayside::upload
