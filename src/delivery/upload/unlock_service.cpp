#include <utility>

#include <fmt/format.h>

#include "wayside/delivery/seal/secret_transfer.hpp"
#include "wayside/delivery/upload/unlock.hpp"

#include "src/delivery/upload/https_connection.hpp"
#include "src/delivery/upload/unlock_answer.hpp"

namespace wayside::upload {

namespace {

class HttpsUnlockService : public UnlockService {
 public:
  static Result<std::unique_ptr<UnlockService>> make(const HttpsOptions& options, std::string device_id) {
    auto service = std::make_unique<HttpsUnlockService>(std::move(device_id));
    auto connection = HttpsConnection::make(options, service->deadline_);
    if (!connection) return fail(connection.error());
    service->connection_ = std::move(*connection);
    return service;
  }
  explicit HttpsUnlockService(std::string device_id) : path_("/v2/unlock/" + std::move(device_id)) {}

  Result<UnlockKeys::Set> fetch() override {
    // For this one answer: what the network's buffers hold of it opens with nothing that is kept.
    const RecipientSecret transfer = make_recipient_secret();
    const Result<HttpAnswer> answer =
        connection_->request("POST", path_, {"Content-Type: application/octet-stream"}, transfer.key);
    if (!answer) return fail(answer.error());
    return unlock_keys_from(*answer, transfer);
  }
  void hurry(std::chrono::steady_clock::time_point deadline) override { deadline_ = deadline; }

 private:
  const std::string path_;
  Deadline deadline_{std::chrono::steady_clock::time_point::max()};
  std::unique_ptr<HttpsConnection> connection_;
};

}  // namespace

Result<UnlockKeys::Set> unlock_keys_from(const HttpAnswer& answer, const RecipientSecret& transfer) {
  if (answer.status == 403 || answer.status == 404) {
    return fail(
        ErrorCode::refused,
        fmt::format("the unlock service answered {}: this camera is revoked or not enrolled, or has no "
                    "unlock key: see wayside-backoffice unlock-key list",
                    answer.status));
  }
  if (answer.status != 200 || answer.content_type != "application/octet-stream") {
    return fail(ErrorCode::unavailable,
                fmt::format("the unlock service answered {}, which is not agreed on", answer.status));
  }
  const ByteView body = as_bytes(answer.body);
  const std::size_t count = body.size() / sealed_secret_bytes;
  if (count == 0 || count > most_unlock_keys || body.size() % sealed_secret_bytes != 0) {
    return fail(ErrorCode::unavailable,
                fmt::format("the unlock service sent {} bytes, which are no 1 to {} keys of {}", body.size(),
                            most_unlock_keys, sealed_secret_bytes));
  }
  UnlockKeys::Set keys;
  for (std::size_t i = 0; i < count; ++i) {
    auto key = open_secret(body.subspan(i * sealed_secret_bytes, sealed_secret_bytes), transfer);
    if (!key)
      return fail(ErrorCode::unavailable,
                  "the unlock service sent a key that does not open: " + key.error().message);
    keys.push_back(std::move(*key));
  }
  return keys;
}

}  // namespace wayside::upload

namespace wayside {

std::shared_ptr<const UnlockKeys::Set> UnlockKeys::current() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

void UnlockKeys::replace(Set keys) {
  auto replacement = std::make_shared<const Set>(std::move(keys));
  const std::lock_guard lock(mutex_);
  keys_.swap(replacement);
}

Result<std::unique_ptr<UnlockService>> make_unlock_service(const HttpsOptions& options,
                                                           const std::string& device_id) {
  if (Status ok = upload::check_https_options(options); !ok) return fail(ok.error());
  return upload::HttpsUnlockService::make(options, device_id);
}

}  // namespace wayside
