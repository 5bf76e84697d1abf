#include "wayside/device/authority/document.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "wayside/base/bytes.hpp"

#include "src/device/authority/document_body.hpp"

namespace wayside {

namespace {

constexpr std::string_view form = "wayside-authority-1";
constexpr std::size_t signature_digits = 2 * std::tuple_size_v<Signature>;
constexpr std::size_t head_bytes = form.size() + 1 + signature_digits + 1;

// The form is signed too: the key's signature under something else is none of this.
std::string signed_text(std::string_view body) {
  return fmt::format("{}\n{}", form, body);
}

}  // namespace

Result<std::string> sign_authority(const AuthorityDocument& document, const Secret& seed) {
  const std::string body = authority::to_body(document);
  if (head_bytes + body.size() > largest_authority_bytes)
    return fail(ErrorCode::invalid_input,
                "the deployment authority is larger than 8,192 bytes: shorten its texts");
  // What no camera would take must not be signed.
  if (const auto good = authority::document_from_body(body); !good) return fail(good.error());
  return fmt::format("{} {}\n{}", form, to_hex(sign(as_bytes(signed_text(body)), seed)), body);
}

Result<AuthorityDocument> authority_from(std::string_view text, const VerifyingKey& key) {
  const auto no_document = [](std::string_view why) {
    return fail(ErrorCode::corrupt,
                fmt::format("it is no deployment authority ({}): get it from the back office anew", why));
  };
  if (text.size() > largest_authority_bytes) return no_document("larger than 8,192 bytes");
  if (text.size() < head_bytes || !text.starts_with(form) || text[form.size()] != ' ' ||
      text[head_bytes - 1] != '\n')
    return no_document("its first line is not \"wayside-authority-1\" with a signature");
  const Result<Bytes> digits = bytes_from_hex(text.substr(form.size() + 1, signature_digits));
  if (!digits) return no_document("its signature is not 128 hex digits");
  Signature signature{};
  std::copy(digits->begin(), digits->end(), signature.begin());
  const std::string_view body = text.substr(head_bytes);
  if (!is_signed(as_bytes(signed_text(body)), signature, key)) {
    return fail(ErrorCode::refused,
                "the deployment authority was changed, cut short, or signed by another key than that of the "
                "office that enrolled the camera: get it from that office anew");
  }
  return authority::document_from_body(body);
}

bool is_for(const AuthorityDocument& document, std::string_view device_id) {
  return std::find(document.devices.begin(), document.devices.end(), device_id) != document.devices.end();
}

}  // namespace wayside
