// The back office behind an MQTT broker: takes records from cameras as delivery/upload/mqtt_api.md says, into
// the same store and by the same checks as the server.
//
// Several may run beside each other, in one process or in many: each takes every batch, the store keeps every
// record once, and a camera believes whichever receipt comes first.
//
// Threads: one of its own, which also calls on_record; the destructor stops it after the message under way.
// connected() from any. Ownership: the store must outlive it. Failure of start(): invalid_input for an
// address that is none, not_found where the office has no client certificate or no recipient key. A broker
// that is not there, or goes, is logged once and tried again every second, at the next of its addresses where
// its name has several.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "wayside/backoffice/authority.hpp"
#include "wayside/backoffice/store.hpp"
#include "wayside/base/result.hpp"
#include "wayside/delivery/broker/broker_route.hpp"

namespace wayside::backoffice {

struct IngestOptions {
  std::string broker;  // "mqtts://HOST" or "mqtts://HOST:PORT", HOST as the broker's certificate says
  // As ServerOptions.
  std::function<void(const std::string& document)> on_record = {};
  BrokerRoute::Resolver resolver = addresses_of;
};

class Ingest {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Ingest>> start(const Authority& authority, Store& store,
                                                             IngestOptions options);
  ~Ingest();
  Ingest(const Ingest&) = delete;
  Ingest& operator=(const Ingest&) = delete;

  // Whether batches reach it now.
  [[nodiscard]] bool connected() const;

 private:
  class Implementation;
  explicit Ingest(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace wayside::backoffice
