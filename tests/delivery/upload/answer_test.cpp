// The tables of https_api.md, line by line, and everything that must not be taken for an acknowledgement.
#include "src/delivery/upload/answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside::upload {
namespace {

using Outcome = Receipt::Outcome;
using ::testing::ElementsAre;

const std::vector<Sha256> sent = {sha256(as_bytes("one")), sha256(as_bytes("two"))};

HttpAnswer answer(long status, std::string body, std::string content_type = "application/json") {
  return {status, std::move(content_type), std::move(body), std::nullopt};
}
std::string stored(const std::string& outcome, const Sha256& hash) {
  return R"({"outcome":")" + outcome + R"(","sha256":")" + to_hex(hash) + "\"}";
}
std::string receipts(const std::string& first, const std::string& second) {
  return R"({"receipts":[)" + first + "," + second + "]}";
}
std::vector<Outcome> outcomes(const HttpAnswer& given, std::span<const Sha256> hashes = sent) {
  std::vector<Outcome> found;
  for (const Receipt& receipt : receipts_from(given, hashes))
    found.push_back(receipt.outcome);
  return found;
}
Outcome outcome_of(const std::string& receipt) {
  return outcomes(answer(200, R"({"receipts":[)" + receipt + "]}"), std::span(sent).first(1)).front();
}
const std::string both = receipts(stored("accepted", sent[0]), stored("duplicate", sent[1]));

TEST(Answer, MeansWhatTheTableSays) {
  EXPECT_THAT(outcomes(answer(200, both)), ElementsAre(Outcome::accepted, Outcome::duplicate));
  EXPECT_THAT(outcomes(answer(200, both, "application/json; charset=utf-8")),
              ElementsAre(Outcome::accepted, Outcome::duplicate));
  EXPECT_EQ(outcome_of(R"({"outcome":"mismatch"})"), Outcome::mismatch);
  EXPECT_EQ(outcome_of(R"({"outcome":"text_missing"})"), Outcome::text_missing);
  EXPECT_EQ(outcome_of(R"({"outcome":"refused"})"), Outcome::refused);
  EXPECT_EQ(outcome_of(R"({"outcome":"damaged"})"), Outcome::later);
  EXPECT_EQ(outcome_of(R"({"outcome":"later"})"), Outcome::later);
  for (const auto& [status, body, type, outcome] :
       {std::tuple{403L, R"({"outcome":"refused","reason":"not enrolled"})", "application/json",
                   Outcome::forbidden},
        std::tuple{400L, R"({"outcome":"damaged","reason":"cut short"})", "application/json", Outcome::later},
        std::tuple{413L, "too large", "text/plain", Outcome::too_large},
        std::tuple{503L, R"({"outcome":"later"})", "application/json", Outcome::later},
        std::tuple{429L, "slow down", "text/plain", Outcome::later}})
    EXPECT_THAT(outcomes(answer(status, body, type)), ElementsAre(outcome, outcome)) << status;
}

TEST(Answer, IsNoAcknowledgementUnlessStatusOutcomeAndHashAgree) {
  const std::string accepted = stored("accepted", sent[0]);
  for (const HttpAnswer& given : {
           answer(201, both),
           answer(202, both),
           answer(500, both),
           answer(302, both),
           answer(0, ""),
           answer(200, both, "text/html"),
           answer(200, both, ""),
           answer(200, both, "application/json5"),
           answer(200, both + "x"),
           answer(200, both + std::string(1, '\0')),
           answer(200, "\xef\xbb\xbf" + both),
           // Which of two is meant, parsers do not agree on.
           answer(200, receipts(accepted, R"({"outcome":"later",)" + stored("accepted", sent[1]).substr(1))),
           answer(200, R"({"receipts":[],)" + both.substr(1)),
           answer(200, ""),
           answer(200, "[]"),
           answer(200, "null"),
           answer(200, "{\"receipts\":"),
           answer(200, R"({"receipts":{}})"),
           answer(200, R"({"receipts":[]})"),
           answer(200, R"({"receipts":[)" + accepted + "]}"),
           answer(200, R"({"receipts":[)" + accepted + "," + accepted + "," + accepted + "]}"),
           answer(200, receipts(accepted, stored("accepted", sha256(as_bytes("other bytes"))))),
           answer(200, receipts(stored("accepted", sent[1]), stored("accepted", sent[0]))),
           answer(200, receipts(accepted, R"({"outcome":"accepted"})")),
           answer(200, receipts(accepted, R"({"outcome":"accepted","sha256":7})")),
           answer(200, receipts(accepted, R"({"outcome":"accepted","sha256":"00"})")),
           answer(200, receipts(accepted, stored("ACCEPTED", sent[1]))),
           answer(200, receipts(accepted, R"({"outcome":7})")),
           answer(200, receipts(accepted, "7")),
           answer(200, receipts(accepted, R"({"outcome":"refused","reason":7})")),
           answer(200, receipts(accepted, "{\"outcome\":\"refused\",\"reason\":\"\xC3\"}")),
           answer(200, std::string(100'000, '[')),
           answer(200, both + std::string(largest_answer, ' ')),
       }) {
    EXPECT_THAT(outcomes(given), ElementsAre(Outcome::later, Outcome::later))
        << given.status << " " << given.body.substr(0, 200);
    EXPECT_FALSE(receipts_from(given, sent).front().reason.empty());
  }
}

TEST(Answer, IsNeverAFinalRefusalUnlessTheTableSaysSo) {
  for (const HttpAnswer& given : {
           answer(400, R"({"outcome":"refused"})"),
           answer(404, R"({"outcome":"refused"})"),
           answer(422, R"({"outcome":"refused"})"),
           answer(403, "<html>", "text/html"),
           answer(403, R"({"outcome":"mismatch"})"),
           answer(200, R"({"outcome":"mismatch"})"),
       })
    EXPECT_THAT(outcomes(given), ElementsAre(Outcome::later, Outcome::later)) << given.status;
}

TEST(Answer, CarriesRetryAfterOnlyFromABusyBackOffice) {
  HttpAnswer busy = answer(503, R"({"outcome":"later"})");
  busy.retry_after = std::chrono::seconds(5);
  for (const Receipt& receipt : receipts_from(busy, sent))
    EXPECT_EQ(receipt.retry_after, std::chrono::seconds(5));
  busy.status = 500;
  EXPECT_EQ(receipts_from(busy, sent).front().retry_after, std::nullopt);
}

std::string reason_of(const std::string& reason) {
  const std::string body = R"({"receipts":[{"outcome":"refused","reason":")" + reason + "\"}]}";
  return receipts_from(answer(200, body), std::span(sent).first(1)).front().reason;
}

TEST(Answer, KeepsAReasonShortAndFreeOfControlCharacters) {
  EXPECT_LE(reason_of(std::string(5000, 'a')).size(), 200U);
  EXPECT_EQ(reason_of(R"(a\u001b[2Jb)").find('\x1b'), std::string::npos);
}

TEST(Answer, WhatLooksLikeAVrmInAReasonIsLeftOut) {
  EXPECT_EQ(reason_of("field vrm AB12CDE is wrong"), "field vrm ******* is wrong");
  EXPECT_EQ(reason_of("field vrm ab12cde is wrong"), "field vrm ******* is wrong");
  EXPECT_EQ(reason_of("A1"), "**");
  EXPECT_EQ(reason_of("the JSON ends at byte 120"), "the JSON ends at byte 120");
}

// --- over MQTT
// ----------------------------------------------------------------------------------------------------

std::string keyed(const std::string& fields) {
  return R"({"receipts":[{"queue":"00112233445566778899aabbccddeeff",)" + fields + "}]}";
}

TEST(KeyedReceipts, NameWhatTheyAreFor) {
  const auto receipts = keyed_receipts_from(
      keyed(R"("number":7,"kind":"plate","outcome":"accepted","sha256":")" + to_hex(sent[0]) + "\""));
  ASSERT_TRUE(receipts) << receipts.error().message;
  ASSERT_EQ(receipts->size(), 1U);
  EXPECT_EQ(receipts->front().queue_uuid[1], 0x11);
  EXPECT_EQ(receipts->front().number, SequenceNumber(7));
  EXPECT_EQ(receipts->front().kind, ShipmentKind::plate);
  EXPECT_EQ(receipts->front().hash, sent[0]);
  EXPECT_EQ(receipts->front().receipt.outcome, Outcome::accepted);
}

TEST(KeyedReceipts, AreAllWorthlessWhereOneIsNotAsAgreed) {
  const std::string hash = R"(,"sha256":")" + to_hex(sent[0]) + "\"";
  for (const std::string& message :
       {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"receipts":7})"),
        keyed(R"("number":7,"kind":"plate","outcome":"accepted")"),
        keyed(R"("number":7,"kind":"plate","outcome":"refused")"),
        keyed(R"("number":-7,"kind":"plate","outcome":"later")" + hash),
        keyed(R"("number":7.5,"kind":"plate","outcome":"later")" + hash),
        keyed(R"("number":7,"kind":"head","outcome":"later")" + hash),
        keyed(R"("number":7,"outcome":"later")" + hash),
        keyed(R"("number":7,"kind":"text","outcome":"stored")" + hash),
        keyed(R"("queue":"00","number":7,"kind":"text","outcome":"later")" + hash),
        keyed(R"("number":7,"kind":"text","outcome":"later")" + hash) + std::string(largest_answer, ' ')}) {
    const auto receipts = keyed_receipts_from(message);
    ASSERT_FALSE(receipts) << message.substr(0, 200);
    EXPECT_EQ(receipts.error().code, ErrorCode::invalid_input);
  }
}

}  // namespace
}  // namespace wayside::upload
