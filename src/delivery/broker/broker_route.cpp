#include "wayside/delivery/broker/broker_route.hpp"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace wayside {

namespace {

constexpr std::size_t most_addresses = 16;

}  // namespace

Result<std::vector<std::string>> addresses_of(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, [](addrinfo* list) {
    if (list != nullptr) ::freeaddrinfo(list);
  });
  std::vector<std::string> addresses;
  for (const addrinfo* one = found; failed == 0 && one != nullptr; one = one->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0)
      continue;
    if (addresses.size() < most_addresses &&
        std::find(addresses.begin(), addresses.end(), text) == addresses.end())
      addresses.emplace_back(text);
  }
  if (addresses.empty()) {
    return fail(ErrorCode::unavailable, fmt::format("the broker's name {} has no address now: {}", host,
                                                    failed != 0 ? ::gai_strerror(failed) : "none was found"));
  }
  return addresses;
}

bool is_dead(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
         (info.tcpi_state == TCP_CLOSE || info.tcpi_state == TCP_CLOSE_WAIT);
}

Result<std::vector<std::string>> BrokerRoute::addresses() {
  auto addresses = resolver_(host_);
  if (!addresses) return addresses;
  const std::lock_guard lock(mutex_);
  const auto first = std::find(addresses->begin(), addresses->end(), first_);
  if (first != addresses->end()) std::rotate(addresses->begin(), first, addresses->end());
  return addresses;
}

void BrokerRoute::begin_with(const std::string& address) {
  const std::lock_guard lock(mutex_);
  first_ = address;
}

}  // namespace wayside
