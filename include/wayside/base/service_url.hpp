// The address of a service: "SCHEME://HOST" or "SCHEME://HOST:PORT", HOST a name, an IPv4 address or an IPv6
// address in brackets, and nothing after it: no user, no path.
//
// Threads: a pure function. Failure: nothing for whatever is not exactly of that form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wayside {

struct ServiceUrl {
  std::string scheme;           // lower case letters
  std::string host;             // an IPv6 address without its brackets
  std::uint16_t port_or_0 = 0;  // 0: none is given
};
[[nodiscard]] std::optional<ServiceUrl> service_url_from(std::string_view text);

}  // namespace wayside
