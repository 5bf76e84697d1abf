#include "src/delivery/upload/heartbeat_channel.hpp"

#include <fmt/format.h>

#include "src/delivery/upload/answer.hpp"

namespace wayside::upload {

Result<std::unique_ptr<HeartbeatChannel>> HeartbeatChannel::make(const HttpsOptions& options,
                                                                 const Deadline& deadline) {
  auto connection = HttpsConnection::make(options, deadline);
  if (!connection) return fail(connection.error());
  return std::unique_ptr<HeartbeatChannel>(new HeartbeatChannel(std::move(*connection)));
}

Result<std::optional<KnownNumbers>> HeartbeatChannel::send(const std::string& device_id,
                                                           std::string_view json) {
  const std::lock_guard lock(mutex_);
  const Result<HttpAnswer> answer = connection_->request("PUT", "/v1/heartbeats/" + device_id,
                                                         {"Content-Type: application/json"}, as_bytes(json));
  if (!answer) return fail(answer.error());
  if (answer->status == 204) return std::nullopt;
  if (answer->status == 200) {
    const Result<KnownNumbers> known = known_numbers_from(answer->body);
    if (!known) return fail(ErrorCode::unavailable, known.error().message);
    return *known;
  }
  if (answer->status == 403) {
    return fail(ErrorCode::refused,
                "the office lets this camera in no more: it was revoked there, or enrolled anew since. Ask "
                "there, and enrol it again");
  }
  return fail(answer->status == 422 ? ErrorCode::refused : ErrorCode::unavailable,
              fmt::format("the back office answered {} to the heartbeat, not 200 or 204", answer->status));
}

}  // namespace wayside::upload
