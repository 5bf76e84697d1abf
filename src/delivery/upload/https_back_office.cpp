#include <chrono>
#include <utility>

#include "src/delivery/upload/answer.hpp"
#include "src/delivery/upload/heartbeat_channel.hpp"
#include "src/delivery/upload/https_connection.hpp"
#include "src/delivery/upload/shipment.hpp"

namespace wayside::upload {

namespace {

constexpr std::size_t most_in_a_batch = 64;
constexpr std::size_t largest_batch = std::size_t{4} << 20U;

class HttpsBackOffice : public BackOffice {
 public:
  static Result<std::unique_ptr<BackOffice>> make(const HttpsOptions& options) {
    auto office = std::make_unique<HttpsBackOffice>();
    auto batches = HttpsConnection::make(options, office->deadline_);
    if (!batches) return fail(batches.error());
    office->batches_ = std::move(*batches);
    auto heartbeats = HeartbeatChannel::make(options, office->deadline_);
    if (!heartbeats) return fail(heartbeats.error());
    office->heartbeats_ = std::move(*heartbeats);
    return office;
  }

  BatchLimits limits() const override {
    return {most_in_a_batch, largest_batch - most_in_a_batch * frame_head_bytes};
  }

  std::vector<Receipt> deliver(std::span<const Shipment> batch) override {
    FramedBatch framed = frame(batch);
    if (framed.hashes.empty()) return std::move(framed.receipts);
    const Result<HttpAnswer> answer =
        batches_->request("POST", "/v2/batches/" + batch.front().key.device_id,
                          {"Content-Type: application/vnd.wayside.batch"}, framed.bytes);
    const std::vector<Receipt> receipts =
        answer ? receipts_from(*answer, framed.hashes)
               : std::vector<Receipt>(framed.hashes.size(),
                                      {Receipt::Outcome::later, std::nullopt, answer.error().message});
    for (std::size_t i = 0; i < receipts.size(); ++i)
      framed.receipts[framed.shipments[i]] = receipts[i];
    return std::move(framed.receipts);
  }

  Result<std::optional<KnownNumbers>> heartbeat(const std::string& device_id,
                                                std::string_view json) override {
    return heartbeats_->send(device_id, json);
  }

  void hurry(std::chrono::steady_clock::time_point deadline) override { deadline_ = deadline; }

 private:
  Deadline deadline_{std::chrono::steady_clock::time_point::max()};
  std::unique_ptr<HttpsConnection> batches_;
  std::unique_ptr<HeartbeatChannel> heartbeats_;
};

}  // namespace

}  // namespace wayside::upload

namespace wayside {

Result<std::unique_ptr<BackOffice>> make_https_back_office(const HttpsOptions& options) {
  if (Status ok = upload::check_https_options(options); !ok) return fail(ok.error());
  return upload::HttpsBackOffice::make(options);
}

}  // namespace wayside
