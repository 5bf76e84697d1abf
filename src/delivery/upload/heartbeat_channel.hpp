// Heartbeats over HTTPS (https_api.md), on a connection of their own, so that none waits behind an upload.
//
// Threads: any. Ownership: the deadline outlives it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "wayside/base/result.hpp"
#include "wayside/delivery/upload/back_office.hpp"

#include "src/delivery/upload/https_connection.hpp"

namespace wayside::upload {

class HeartbeatChannel {
 public:
  [[nodiscard]] static Result<std::unique_ptr<HeartbeatChannel>> make(const HttpsOptions& options,
                                                                      const Deadline& deadline);
  // As BackOffice::heartbeat().
  [[nodiscard]] Result<std::optional<KnownNumbers>> send(const std::string& device_id, std::string_view json);

 private:
  explicit HeartbeatChannel(std::unique_ptr<HttpsConnection> connection)
      : connection_(std::move(connection)) {}
  std::mutex mutex_;
  std::unique_ptr<HttpsConnection> connection_;
};

}  // namespace wayside::upload
