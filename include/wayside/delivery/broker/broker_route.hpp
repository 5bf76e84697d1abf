// The addresses of a broker, and which to try next: a name may stand for several machines, some of them down
// or out of reach, and over IPv6 and IPv4 alike. libmosquitto tries the first only.
//
// Threads: any. Failure: unavailable where the name has no address now.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "wayside/base/result.hpp"

namespace wayside {

// Addresses in figures, the system's favourite first, each once, at most 16. Waits as long as the system's
// resolver does.
[[nodiscard]] Result<std::vector<std::string>> addresses_of(const std::string& host);

class BrokerRoute {
 public:
  using Resolver = std::function<Result<std::vector<std::string>>(const std::string& host)>;
  explicit BrokerRoute(std::string host, Resolver resolver = addresses_of)
      : host_(std::move(host)), resolver_(std::move(resolver)) {}

  // Asked anew each time. Those to try in turn, never none.
  [[nodiscard]] Result<std::vector<std::string>> addresses();
  // The address that addresses() is to begin with from now on: the one that answered, or, where one did not,
  // the one behind it.
  void begin_with(const std::string& address);

  [[nodiscard]] const std::string& host() const { return host_; }

 private:
  const std::string host_;
  const Resolver resolver_;
  std::mutex mutex_;
  std::string first_;
};

// Whether the connection was refused or is closed at the other end: libmosquitto 2.0 takes no notice of that
// before the broker's first answer, and turns in circles at full speed.
[[nodiscard]] bool is_dead(int socket);

}  // namespace wayside
