#include "wayside/base/service_url.hpp"

#include <algorithm>

#include <arpa/inet.h>

namespace wayside {

namespace {

bool is_address(int family, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return false;  // where C would see its end
  in6_addr address{};                                           // the longer of the two
  return ::inet_pton(family, std::string(text).c_str(), &address) == 1;
}

// RFC 1123: letters, digits and hyphens, with none of those at either end.
bool is_label(std::string_view label) {
  const auto of_a_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), of_a_name);
}

bool is_name_or_ipv4(std::string_view name) {
  constexpr std::string_view digits = "0123456789";
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);  // as DNS writes a whole name
  if (name.size() > 253) return false;
  // No name ends in a number, so that this is an IPv4 address or a mistyped one.
  const std::string_view last = name.substr(name.rfind('.') + 1);
  if (last.find_first_not_of(digits) == std::string_view::npos) return is_address(AF_INET, name);
  for (;;) {
    const std::size_t dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

// 0: none.
std::uint16_t port_from(std::string_view text) {
  unsigned number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || number > 65535) return 0;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return number <= 65535 ? static_cast<std::uint16_t>(number) : std::uint16_t{0};
}

}  // namespace

std::optional<ServiceUrl> service_url_from(std::string_view text) {
  constexpr std::string_view after_scheme = "://";
  const std::size_t scheme_end = text.find(after_scheme);
  if (scheme_end == std::string_view::npos || scheme_end == 0) return std::nullopt;
  const std::string_view scheme = text.substr(0, scheme_end);
  if (!std::all_of(scheme.begin(), scheme.end(), [](char c) { return c >= 'a' && c <= 'z'; }))
    return std::nullopt;
  text.remove_prefix(scheme_end + after_scheme.size());
  const bool bracketed = !text.empty() && text.front() == '[';  // an IPv6 address has colons of its own
  const std::size_t end = bracketed ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  if (bracketed ? !is_address(AF_INET6, host) : !is_name_or_ipv4(host)) return std::nullopt;
  ServiceUrl url{std::string(scheme), std::string(host)};
  const std::string_view rest = text.substr(bracketed ? end + 1 : end);
  if (rest.empty()) return url;
  if (rest.front() == ':') url.port_or_0 = port_from(rest.substr(1));
  if (url.port_or_0 == 0) return std::nullopt;
  return url;
}

bool is_host(std::string_view text) {
  return is_name_or_ipv4(text) || is_address(AF_INET6, text);
}

std::optional<std::vector<std::string>> hosts_from(std::string_view text, std::size_t most) {
  std::vector<std::string> hosts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view host = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (host.empty()) continue;
    if (!is_host(host) || hosts.size() == most || std::find(hosts.begin(), hosts.end(), host) != hosts.end())
      return std::nullopt;
    hosts.emplace_back(host);
  }
  return hosts;
}

}  // namespace wayside
