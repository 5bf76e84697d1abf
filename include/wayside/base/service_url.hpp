// The address of a service: "SCHEME://HOST" or "SCHEME://HOST:PORT", HOST a name, an IPv4 address or an IPv6
// address in brackets, and nothing after it: no user, no path.
//
// Threads: pure functions. Failure: nothing for whatever is not exactly of that form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wayside {

struct ServiceUrl {
  std::string scheme;           // lower case letters
  std::string host;             // an IPv6 address without its brackets
  std::uint16_t port_or_0 = 0;  // 0: none is given
};
[[nodiscard]] std::optional<ServiceUrl> service_url_from(std::string_view text);

// A name, an IPv4 address, or an IPv6 address without brackets.
[[nodiscard]] bool is_host(std::string_view text);
// Hosts with blanks between them, each once and at most so many; an empty text is none.
[[nodiscard]] std::optional<std::vector<std::string>> hosts_from(std::string_view text, std::size_t most);

}  // namespace wayside
