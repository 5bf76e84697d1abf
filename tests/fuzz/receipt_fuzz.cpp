// The receipt of a wipe, what a wipe keeps of itself, and what is asked for.
#include "wayside/base/shared_folder.hpp"
#include "wayside/base/signature.hpp"

#include "src/device/wipe/receipt.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  static const Secret device(Bytes(Secret::bytes, 7));
  static const Secret own(Bytes(Secret::bytes, 9));
  static const VerifyingKey key = verifying_key(device);
  const std::string_view text = text_of(data, size);
  if (const auto said = check_wipe_receipt(text, key)) {
    require(is_plain_text(*said, "\n"), "what a receipt says can be shown");
  } else {
    require_good(said.error());
  }
  const std::string_view body = text.substr(0, text.find('\n'));
  for (const std::string& whole : {std::string(text), with_checksum(body)}) {
    if (const auto under_way = wipe_parts::under_way_from(whole)) {
      require(under_way->file.find('/') == std::string::npos, "a receipt stays in its folder");
      const auto again = wipe_parts::under_way_from(wipe_parts::to_text(*under_way));
      require(
          again && again->things.size() == under_way->things.size() && again->receipt == under_way->receipt,
          "what is kept is read again");
    } else {
      require_good(under_way.error());
    }
    if (const auto request = wipe_parts::wipe_request_from(whole)) {
      require(wipe_parts::wipe_request_from(wipe_parts::to_text(*request)).has_value(),
              "and so is a request");
    } else {
      require_good(request.error());
    }
  }
  // Whatever was typed as a reason, and whatever a thing is called.
  const WipeRequest request{std::string(text), std::string(text), std::string(text), std::string(text)};
  const std::vector<WipeThing> things = {{std::string(text), "path", false}};
  wipe_parts::Moment at;
  const std::string line =
      wipe_parts::receipt_line("0123456789abcdef", at, request, things, {}, &device, own);
  const std::string done =
      wipe_parts::completion_line(line, at, {{std::string(text), "destroyed", std::string(text)}}, own);
  const auto said = check_wipe_receipt(line + "\n" + done + "\n", key);
  require(said && is_plain_text(*said, "\n"), "a receipt is checked, and can be shown");
  return 0;
}
