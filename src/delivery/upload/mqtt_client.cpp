#include "src/delivery/upload/mqtt_client.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>

#include "src/delivery/upload/answer.hpp"

namespace wayside::upload {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds longest_on_one_address{5};
constexpr int turn_ms = 50;
constexpr int keep_alive_s = 60;
constexpr std::size_t most_messages = 256;
constexpr int first_error_code = 0x80;

ErrorCode code_of(bool mqtt_5, int reason) {
  // Of MQTT 3.1.1 only a refused connection tells its reason: 4 and 5 are about who connects.
  if (!mqtt_5) return reason == 4 || reason == 5 ? ErrorCode::refused : ErrorCode::unavailable;
  switch (reason) {
    case MQTT_RC_BAD_USERNAME_OR_PASSWORD:
    case MQTT_RC_NOT_AUTHORIZED:
    case MQTT_RC_BANNED:
    case MQTT_RC_BAD_AUTHENTICATION_METHOD:
      return ErrorCode::refused;
    case MQTT_RC_PACKET_TOO_LARGE:
      return ErrorCode::exhausted;
    default:
      return ErrorCode::unavailable;
  }
}

}  // namespace

void MqttClient::Deleter::operator()(::mosquitto* client) const {
  mosquitto_destroy(client);
}

Result<std::unique_ptr<MqttClient>> MqttClient::connect(const MqttOptions& options, BrokerRoute& route,
                                                        const std::string& client_id,
                                                        const std::string& topic, const TooLate& too_late) {
  auto made_tls =
      BrokerTls::make({options.host, options.ca_certificate, options.certificate, options.private_key});
  if (!made_tls) return fail(ErrorCode::unavailable, made_tls.error().message);
  const std::shared_ptr<BrokerTls> tls = std::move(*made_tls);
  const auto addresses = route.addresses();
  if (!addresses) return fail(addresses.error());
  const auto share = std::min<Clock::duration>(
      longest_on_one_address, options.time_limit / static_cast<std::int64_t>(addresses->size()));
  for (std::size_t i = 0;; ++i) {
    const std::string& next = (*addresses)[(i + 1) % addresses->size()];
    const bool last = i + 1 == addresses->size();
    const auto enough = Clock::now() + share;
    std::unique_ptr<MqttClient> made(new MqttClient(tls));
    const Status opened = made->open(options, (*addresses)[i], client_id, topic,
                                     [&] { return too_late() || (!last && Clock::now() >= enough); });
    if (opened) {
      route.begin_with((*addresses)[i]);
      return made;
    }
    route.begin_with(next);
    if (last || too_late() || opened.error().code != ErrorCode::unavailable) return fail(opened.error());
  }
}

Status MqttClient::open(const MqttOptions& options, const std::string& address, const std::string& client_id,
                        const std::string& topic, const TooLate& too_late) {
  static const int started = mosquitto_lib_init();
  mqtt_5_ = options.protocol == MqttOptions::Protocol::mqtt_5;
  if (started == MOSQ_ERR_SUCCESS) client_.reset(mosquitto_new(client_id.c_str(), true, this));
  ::mosquitto* const client = client_.get();
  if (client == nullptr) return fail(ErrorCode::io, "libmosquitto cannot start: install it with TLS support");
  mosquitto_connect_callback_set(client, on_connect);
  mosquitto_subscribe_callback_set(client, on_subscribe);
  mosquitto_publish_v5_callback_set(client, on_publish);
  mosquitto_message_callback_set(client, on_message);
  int code = mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION,
                                  mqtt_5_ ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
  const auto then = [&](auto call) {
    if (code == MOSQ_ERR_SUCCESS) code = call();
  };
  then([&] { return mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1); });
  then([&] { return tls_->give_to(client); });
  then([&] { return mosquitto_connect_async(client, address.c_str(), options.port, keep_alive_s); });
  if (code != MOSQ_ERR_SUCCESS) return fail(error_of(code, "connecting to the broker"));
  if (Status ok = wait_for(connected_, too_late); !ok)
    return fail(ok.error().context("connecting to the broker"));
  if (topic.empty()) return {};
  code = mosquitto_subscribe(client, nullptr, topic.c_str(), 0);
  if (code != MOSQ_ERR_SUCCESS) return fail(error_of(code, "subscribing to " + topic));
  if (Status ok = wait_for(subscribed_, too_late); !ok)
    return fail(ok.error().context("subscribing to " + topic));
  return {};
}

MqttClient::~MqttClient() {
  // So that the broker need not find out by itself; whether it hears so does not matter.
  if (!connected_) return;
  mosquitto_disconnect(client_.get());
  mosquitto_loop(client_.get(), 0, 1);
}

Status MqttClient::wait_for(const bool& flag, const TooLate& too_late) {
  while (!flag) {
    if (too_late()) return fail(ErrorCode::unavailable, "no answer within the time limit");
    if (Status ok = turn(); !ok) return ok;
  }
  return {};
}

Status MqttClient::turn() {
  const int code = mosquitto_loop(client_.get(), turn_ms, 1);
  if (refused_ != 0) {
    const char* const words =
        mqtt_5_ ? mosquitto_reason_string(refused_) : mosquitto_connack_string(refused_);
    return fail(code_of(mqtt_5_, refused_), fmt::format("the broker said no: {}", words));
  }
  // What the broker took it has thrown away already.
  if (nobody_receives_) return fail(ErrorCode::unavailable, "no back office receives batches at this broker");
  // Twice, since an answer may still be there to be read.
  if (!connected_ && is_dead(mosquitto_socket(client_.get())) && std::exchange(found_dead_, true))
    return fail(ErrorCode::unavailable, "no connection: the broker refused it or closed it");
  if (code == MOSQ_ERR_SUCCESS) return {};
  return fail(error_of(code, connected_ ? "the connection to the broker" : "no connection"));
}

Status MqttClient::publish(const std::string& topic, ByteView payload) {
  const int code = mosquitto_publish(client_.get(), nullptr, topic.c_str(), static_cast<int>(payload.size()),
                                     payload.data(), 1, false);
  if (code != MOSQ_ERR_SUCCESS) return fail(error_of(code, "handing a batch to the broker"));
  ++published_;
  return {};
}

std::vector<std::string> MqttClient::take_messages() {
  return std::exchange(messages_, {});
}

Error MqttClient::error_of(int code, std::string_view attempted) const {
  const bool large = code == MOSQ_ERR_OVERSIZE_PACKET || code == MOSQ_ERR_PAYLOAD_SIZE;
  const char* const words = code == MOSQ_ERR_ERRNO ? std::strerror(errno) : mosquitto_strerror(code);
  return Error{large ? ErrorCode::exhausted : ErrorCode::unavailable,
               fmt::format("{}: {}", attempted, words)};
}

void MqttClient::on_connect(::mosquitto*, void* self, int code) {
  MqttClient& client = *static_cast<MqttClient*>(self);
  client.connected_ = code == 0;
  if (code != 0) client.refused_ = code;
}

void MqttClient::on_subscribe(::mosquitto*, void* self, int, int count, const int* granted) {
  MqttClient& client = *static_cast<MqttClient*>(self);
  client.subscribed_ = true;
  // 3.1.1 knows one failure only, and it means that the topic is not for this client.
  for (int i = 0; i < count; ++i)
    if (granted[i] >= first_error_code) client.refused_ = client.mqtt_5_ ? granted[i] : 5;
}

void MqttClient::on_publish(::mosquitto*, void* self, int, int code, const mosquitto_property*) {
  MqttClient& client = *static_cast<MqttClient*>(self);
  ++client.taken_;
  if (code >= first_error_code) client.refused_ = code;
  if (code == MQTT_RC_NO_MATCHING_SUBSCRIBERS) client.nobody_receives_ = true;
}

void MqttClient::on_message(::mosquitto*, void* self, const ::mosquitto_message* message) {
  MqttClient& client = *static_cast<MqttClient*>(self);
  // A retained one is as old as the broker likes. Nobody may fill the camera's memory.
  if (message->retain || message->payloadlen <= 0 ||
      static_cast<std::size_t>(message->payloadlen) > largest_answer ||
      client.messages_.size() >= most_messages) {
    return;
  }
  client.messages_.emplace_back(static_cast<const char*>(message->payload),
                                static_cast<std::size_t>(message->payloadlen));
}

}  // namespace wayside::upload
