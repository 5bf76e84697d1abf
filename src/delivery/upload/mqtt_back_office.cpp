#include "src/delivery/upload/mqtt_back_office.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <sodium.h>

#include "wayside/base/files.hpp"

#include "src/delivery/upload/answer.hpp"
#include "src/delivery/upload/https_connection.hpp"
#include "src/delivery/upload/mqtt_client.hpp"
#include "src/delivery/upload/shipment.hpp"

namespace wayside::upload {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_in_a_message = 32;
// A broker closes what is idle for longer than it was promised, and routers forget it sooner.
constexpr std::chrono::seconds longest_idle{30};
// The answer to a heartbeat is a help: an office that is away, or is too old to give one, holds nothing up.
constexpr std::chrono::seconds answer_awaited{5};

// The same at each connection, so that a broker need not remember ids that never come back; and known to
// nobody else: a broker cuts off who is there when somebody comes with the same id, and any enrolled camera
// may come. The private key says nothing by its hash.
Result<std::string> client_id(const MqttOptions& options) {
  Result<std::string> key = read_text_file(options.private_key);
  if (!key) return fail(key.error().context("the camera's private key"));
  std::string secret = "Wayside MQTT client id 1\n" + *key;
  const std::string digits = to_hex(sha256(as_bytes(secret))).substr(0, 16);
  for (std::string* text : {&*key, &secret})
    sodium_memzero(text->data(), text->size());
  return "wayside-" + options.device_id + "-" + digits;
}

class MqttBackOffice : public BackOffice {
 public:
  MqttBackOffice(const MqttOptions& options, std::string client_id, BrokerRoute::Resolver resolver)
      : options_(options),
        client_id_(std::move(client_id)),
        topics_("wayside/v2/" + options.device_id + "/"),
        route_(options.host, std::move(resolver)) {}

  // A message is no larger than one with the largest shipment has to be.
  BatchLimits limits() const override { return {most_in_a_message, largest_payload}; }

  std::vector<Receipt> deliver(std::span<const Shipment> batch) override {
    FramedBatch framed = frame(batch);
    if (framed.hashes.empty()) return std::move(framed.receipts);
    Exchange exchange(framed, batch);
    const Clock::time_point deadline = Clock::now() + options_.time_limit;
    const auto too_late = [&] { return Clock::now() >= std::min(deadline, hurry_.load()); };
    const bool kept_open = connection_ != nullptr && Clock::now() - last_used_ < longest_idle;
    if (!kept_open) connection_.reset();
    Status done = attempt(exchange, framed.bytes, too_late);
    // One that was open before may have been dead all the while.
    if (!done && done.error().code == ErrorCode::unavailable && kept_open && !too_late())
      done = attempt(exchange, framed.bytes, too_late);
    last_used_ = Clock::now();
    if (!done) exchange.give_the_rest(outcome_of(done.error().code), done.error().message);
    return std::move(framed.receipts);
  }

  Result<std::optional<KnownNumbers>> heartbeat(const std::string& device_id,
                                                std::string_view json) override {
    const std::lock_guard lock(heartbeat_mutex_);
    const Clock::time_point deadline = Clock::now() + options_.time_limit;
    const auto too_late = [&] { return Clock::now() >= std::min(deadline, hurry_.load()); };
    // A connection of its own, for this one message: it never waits behind a batch.
    const std::string topic = "wayside/v2/" + device_id + "/heartbeat";
    const auto client =
        MqttClient::connect(options_, route_, client_id_ + "-heartbeat", topic + "-answer", too_late);
    if (!client) return fail(client.error());
    if (Status ok = (*client)->publish(topic, as_bytes(json)); !ok) return fail(ok.error());
    while (!(*client)->all_taken()) {
      if (too_late()) return fail(ErrorCode::unavailable, "the broker did not take the heartbeat in time");
      if (Status ok = (*client)->turn(); !ok) return fail(ok.error());
    }
    const Clock::time_point enough = Clock::now() + answer_awaited;
    while (Clock::now() < enough && hurry_.load() == Clock::time_point::max()) {
      // It may have come with the broker's word.
      for (const std::string& message : (*client)->take_messages()) {
        if (const Result<KnownNumbers> known = known_numbers_from(message)) return *known;
      }
      if (!(*client)->turn()) break;
    }
    return std::nullopt;
  }

  void hurry(Clock::time_point deadline) override { hurry_ = deadline; }

 private:
  // The receipts that are awaited for one batch.
  class Exchange {
   public:
    Exchange(FramedBatch& framed, std::span<const Shipment> batch) : framed_(framed) {
      for (std::size_t i = 0; i < framed.shipments.size(); ++i) {
        const Shipment& shipment = batch[framed.shipments[i]];
        awaited_[{shipment.key.queue_uuid, shipment.key.number, shipment.kind}] = i;
      }
    }
    [[nodiscard]] bool done() const { return awaited_.empty(); }
    void take(const std::string& message) {
      const Result<std::vector<KeyedReceipt>> receipts = keyed_receipts_from(message);
      if (!receipts) {
        problem_ = receipts.error().message;
        return;
      }
      for (const KeyedReceipt& keyed : *receipts) {
        // What is not awaited is late, or for others.
        const auto it = awaited_.find({keyed.queue_uuid, keyed.number, keyed.kind});
        if (it == awaited_.end()) continue;
        if (keyed.hash != framed_.hashes[it->second]) {
          problem_ = "a receipt names the hash of other bytes";
          continue;
        }
        framed_.receipts[framed_.shipments[it->second]] = keyed.receipt;
        awaited_.erase(it);
      }
    }
    void give_the_rest(Receipt::Outcome outcome, const std::string& reason) {
      for (const auto& [key, index] : awaited_)
        framed_.receipts[framed_.shipments[index]] = {outcome, std::nullopt,
                                                      problem_.empty() ? reason : problem_};
    }

   private:
    FramedBatch& framed_;
    std::map<std::tuple<QueueUuid, SequenceNumber, ShipmentKind>, std::size_t> awaited_;
    std::string problem_;
  };

  static Receipt::Outcome outcome_of(ErrorCode code) {
    if (code == ErrorCode::refused) return Receipt::Outcome::forbidden;
    if (code == ErrorCode::exhausted) return Receipt::Outcome::too_large;
    return Receipt::Outcome::later;
  }

  // After a failure there is no connection: what it still held of this batch goes with it, or a dead broker's
  // batches would pile up.
  Status attempt(Exchange& exchange, const Bytes& message, const MqttClient::TooLate& too_late) {
    if (!connection_) {
      auto connected = MqttClient::connect(options_, route_, client_id_, topics_ + "receipts", too_late);
      if (!connected) return fail(connected.error());
      connection_ = std::move(*connected);
    }
    Status ok = connection_->publish(topics_ + "batch", message);
    while (ok && !exchange.done()) {
      if (too_late()) {
        ok = fail(ErrorCode::unavailable, "no receipt within the time limit");
        break;
      }
      ok = connection_->turn();
      for (const std::string& receipts : connection_->take_messages())
        exchange.take(receipts);
    }
    if (!ok) connection_.reset();
    return ok;
  }

  const MqttOptions options_;
  const std::string client_id_;
  const std::string topics_;
  BrokerRoute route_;
  std::atomic<Clock::time_point> hurry_{Clock::time_point::max()};
  std::unique_ptr<MqttClient> connection_;
  Clock::time_point last_used_{};
  std::mutex heartbeat_mutex_;
};

Status check(const MqttOptions& options) {
  const auto all = [](const std::string& text, std::string_view of) {
    return !text.empty() && text.find_first_not_of(of) == std::string::npos;
  };
  constexpr std::string_view host_characters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:";
  if (!all(options.host, host_characters) || options.port == 0) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("the broker \"{}\", port {}, must be a host name or an address, and a port from 1 on",
                    options.host, options.port));
  }
  // Part of topics: anything else could be another camera's.
  if (options.device_id.size() != 16 || !all(options.device_id, "0123456789abcdef"))
    return fail(ErrorCode::invalid_input, "the device id of an MQTT profile must be 16 hex digits");
  if (options.time_limit.count() <= 0)
    return fail(ErrorCode::invalid_input, "the time limit of an upload must be longer than nothing");
  return check_tls_files(options.ca_certificate, options.certificate, options.private_key);
}

}  // namespace

Result<std::unique_ptr<BackOffice>> make_mqtt_back_office(const MqttOptions& options,
                                                          BrokerRoute::Resolver resolver) {
  if (Status ok = check(options); !ok) return fail(ok.error());
  Result<std::string> id = client_id(options);
  if (!id) return fail(id.error());
  return std::make_unique<MqttBackOffice>(options, std::move(*id), std::move(resolver));
}

}  // namespace wayside::upload

namespace wayside {

Result<std::unique_ptr<BackOffice>> make_mqtt_back_office(const MqttOptions& options) {
  return upload::make_mqtt_back_office(options, addresses_of);
}

}  // namespace wayside
