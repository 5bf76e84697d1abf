// The interface of https_api.md without the network: who asks, for what, with which bytes, and the answer.
//
// Threads: any number at once; the store does its own locking. Ownership: the store must outlive it.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "wayside/backoffice/store.hpp"
#include "wayside/base/bytes.hpp"
#include "wayside/base/time.hpp"

namespace wayside::backoffice {

// "/v1/records/{device_id}/{queue_uuid}/{number}/{part}" or "/v1/heartbeats/{device_id}"; nothing for any
// other path.
struct Target {
  RecordId id;
  std::optional<Part> part;  // nothing: the device's heartbeat
};
[[nodiscard]] std::optional<Target> target_from(std::string_view path);

// Who asks, as the verified client certificate says.
struct Peer {
  std::string common_name;
  Sha256 certificate{};
};

struct Answer {
  int status = 500;
  std::string body = {};  // JSON, empty for 204
  std::optional<std::chrono::seconds> retry_after = {};
};

class Api {
 public:
  Api(Store& store, std::function<void(const std::string& document)> on_record)
      : store_(store), on_record_(std::move(on_record)) {}

  // Nothing: may go on.
  [[nodiscard]] std::optional<Answer> refuse_peer(const Target& target, const Peer& peer);

  [[nodiscard]] Answer take(const Target& target, const std::string& payload, std::string_view content_type,
                            std::string_view stated_hash, UtcTime now);

  static Answer answer(int status, std::string_view outcome, std::string_view reason);

 private:
  Answer take_part(const RecordId& id, Part part, const std::string& payload, std::string_view stated_hash,
                   UtcTime now);
  Answer take_heartbeat(const std::string& device_id, const std::string& payload, UtcTime now);
  // Whether it may be stored; invalid_input otherwise, else as the store.
  Status check(const RecordId& id, Part part, const std::string& payload, const Sha256& hash);

  Store& store_;
  std::function<void(const std::string&)> on_record_;
  std::mutex on_record_mutex_;
};

}  // namespace wayside::backoffice
