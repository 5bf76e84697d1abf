#include "wayside/delivery/upload/update_office.hpp"

#include <utility>

#include <fmt/format.h>

#include "src/delivery/upload/https_connection.hpp"
#include "src/delivery/upload/update_answer.hpp"

namespace wayside::upload {

namespace {

class HttpsUpdateOffice : public UpdateOffice {
 public:
  static Result<std::unique_ptr<UpdateOffice>> make(const HttpsOptions& options,
                                                    const std::string& device_id) {
    auto office = std::make_unique<HttpsUpdateOffice>(device_id);
    auto connection = HttpsConnection::make(options, office->deadline_);
    if (!connection) return fail(connection.error());
    office->connection_ = std::move(*connection);
    return office;
  }
  explicit HttpsUpdateOffice(const std::string& device_id) : path_("/v1/updates/" + device_id) {}

  Result<std::string> piece(const UpdateOffer& offer, std::uint64_t from) override {
    Result<HttpAnswer> answer =
        connection_->request("GET", fmt::format("{}/{}/{}", path_, offer.sha256, from), {}, {});
    if (!answer) return fail(answer.error());
    return update_piece_from(std::move(*answer), update_piece_bytes(offer, from));
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

Result<std::unique_ptr<UpdateOffice>> make_update_office(const HttpsOptions& options,
                                                         const std::string& device_id) {
  if (Status ok = upload::check_https_options(options); !ok) return fail(ok.error());
  return upload::HttpsUpdateOffice::make(options, device_id);
}

}  // namespace wayside
