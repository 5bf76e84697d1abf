#include "wayside/base/signed_line.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "wayside/base/bytes.hpp"

namespace wayside {

namespace {

constexpr std::string_view signature_begin = R"(,"signature":")";
constexpr std::string_view line_end = R"("})";
constexpr std::size_t signature_digits = 2 * std::tuple_size_v<Signature>;

std::string signed_text(std::string_view schema, std::string_view body) {
  return fmt::format("{}\n{}", schema, body);
}

}  // namespace

std::string sign_line(std::string_view name, std::string_view schema, std::string_view body,
                      const Secret& seed) {
  return fmt::format(R"({{"{}":{}{}{}{})", name, body, signature_begin,
                     to_hex(sign(as_bytes(signed_text(schema, body)), seed)), line_end);
}

std::optional<SignedLine> signed_line_from(std::string_view line, std::string_view name) {
  const std::string begin = fmt::format(R"({{"{}":)", name);
  const std::size_t around = begin.size() + signature_begin.size() + signature_digits + line_end.size();
  if (line.size() <= around || !line.starts_with(begin) || !line.ends_with(line_end)) return std::nullopt;
  const std::size_t digits_at = line.size() - line_end.size() - signature_digits;
  const std::size_t body_end = digits_at - signature_begin.size();
  const std::string_view digits = line.substr(digits_at, signature_digits);
  if (line.substr(body_end, signature_begin.size()) != signature_begin ||
      digits.find_first_not_of("0123456789abcdef") != std::string_view::npos)
    return std::nullopt;
  SignedLine parts{line.substr(begin.size(), body_end - begin.size()), {}};
  const Bytes bytes = bytes_from_hex(digits).value();
  std::copy(bytes.begin(), bytes.end(), parts.signature.begin());
  return parts;
}

bool holds(const SignedLine& line, std::string_view schema, const VerifyingKey& key) {
  return is_signed(as_bytes(signed_text(schema, line.body)), line.signature, key);
}

}  // namespace wayside
