#include "src/delivery/upload/soap_request.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include "src/delivery/upload/bof2_names.hpp"

namespace wayside::upload {

namespace {

struct Character {
  std::uint32_t point = 0;
  std::size_t bytes = 0;  // 0: no valid UTF-8 (RFC 3629)
};

Character character_at(ByteView text) {
  const std::uint32_t first = text[0];
  const std::size_t bytes = first < 0x80        ? 1
                            : first >> 5U == 6  ? 2
                            : first >> 4U == 14 ? 3
                            : first >> 3U == 30 ? 4
                                                : 0;
  if (bytes == 0 || bytes > text.size()) return {};
  std::uint32_t point = bytes == 1 ? first : first & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if (text[i] >> 6U != 2) return {};
    point = point << 6U | (text[i] & 0x3FU);
  }
  constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (point < least[bytes]) return {};
  return {point, bytes};
}

bool allowed(std::uint32_t point) {
  if (point < 0x20) return point == '\t' || point == '\n' || point == '\r';
  return point <= 0xD7FF || (point >= 0xE000 && point <= 0xFFFD) || (point >= 0x10000 && point <= 0x10FFFF);
}

std::string_view reference_of(std::uint32_t point) {
  switch (point) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&apos;";
    case '\t':
      return "&#9;";
    case '\n':
      return "&#10;";
    case '\r':
      return "&#13;";
    default:
      return {};
  }
}

}  // namespace

bool append_escaped(WipedBytes& out, ByteView text) {
  while (!text.empty()) {
    const Character character = character_at(text);
    if (character.bytes == 0 || !allowed(character.point)) return false;
    const std::string_view reference = reference_of(character.point);
    if (reference.empty()) {
      out.insert(out.end(), text.begin(), text.begin() + static_cast<std::ptrdiff_t>(character.bytes));
    } else {
      out.insert(out.end(), reference.begin(), reference.end());
    }
    text = text.subspan(character.bytes);
  }
  return true;
}

SoapRequest::SoapRequest(std::string_view operation) : operation_(operation) {
  append(
      fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<soap:Envelope xmlns:soap=\"{}\" xmlns:bof=\"{}\"><soap:Body><bof:{}>",
                  bof2::envelope_namespace.text, bof2::service_namespace.text, operation));
}

Status SoapRequest::add(std::string_view element, ByteView text) {
  append(fmt::format("<{}>", element));
  if (!append_escaped(body_, text)) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} holds a character that XML has no way to write", element));
  }
  append(fmt::format("</{}>", element));
  return {};
}

void SoapRequest::add_base64(std::string_view element, ByteView bytes) {
  append(fmt::format("<{}>", element));
  constexpr int variant = sodium_base64_VARIANT_ORIGINAL;
  const std::size_t at = body_.size();
  const std::size_t length = sodium_base64_encoded_len(bytes.size(), variant);  // with a zero at its end
  body_.resize(at + length);
  sodium_bin2base64(reinterpret_cast<char*>(body_.data() + at), length, bytes.data(), bytes.size(), variant);
  body_.pop_back();
  append(fmt::format("</{}>", element));
}

const WipedBytes& SoapRequest::finish() {
  append(fmt::format("</bof:{}></soap:Body></soap:Envelope>\n", operation_));
  return body_;
}

void SoapRequest::append(std::string_view text) {
  body_.insert(body_.end(), text.begin(), text.end());
}

}  // namespace wayside::upload
