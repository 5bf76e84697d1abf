// The one escaping rule for text that goes into a JSON string or onto a terminal line.
#pragma once

#include <string>
#include <string_view>

namespace wayside {
// Quotes, backslashes, control characters and those that change the direction of writing escaped, invalid
// UTF-8 replaced by U+FFFD; without the outer quotes.
[[nodiscard]] std::string json_escape(std::string_view text);
// RFC 3629: no surrogates, no overlong forms.
[[nodiscard]] bool is_utf8(std::string_view text);
}  // namespace wayside
