// The back office on the network: takes records from cameras over HTTPS as delivery/upload/https_api.md says.
//
// Threads: start() returns when the port answers; requests are served on threads of the server's own, which
// also call on_record. The destructor stops: it finishes the requests under way and waits for them.
// Ownership: the store must outlive the server.
// Failure: invalid_input for an address or a certificate that cannot be used, unavailable for a port in use,
// not_found where the office has no recipient key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "wayside/backoffice/authority.hpp"
#include "wayside/backoffice/store.hpp"
#include "wayside/base/result.hpp"

namespace wayside::backoffice {

struct ServerOptions {
  std::string listen = "127.0.0.1";
  std::uint16_t port = 0;  // 0: the system chooses
  // Called once per capture record, when its document has been stored; from several threads, one call at a
  // time.
  std::function<void(const std::string& document)> on_record = {};
};

// The largest batch that is taken; a larger one is answered 413.
inline constexpr std::size_t batch_limit_bytes = std::size_t{4} << 20U;

class Server {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(const Authority& authority, Store& store,
                                                             ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string url() const;  // "https://127.0.0.1:8443"

 private:
  class Implementation;
  explicit Server(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace wayside::backoffice
