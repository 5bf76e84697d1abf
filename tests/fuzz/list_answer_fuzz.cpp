// What an office's answer is taken to say when a VOI list, or the key for lists, was asked for. First line of
// an input: status, a space, the content type; the rest is the body.
#include <charconv>

#include "wayside/delivery/upload/list_office.hpp"

#include "src/delivery/upload/list_answer.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  static const RecipientSecret transfer = make_recipient_secret();
  const std::string_view text = text_of(data, size);
  const std::string_view head = text.substr(0, text.find('\n'));
  upload::HttpAnswer answer;
  std::from_chars(head.data(), head.data() + head.size(), answer.status);
  if (const auto space = head.find(' '); space != std::string_view::npos)
    answer.content_type = head.substr(space + 1);
  answer.body = text.substr(std::min(head.size() + 1, text.size()));
  const bool refuses = answer.status == 403 || answer.status == 404;
  const auto key = upload::list_key_from(answer, transfer);
  require(!key, "what was not sealed to this transfer is no key");
  require_good(key.error());
  require((key.error().code == ErrorCode::refused) == refuses, "only a refusal is one");
  const auto piece = upload::list_piece_from(answer);
  if (piece) {
    require(answer.status == 200 && *piece == answer.body && !piece->empty() &&
                piece->size() <= largest_list_piece,
            "a piece is the body as it came, and bounded");
  } else {
    require_good(piece.error());
    require((piece.error().code == ErrorCode::refused) == refuses, "only a refusal is one");
  }
  return 0;
}
