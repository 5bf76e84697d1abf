// One MQTT connection over TLS 1.3, driven by whoever waits for something on it; there is no thread behind
// it.
//
// Threads: one at a time. Failure: unavailable, refused (the broker said no), exhausted (larger than the
// broker takes); after any of them the connection is of no more use.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/delivery/broker/broker_route.hpp"
#include "wayside/delivery/broker/broker_tls.hpp"
#include "wayside/delivery/upload/back_office.hpp"

struct mosquitto;
struct mosquitto_message;
struct mqtt5__property;

namespace wayside::upload {

class MqttClient {
 public:
  // Asked while waiting, at least every 50 ms: true ends the wait.
  using TooLate = std::function<bool()>;

  // Connects to the first address of the route that lets it in and, where a topic is given, has subscribed to
  // it with QoS 0. An address that is silent is left for the next after five seconds at most; a broker that
  // says no speaks for all. A clean session: receipts for an earlier connection are not wanted, since what
  // was not receipted is sent again.
  [[nodiscard]] static Result<std::unique_ptr<MqttClient>> connect(const MqttOptions& options,
                                                                   BrokerRoute& route,
                                                                   const std::string& client_id,
                                                                   const std::string& topic,
                                                                   const TooLate& too_late);
  ~MqttClient();
  MqttClient(const MqttClient&) = delete;
  MqttClient& operator=(const MqttClient&) = delete;

  // Hands the message to the connection with QoS 1.
  [[nodiscard]] Status publish(const std::string& topic, ByteView payload);
  // Lets the connection do what there is to do, for at most 50 ms.
  [[nodiscard]] Status turn();
  // Whether the broker has everything that was published.
  [[nodiscard]] bool all_taken() const { return published_ == taken_; }
  // The messages that have come, except retained and huge ones.
  [[nodiscard]] std::vector<std::string> take_messages();

 private:
  explicit MqttClient(std::shared_ptr<BrokerTls> tls) : tls_(std::move(tls)) {}
  [[nodiscard]] Status open(const MqttOptions& options, const std::string& address,
                            const std::string& client_id, const std::string& topic, const TooLate& too_late);
  [[nodiscard]] Status wait_for(const bool& flag, const TooLate& too_late);
  [[nodiscard]] Error error_of(int code, std::string_view attempted) const;

  static void on_connect(::mosquitto*, void* self, int code);
  static void on_subscribe(::mosquitto*, void* self, int, int count, const int* granted);
  static void on_publish(::mosquitto*, void* self, int, int code, const ::mqtt5__property*);
  static void on_message(::mosquitto*, void* self, const ::mosquitto_message* message);

  struct Deleter {
    void operator()(::mosquitto* client) const;
  };
  const std::shared_ptr<BrokerTls> tls_;  // before the client, which uses it to its end
  std::unique_ptr<::mosquitto, Deleter> client_;
  bool mqtt_5_ = true;
  bool connected_ = false;
  bool subscribed_ = false;
  bool nobody_receives_ = false;
  bool found_dead_ = false;
  int refused_ = 0;  // the reason code with which the broker said no
  std::size_t published_ = 0;
  std::size_t taken_ = 0;
  std::vector<std::string> messages_;
};

}  // namespace wayside::upload
