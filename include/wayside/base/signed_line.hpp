// One line that carries a JSON text and the signature of exactly its bytes:
// {"NAME":BODY,"signature":"128 lower case hex digits"}
//
// What is signed is SCHEMA, an end of line, and BODY: what was signed for one purpose is nothing for another.
//
// Threads: pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wayside/base/secret.hpp"
#include "wayside/base/signature.hpp"

namespace wayside {

[[nodiscard]] std::string sign_line(std::string_view name, std::string_view schema, std::string_view body,
                                    const Secret& seed);

struct SignedLine {
  std::string_view body;  // within the line
  Signature signature{};
};
// By its form alone.
[[nodiscard]] std::optional<SignedLine> signed_line_from(std::string_view line, std::string_view name);
[[nodiscard]] bool holds(const SignedLine& line, std::string_view schema, const VerifyingKey& key);

}  // namespace wayside
