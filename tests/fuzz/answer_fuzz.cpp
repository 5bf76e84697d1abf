// What the uploader makes of an HTTP answer. First line of an input: status, a space, the content type; the
// rest is the body.
#include <charconv>

#include <nlohmann/json.hpp>

#include "src/delivery/upload/answer.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  using Outcome = Receipt::Outcome;
  static const std::vector<Sha256> sent = {sha256(as_bytes("payload")), sha256(as_bytes("picture"))};
  const std::string_view text = text_of(data, size);
  const std::string_view head = text.substr(0, text.find('\n'));
  upload::HttpAnswer answer;
  std::from_chars(head.data(), head.data() + head.size(), answer.status);
  if (const auto space = head.find(' '); space != std::string_view::npos)
    answer.content_type = head.substr(space + 1);
  answer.body = text.substr(std::min(head.size() + 1, text.size()));
  answer.retry_after = std::chrono::seconds(7);

  const std::vector<Receipt> receipts = upload::receipts_from(answer, sent);
  require(receipts.size() == sent.size(), "every shipment has its receipt");
  for (std::size_t i = 0; i < receipts.size(); ++i) {
    const Receipt& receipt = receipts[i];
    require(is_plain_text(receipt.reason), "a reason can be logged as it is");
    require(!receipt.reason.empty() && receipt.reason.size() <= 6 * 200,
            "a reason says something and has an end");
    const bool final = receipt.outcome != Outcome::later && receipt.outcome != Outcome::forbidden &&
                       receipt.outcome != Outcome::too_large;
    if (final) {
      require(answer.status == 200, "nothing is final but what was taken");
      const auto list = nlohmann::json::parse(answer.body, nullptr, false)["receipts"];
      require(list.size() == sent.size(), "nothing is final where receipts are missing");
      const bool stored = receipt.outcome == Outcome::accepted || receipt.outcome == Outcome::duplicate;
      require(!stored || bytes_from_hex(list[i].value("sha256", "")).value_or(Bytes{}) ==
                             Bytes(sent[i].begin(), sent[i].end()),
              "nothing is stored without its hash");
    }
    const bool busy = answer.status == 429 || answer.status == 503;
    const bool whole = answer.body.size() <= upload::largest_answer;
    require(receipt.retry_after.has_value() == (busy && whole), "only who is busy says when to come back");
  }
  return 0;
}
