// Deployment authorities and revocations, what stands behind their signature, and what a camera keeps of
// them.
#include "wayside/device/authority/document.hpp"
#include "wayside/device/authority/memory.hpp"

#include "src/device/authority/document_body.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  static const Secret seed(Bytes(Secret::bytes, 7));
  static const VerifyingKey key = verifying_key(seed);
  const std::string_view text = text_of(data, size);
  const auto whole = authority_from(text, key);
  if (!whole) require_good(whole.error());
  const std::size_t line = text.find('\n');
  const auto body =
      authority::document_from_body(line == std::string_view::npos ? text : text.substr(line + 1));
  if (!body) {
    require(!whole, "what is signed is understood");
    require_good(body.error());
  } else {
    require(is_plain_text(body->organisation) && is_plain_text(body->reason), "texts can be shown");
    require(!body->devices.empty() && is_for(*body, body->devices.front()), "it is for somebody");
    const auto again = authority::document_from_body(authority::to_body(*body));
    require(again && *again == *body, "what was understood is understood again");
    const auto signed_text = sign_authority(*body, seed);
    require(signed_text.has_value(), "what is understood can be signed");
    const auto read = authority_from(*signed_text, key);
    require(read && *read == *body, "what was signed is read");
  }
  if (const auto office = verifying_key_from(text)) {
    require(verifying_key_from(verifying_key_text(*office)).value() == *office,
            "a key written again is the same");
  } else {
    require_good(office.error());
  }
  if (const auto memory = authority_memory_from(text)) {
    require(authority_memory_from(to_text(*memory)).value() == *memory, "what is kept is read again");
  } else {
    require_good(memory.error());
  }
  return 0;
}
