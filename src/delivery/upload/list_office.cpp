#include "wayside/delivery/upload/list_office.hpp"

#include <utility>

#include <fmt/format.h>

#include "wayside/delivery/seal/keys.hpp"

#include "src/delivery/upload/https_connection.hpp"
#include "src/delivery/upload/list_answer.hpp"

namespace wayside::upload {

namespace {

class HttpsListOffice : public ListOffice {
 public:
  static Result<std::unique_ptr<ListOffice>> make(const HttpsOptions& options, const std::string& device_id) {
    auto office = std::make_unique<HttpsListOffice>(device_id);
    auto connection = HttpsConnection::make(options, office->deadline_);
    if (!connection) return fail(connection.error());
    office->connection_ = std::move(*connection);
    return office;
  }
  explicit HttpsListOffice(const std::string& device_id) : path_("/v1/watchlists/" + device_id) {}

  Result<Secret> key() override {
    // For this one answer, as for unlock keys.
    const RecipientSecret transfer = make_recipient_secret();
    const Result<HttpAnswer> answer = connection_->request(
        "POST", path_ + "/key", {"Content-Type: application/octet-stream"}, transfer.key);
    if (!answer) return fail(answer.error());
    return list_key_from(*answer, transfer);
  }

  Result<std::string> piece(const ListOffer& offer, std::uint64_t from) override {
    Result<HttpAnswer> answer = connection_->request(
        "GET", fmt::format("{}/{}/{}/{}", path_, offer.list, offer.document, from), {}, {});
    if (!answer) return fail(answer.error());
    return list_piece_from(std::move(*answer));
  }

  void hurry(std::chrono::steady_clock::time_point deadline) override { deadline_ = deadline; }

 private:
  const std::string path_;
  Deadline deadline_{std::chrono::steady_clock::time_point::max()};
  std::unique_ptr<HttpsConnection> connection_;
};

}  // namespace

}  // namespace wayside::upload

namespace wayside {

Result<std::unique_ptr<ListOffice>> make_list_office(const HttpsOptions& options,
                                                     const std::string& device_id) {
  if (Status ok = upload::check_https_options(options); !ok) return fail(ok.error());
  return upload::HttpsListOffice::make(options, device_id);
}

}  // namespace wayside
