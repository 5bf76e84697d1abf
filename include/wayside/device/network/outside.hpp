// Whom a camera speaks to outside of itself, as its configuration names them: time servers and back offices.
//
// waysided, which has no rights, writes it down (RUNTIME_DIRECTORY/network); wayside-network, which is root,
// believes none of it unread, and gives chronyd its servers and the firewall its way out (reach.hpp).
//
// Form, a line each: "time HOST", "office HOST PORT". HOST is a name, an IPv4 address, or an IPv6 address
// without brackets. Threads: pure functions. Failure: invalid_input, with the line's number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"

namespace wayside {

struct Outside {
  struct Office {
    std::string host;
    std::uint16_t port = 0;
    bool operator==(const Office&) const = default;
  };
  std::vector<std::string> time_servers;  // none: those that the network gives
  std::vector<Office> offices;
  bool operator==(const Outside&) const = default;
};

inline constexpr std::size_t most_outside_servers = 8;
inline constexpr std::size_t most_outside_offices = 4;
inline constexpr std::size_t longest_outside = 4096;

[[nodiscard]] std::string to_text(const Outside& outside);
[[nodiscard]] Result<Outside> outside_from(std::string_view text);

}  // namespace wayside
