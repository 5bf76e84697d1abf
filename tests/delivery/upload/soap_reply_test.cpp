// How the police service's answers are judged: what counts, what is put off, and what is never believed.
#include "src/delivery/upload/soap_reply.hpp"

#include <gmock/gmock.h>

#include "tests/doubles/police_service_double.hpp"

namespace wayside::upload {
namespace {

using doubles::PoliceServiceDouble;
using testing::HasSubstr;
using testing::Not;
using Outcome = Receipt::Outcome;

Receipt judge(std::string body, long status = 200, std::string type = "text/xml; charset=utf-8") {
  return receipt_from_soap({status, std::move(type), std::move(body), std::chrono::seconds(7)},
                           "sendCapture");
}
Receipt judge_reply(const std::string& text) {
  return judge(PoliceServiceDouble::reply("sendCapture", text));
}
std::string envelope(const std::string& inside) {
  return "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\">" + inside + "</S:Envelope>";
}

TEST(SoapReply, AnEmptyStringIsAcceptedAndAnythingElseRefusedWithItsText) {
  EXPECT_EQ(judge_reply("").outcome, Outcome::accepted);
  EXPECT_EQ(judge_reply(" \n\t").outcome, Outcome::accepted);
  EXPECT_EQ(judge(envelope("<S:Header/><S:Body><sendCaptureResponse/></S:Body>")).outcome, Outcome::accepted);
  const Receipt refused = judge_reply("unknown camera &amp; feed, VRM AB12CDE");
  EXPECT_EQ(refused.outcome, Outcome::refused);
  EXPECT_EQ(refused.reason, "the service answered: unknown camera & feed, VRM *******") << "no VRM in a log";
  EXPECT_EQ(judge_reply("0").outcome, Outcome::refused);
  EXPECT_LT(judge_reply(std::string(4000, 'x')).reason.size(), 300U);
}

TEST(SoapReply, FaultsOfTheServiceAreTriedAgainAndThoseOfTheSenderAreNot) {
  const auto fault = [](const std::string& code, long status = 500) {
    return judge(PoliceServiceDouble::fault(code, "the words"), status);
  };
  EXPECT_EQ(fault("Server").outcome, Outcome::later);
  EXPECT_EQ(fault("Server.Busy").outcome, Outcome::later);
  EXPECT_EQ(fault("Client").outcome, Outcome::refused);
  EXPECT_EQ(fault("Client.Authentication", 200).outcome, Outcome::refused);
  EXPECT_THAT(fault("Client").reason, HasSubstr("the words"));
  // Nothing is wrong with the record there: a queue must not be thrown away for a wrong interface.
  EXPECT_EQ(fault("VersionMismatch").outcome, Outcome::later);
  EXPECT_EQ(fault("MustUnderstand").outcome, Outcome::later);
  EXPECT_EQ(fault("").outcome, Outcome::later);
  const std::string soap_1_2 =
      "<e:Envelope "
      "xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Body><e:Fault><e:Code><e:Value>e:Sender"
      "</e:Value></e:Code><e:Reason><e:Text "
      "xml:lang=\"en\">words</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>";
  EXPECT_EQ(judge(soap_1_2, 400, "application/soap+xml").outcome, Outcome::refused);
}

TEST(SoapReply, WhatIsNoReplyToTheQuestionIsPutOff) {
  const std::string good = PoliceServiceDouble::reply("sendCapture", "");
  for (const std::string& body :
       {std::string(), std::string("accepted"), std::string("{}"), good + good,
        good.substr(0, good.size() - 9), PoliceServiceDouble::reply("sendCompoundCapture", ""),
        "\xff\xfe" + good, PoliceServiceDouble::reply("sendCapture", "\xff"),
        PoliceServiceDouble::reply("sendCapture", "&nbsp;"),
        PoliceServiceDouble::reply("sendCapture", "<a>1</a>"), envelope("<S:Body/>"), envelope(""),
        envelope("<S:Body><sendCaptureResponse/></S:Body><S:Body/>"),
        envelope("<S:Body><sendCaptureResponse/><sendCaptureResponse>no</sendCaptureResponse></S:Body>"),
        envelope("<S:Body><sendCaptureResponse><a/><b>no</b></sendCaptureResponse></S:Body>"),
        std::string("<Envelope><Body><sendCaptureResponse/></Body></Envelope>"),
        PoliceServiceDouble::reply("sendCapture", std::string(5000, 'x'))})
    EXPECT_EQ(judge(body).outcome, Outcome::later) << body.substr(0, 300);
  EXPECT_EQ(judge(good).outcome, Outcome::accepted) << "or the rest proves nothing";
}

TEST(SoapReply, TypesEntitiesAndDepthCostNothing) {
  const std::string good = PoliceServiceDouble::reply("sendCapture", "&a;");
  const std::string declared = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"\">]>" + good.substr(21);
  const Receipt type = judge(declared);
  EXPECT_EQ(type.outcome, Outcome::later);
  EXPECT_THAT(type.reason, HasSubstr("document type"));
  std::string deep;
  for (int i = 0; i < 5000; ++i)
    deep += "<a>";
  EXPECT_THAT(judge(envelope("<S:Header>" + deep)).reason, HasSubstr("too deeply"));
  std::string wide = "<S:Header>";
  for (int i = 0; i < 5000; ++i)
    wide += "<a/>";
  EXPECT_THAT(judge(envelope(wide)).reason, HasSubstr("too many"));
  EXPECT_THAT(judge(good + std::string(200'000, ' ')).reason, HasSubstr("larger than 65536 bytes"));
}

TEST(SoapReply, OtherAnswersAreJudgedByTheirStatus) {
  const std::string good = PoliceServiceDouble::reply("sendCapture", "");
  EXPECT_EQ(judge(good, 200, "text/html").outcome, Outcome::later);
  EXPECT_EQ(judge(good, 200, "").outcome, Outcome::later);
  for (const long status : {100L, 201L, 204L, 301L, 302L, 307L, 404L, 500L, 502L})
    EXPECT_EQ(judge(good, status).outcome, Outcome::later) << status;
  EXPECT_EQ(judge("", 401, "").outcome, Outcome::forbidden);
  EXPECT_EQ(judge("", 403, "").outcome, Outcome::forbidden);
  EXPECT_EQ(judge("", 413, "").outcome, Outcome::too_large);
  for (const long status : {429L, 503L}) {
    const Receipt busy = judge(PoliceServiceDouble::fault("Client", ""), status);
    EXPECT_EQ(busy.outcome, Outcome::later);
    EXPECT_EQ(busy.retry_after, std::chrono::seconds(7));
  }
}

}  // namespace
}  // namespace wayside::upload
