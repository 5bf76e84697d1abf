// The one escaping rule for text that goes into an HTML page, between tags or inside a quoted attribute.
#pragma once

#include <string>
#include <string_view>

namespace wayside {
[[nodiscard]] std::string html_escape(std::string_view text);
}
