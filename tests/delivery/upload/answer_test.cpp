// The table of https_api.md, line by line, and everything that must not be taken for an acknowledgement.
#include "src/delivery/upload/answer.hpp"

#include <gtest/gtest.h>

namespace wayside::upload {
namespace {

using Outcome = Receipt::Outcome;

const Sha256 sent = sha256(as_bytes("payload"));

HttpAnswer answer(long status, std::string body, std::string content_type = "application/json") {
  return {status, std::move(content_type), std::move(body), std::nullopt};
}
std::string with_hash(const std::string& outcome, const Sha256& hash = sent) {
  return R"({"outcome":")" + outcome + R"(","sha256":")" + to_hex(hash) + "\"}";
}
Outcome outcome_of(const HttpAnswer& given) {
  return receipt_from(given, sent).outcome;
}

TEST(Answer, MeansWhatTheTableSays) {
  EXPECT_EQ(outcome_of(answer(201, with_hash("accepted"))), Outcome::accepted);
  EXPECT_EQ(outcome_of(answer(201, with_hash("accepted"), "application/json; charset=utf-8")),
            Outcome::accepted);
  EXPECT_EQ(outcome_of(answer(200, with_hash("duplicate"))), Outcome::duplicate);
  EXPECT_EQ(outcome_of(answer(409, R"({"outcome":"mismatch"})")), Outcome::mismatch);
  EXPECT_EQ(outcome_of(answer(409, R"({"outcome":"document_missing"})")), Outcome::document_missing);
  EXPECT_EQ(outcome_of(answer(422, R"({"outcome":"refused"})")), Outcome::refused);
  EXPECT_EQ(outcome_of(answer(403, R"({"outcome":"refused"})")), Outcome::forbidden);
  EXPECT_EQ(outcome_of(answer(413, "too large", "text/plain")), Outcome::refused);
  EXPECT_EQ(outcome_of(answer(503, R"({"outcome":"later"})")), Outcome::later);
  EXPECT_EQ(outcome_of(answer(429, "slow down", "text/plain")), Outcome::later);
}

TEST(Answer, IsNoAcknowledgementUnlessStatusOutcomeAndHashAgree) {
  for (const HttpAnswer& given : {
           answer(200, with_hash("accepted")),
           answer(201, with_hash("duplicate")),
           answer(202, with_hash("accepted")),
           answer(500, with_hash("accepted")),
           answer(201, with_hash("accepted", sha256(as_bytes("other bytes")))),
           answer(201, R"({"outcome":"accepted"})"),
           answer(201, R"({"outcome":"accepted","sha256":7})"),
           answer(201, with_hash("ACCEPTED")),
           answer(201, with_hash("accepted"), "text/html"),
           answer(201, with_hash("accepted"), ""),
           answer(201, with_hash("accepted"), "application/json5"),
           answer(201, ""),
           answer(201, "[]"),
           answer(201, "null"),
           answer(201, with_hash("accepted") + "x"),
           answer(201, "{\"outcome\":"),
           answer(302, ""),
           answer(0, ""),
       }) {
    EXPECT_EQ(outcome_of(given), Outcome::later) << given.status << " " << given.body;
    EXPECT_FALSE(receipt_from(given, sent).reason.empty());
  }
}

TEST(Answer, IsNeverAFinalRefusalUnlessTheTableSaysSo) {
  EXPECT_EQ(outcome_of(answer(400, R"({"outcome":"refused"})")), Outcome::later);
  EXPECT_EQ(outcome_of(answer(404, R"({"outcome":"refused"})")), Outcome::later);
  EXPECT_EQ(outcome_of(answer(422, "<html>", "text/html")), Outcome::later);
  EXPECT_EQ(outcome_of(answer(200, R"({"outcome":"mismatch"})")), Outcome::later);
}

TEST(Answer, CarriesRetryAfterOnlyFromABusyBackOffice) {
  HttpAnswer busy = answer(503, R"({"outcome":"later"})");
  busy.retry_after = std::chrono::seconds(5);
  EXPECT_EQ(receipt_from(busy, sent).retry_after, std::chrono::seconds(5));
  busy.status = 500;
  EXPECT_EQ(receipt_from(busy, sent).retry_after, std::nullopt);
}

TEST(Answer, KeepsAReasonShortAndFreeOfControlCharacters) {
  const std::string reason = std::string(5000, 'a');
  EXPECT_LE(
      receipt_from(answer(422, R"({"outcome":"refused","reason":")" + reason + "\"}"), sent).reason.size(),
      200U);
  EXPECT_EQ(
      receipt_from(answer(422, R"({"outcome":"refused","reason":"a\u001b[2Jb"})"), sent).reason.find('\x1b'),
      std::string::npos);
}

TEST(Answer, WhatLooksLikeAVrmInAReasonIsLeftOut) {
  const auto reason_of = [](const std::string& reason) {
    return receipt_from(answer(422, R"({"outcome":"refused","reason":")" + reason + "\"}"), sent).reason;
  };
  EXPECT_EQ(reason_of("field vrm AB12CDE is wrong"), "field vrm ******* is wrong");
  EXPECT_EQ(reason_of("A1"), "**");
  EXPECT_EQ(reason_of("the JSON ends at byte 120"), "the JSON ends at byte 120");
}

TEST(Answer, DamagedOnTheWayIsSentAgain) {
  const Receipt receipt =
      receipt_from(answer(400, R"({"outcome":"damaged","reason":"the hash differs"})"), sent);
  EXPECT_EQ(receipt.outcome, Outcome::later);
  EXPECT_EQ(receipt.reason, "the hash differs");
}

}  // namespace
}  // namespace wayside::upload
