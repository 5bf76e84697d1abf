// What the police service's answer is taken to say. First line of an input: status, a space, the content
// type; the rest is the body, an answer to sendCapture.
#include <charconv>

#include "src/delivery/upload/soap_reply.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  using Outcome = Receipt::Outcome;
  const std::string_view text = text_of(data, size);
  const std::string_view head = text.substr(0, text.find('\n'));
  upload::HttpAnswer answer;
  std::from_chars(head.data(), head.data() + head.size(), answer.status);
  if (const auto space = head.find(' '); space != std::string_view::npos)
    answer.content_type = head.substr(space + 1);
  answer.body = text.substr(std::min(head.size() + 1, text.size()));

  const auto reply = upload::parse_soap_reply(answer.body, "sendCapture");
  if (reply) {
    require(answer.body.size() <= upload::largest_answer, "an answer has an end");
    require(answer.body.find("sendCaptureResponse") != std::string::npos ||
                answer.body.find("Fault") != std::string::npos,
            "a reply is one to what was asked, or a fault");
    require(
        answer.body.find("<!DOCTYPE") == std::string::npos || answer.body.find("<!--") != std::string::npos ||
            answer.body.find("<![CDATA[") != std::string::npos || answer.body.find("<?") != std::string::npos,
        "nothing with a document type is a reply");
  } else {
    require_good(reply.error());
  }
  const Receipt receipt = upload::receipt_from_soap(answer, "sendCapture");
  require(is_plain_text(receipt.reason), "a reason can be logged as it is");
  require(receipt.reason.size() <= 6 * 200 + 100, "a reason has an end");
  if (receipt.outcome == Outcome::accepted) {
    require(answer.status == 200 && reply && !reply->is_fault && reply->text.empty(),
            "nothing is accepted but the empty string");
  } else {
    require(!receipt.reason.empty(), "whatever was not accepted has a reason");
  }
  if (receipt.outcome == Outcome::refused)
    require(reply.has_value(), "nothing is refused for an answer that is none");
  require(receipt.outcome != Outcome::duplicate && receipt.outcome != Outcome::mismatch &&
              receipt.outcome != Outcome::text_missing,
          "the service has no words for these");
  return 0;
}
