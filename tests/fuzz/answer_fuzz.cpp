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
  static const Sha256 sent = sha256(as_bytes("payload"));
  const std::string_view text = text_of(data, size);
  const std::string_view head = text.substr(0, text.find('\n'));
  upload::HttpAnswer answer;
  std::from_chars(head.data(), head.data() + head.size(), answer.status);
  if (const auto space = head.find(' '); space != std::string_view::npos)
    answer.content_type = head.substr(space + 1);
  answer.body = text.substr(std::min(head.size() + 1, text.size()));
  answer.retry_after = std::chrono::seconds(7);

  const Receipt receipt = upload::receipt_from(answer, sent);
  require(is_plain_text(receipt.reason), "a reason can be logged as it is");
  require(receipt.reason.size() <= 6 * 200, "a reason has an end");
  const bool stored = receipt.outcome == Outcome::accepted || receipt.outcome == Outcome::duplicate;
  if (stored) {
    const auto body = nlohmann::json::parse(answer.body, nullptr, false);
    require(answer.status == 200 || answer.status == 201, "nothing is stored that was refused");
    require(body.is_object() && body.value("sha256", "") == to_hex(sent),
            "nothing is stored without its hash");
  }
  const bool busy = answer.status == 429 || answer.status == 503;
  require(receipt.retry_after.has_value() == busy, "only who is busy says when to come back");
  return 0;
}
