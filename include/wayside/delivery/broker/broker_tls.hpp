// TLS 1.3 to a broker for libmosquitto, which checks a certificate against the words that it connects to:
// connected to one address of a name, it would ask for the address. This asks for the name.
//
// Threads: one at a time. Ownership: outlives the client that it was given to.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "wayside/base/result.hpp"

struct mosquitto;

namespace wayside {

struct BrokerTlsOptions {
  std::string host;                      // a name or an address, as the broker's certificate has to say
  std::filesystem::path ca_certificate;  // PEM: who may call itself the broker
  std::filesystem::path certificate;     // PEM: ours
  std::filesystem::path private_key;     // PEM
};

class BrokerTls {
 public:
  // invalid_input: a file cannot be read, or key and certificate are no pair.
  [[nodiscard]] static Result<std::unique_ptr<BrokerTls>> make(const BrokerTlsOptions& options);
  virtual ~BrokerTls() = default;
  // Before connecting. A code of libmosquitto, 0 for success.
  [[nodiscard]] virtual int give_to(::mosquitto* client) = 0;
};

}  // namespace wayside
