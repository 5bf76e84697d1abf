// The body of a SOAP call, written as it is built, and wiped when it goes.
//
// Threads: plain values. Failure: invalid_input where a value holds what XML 1.0 has no way to write; the
// message names the element, never the value.
#pragma once

#include <string>
#include <string_view>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/wiped.hpp"

namespace wayside::upload {

// Appends valid UTF-8 as the text of an element. & < > " ' and the three white spaces that a parser would
// change are written as references. False, and nothing appended that matters: invalid UTF-8, or a character
// that XML 1.0 does not allow at all (section 2.2: control characters, surrogates, U+FFFE, U+FFFF).
[[nodiscard]] bool append_escaped(WipedBytes& out, ByteView text);

class SoapRequest {
 public:
  explicit SoapRequest(std::string_view operation);
  [[nodiscard]] Status add(std::string_view element, ByteView text);
  void add_base64(std::string_view element, ByteView bytes);
  // Once, at the end.
  [[nodiscard]] const WipedBytes& finish();
  [[nodiscard]] const std::string& operation() const { return operation_; }

 private:
  void append(std::string_view text);
  std::string operation_;
  WipedBytes body_;
};

}  // namespace wayside::upload
