// The one file of the back office that calls libmosquitto.
#include "wayside/backoffice/ingest.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <stop_token>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <mosquitto.h>
#include <openssl/rand.h>

#include "wayside/base/log.hpp"
#include "wayside/base/service_url.hpp"
#include "wayside/delivery/broker/broker_tls.hpp"

#include "src/backoffice/api.hpp"
#include "src/backoffice/office_keys.hpp"
#include "src/device/identity/pem.hpp"

namespace wayside::backoffice {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint16_t usual_port = 8883;
constexpr int turn_ms = 50;
constexpr int keep_alive_s = 20;
constexpr std::chrono::seconds connecting_limit{10};
constexpr std::chrono::seconds try_again{1};
constexpr int first_error_code = 0x80;
constexpr const char* batch_topics = "wayside/v2/+/batch";
constexpr const char* heartbeat_topics = "wayside/v2/+/heartbeat";

// Another each time, so that no instance drives another out of the broker.
std::string new_client_id() {
  std::array<std::uint8_t, 8> random{};
  RAND_bytes(random.data(), static_cast<int>(random.size()));
  return "wayside-office-" + to_hex(random);
}

void warn_of(const Target& target, const Error& error) {
  log::warning(target.what == Target::What::batch ? "batch_not_taken" : "heartbeat_not_taken",
               {{"device_id", target.device_id}, {"reason", error}});
}

// One connection. MQTT 3.1.1, which every broker speaks: nothing of 5 is needed on this side. A clean
// session: the camera sends again whatever was not receipted, so that a broker need keep nothing for an
// office that may never come back.
class Connection {
 public:
  struct Broker {
    std::string host;
    std::uint16_t port = usual_port;
    std::filesystem::path ca_certificate;
    std::filesystem::path certificate;
    std::filesystem::path key;
  };

  explicit Connection(Api& api) : api_(api), client_(mosquitto_new(new_client_id().c_str(), true, this)) {}

  // Of the broker's addresses, this one.
  Status open(const Broker& broker, const std::string& address) {
    ::mosquitto* const client = client_.get();
    if (client == nullptr)
      return fail(ErrorCode::io, "libmosquitto cannot start: install it with TLS support");
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_subscribe_callback_set(client, on_subscribe);
    mosquitto_message_callback_set(client, on_message);
    auto tls = BrokerTls::make({broker.host, broker.ca_certificate, broker.certificate, broker.key});
    if (!tls) return fail(tls.error());
    tls_ = std::move(*tls);
    int code = mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
    const auto then = [&](auto call) {
      if (code == MOSQ_ERR_SUCCESS) code = call();
    };
    then([&] { return tls_->give_to(client); });
    then([&] { return mosquitto_connect_async(client, address.c_str(), broker.port, keep_alive_s); });
    return code == MOSQ_ERR_SUCCESS ? Status{} : fail(error_of(code));
  }

  // Lets the connection do what there is to do, for at most 50 ms.
  Status turn() {
    const int code = mosquitto_loop(client_.get(), turn_ms, 1);
    if (!refused_.empty()) return fail(ErrorCode::refused, refused_);
    if (code != MOSQ_ERR_SUCCESS) return fail(error_of(code));
    if (connected_) return {};
    if (Clock::now() - begun_ > connecting_limit)
      return fail(ErrorCode::unavailable, "the broker did not answer in time, or closed the connection");
    // Twice, since an answer may still be there to be read.
    if (is_dead(mosquitto_socket(client_.get())) && std::exchange(found_dead_, true))
      return fail(ErrorCode::unavailable, "the broker refused the connection or closed it");
    return {};
  }

  [[nodiscard]] bool subscribed() const { return subscribed_; }

 private:
  static Error error_of(int code) { return {ErrorCode::unavailable, mosquitto_strerror(code)}; }

  static void on_connect(::mosquitto* client, void* self, int code) {
    auto& connection = *static_cast<Connection*>(self);
    connection.connected_ = code == 0;
    if (code != 0) {
      connection.refused_ = fmt::format("the broker said no: {}", mosquitto_connack_string(code));
      return;
    }
    // One packet with both, so that one answer says all.
    std::array<char*, 2> topics = {const_cast<char*>(batch_topics), const_cast<char*>(heartbeat_topics)};
    mosquitto_subscribe_multiple(client, nullptr, static_cast<int>(topics.size()), topics.data(), 1, 0,
                                 nullptr);
  }

  static void on_subscribe(::mosquitto*, void* self, int, int count, const int* granted) {
    auto& connection = *static_cast<Connection*>(self);
    connection.subscribed_ = true;
    for (int i = 0; i < count; ++i) {
      if (granted[i] >= first_error_code)
        connection.refused_ = "the broker does not let the office subscribe to the cameras' topics";
    }
  }

  static void on_message(::mosquitto* client, void* self, const ::mosquitto_message* message) {
    // A camera retains nothing: it would be as old as the broker likes.
    if (message->retain || message->payloadlen <= 0) return;
    try {
      static_cast<Connection*>(self)->take(client, *message);
    } catch (const std::exception&) {  // nothing may go through a library in C
      log::error("message_failed");
    }
  }

  void take(::mosquitto* client, const ::mosquitto_message& message) {
    const auto target = target_from_topic(message.topic);
    if (!target) return;
    const ByteView payload(static_cast<const std::uint8_t*>(message.payload),
                           static_cast<std::size_t>(message.payloadlen));
    const auto answer = api_.take_message(*target, payload, utc_now());
    if (!answer) return warn_of(*target, answer.error());
    if (answer->empty()) return;
    // One that does not go out is as good as lost on the way: the camera asks again by sending again.
    const std::string topic =
        fmt::format("wayside/v2/{}/{}", target->device_id,
                    target->what == Target::What::batch ? "receipts" : "heartbeat-answer");
    mosquitto_publish(client, nullptr, topic.c_str(), static_cast<int>(answer->size()), answer->data(), 0,
                      false);
  }

  struct Deleter {
    void operator()(::mosquitto* client) const {
      mosquitto_disconnect(client);
      mosquitto_loop(client, 0, 1);
      mosquitto_destroy(client);
    }
  };

  Api& api_;
  const Clock::time_point begun_ = Clock::now();
  bool connected_ = false;
  bool subscribed_ = false;
  bool found_dead_ = false;
  std::string refused_;
  std::unique_ptr<BrokerTls> tls_;
  std::unique_ptr<::mosquitto, Deleter> client_;
};

}  // namespace

class Ingest::Implementation {
 public:
  Implementation(Connection::Broker broker, Store& store, std::unique_ptr<OfficeKeys> keys,
                 const Authority& authority, std::function<void(const std::string&)> on_record,
                 BrokerRoute::Resolver resolver)
      : broker_(std::move(broker)),
        route_(broker_.host, std::move(resolver)),
        keys_(std::move(keys)),
        authorities_(authority.deployment()),
        lists_(authority.watch_lists()),
        updates_(authority.updates()),
        revoked_(authority.revoked()),
        api_(store, *keys_, authorities_, lists_, updates_, revoked_, std::move(on_record)) {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  [[nodiscard]] bool connected() const { return connected_; }

 private:
  void run(const std::stop_token& stop) {
    std::string told;  // the reason that was logged, until it works again
    while (!stop.stop_requested()) {
      const Status ended = serve(stop, told);
      connected_ = false;
      if (stop.stop_requested()) return;
      if (!ended && ended.error().message != told) {
        told = ended.error().message;
        log::error("broker_unavailable",
                   {{"host", broker_.host}, {"port", broker_.port}, {"reason", ended.error()}});
      }
      const auto again = Clock::now() + try_again;
      while (!stop.stop_requested() && Clock::now() < again)
        std::this_thread::sleep_for(std::chrono::milliseconds(turn_ms));
    }
  }

  // Until the connection ends or the stop; the next one is to another of the broker's addresses, where it has
  // several.
  Status serve(const std::stop_token& stop, std::string& told) {
    const auto addresses = route_.addresses();
    if (!addresses) return fail(addresses.error());
    route_.begin_with((*addresses)[1 % addresses->size()]);
    Connection connection(api_);
    if (auto opened = connection.open(broker_, addresses->front()); !opened) return opened;
    while (!stop.stop_requested()) {
      if (auto turned = connection.turn(); !turned) return turned;
      if (connected_ || !connection.subscribed()) continue;
      connected_ = true;
      told.clear();
      log::info("broker_connected", {{"host", broker_.host}, {"port", broker_.port}});
    }
    return {};
  }

  const Connection::Broker broker_;
  BrokerRoute route_;
  std::unique_ptr<OfficeKeys> keys_;
  IssuedAuthorities authorities_;
  GivenLists lists_;
  Updates updates_;
  RevokedCameras revoked_;
  Api api_;
  std::atomic<bool> connected_{false};
  std::jthread thread_;  // last: it is joined before what it uses goes
};

Ingest::Ingest(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Ingest::~Ingest() = default;

Result<std::unique_ptr<Ingest>> Ingest::start(const Authority& authority, Store& store,
                                              IngestOptions options) {
  static const int started = mosquitto_lib_init();
  if (started != MOSQ_ERR_SUCCESS) return fail(ErrorCode::io, "libmosquitto cannot start");
  const auto url = service_url_from(options.broker);
  if (!url || url->scheme != "mqtts") {
    return fail(ErrorCode::invalid_input,
                "--broker must be mqtts://HOST or mqtts://HOST:PORT, as in mqtts://broker.example.org:8883");
  }
  const auto certificate = pem::read_certificate(authority.client_certificate());
  if (!certificate) {
    return fail(certificate.error().code,
                fmt::format("{}: run wayside-backoffice init {} again for a new one",
                            certificate.error().message, authority.folder().string()));
  }
  if (const UtcTime until = pem::valid_until(**certificate); until <= utc_now()) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("{} was valid until {}: run wayside-backoffice init {} again for a new one",
                    authority.client_certificate().string(), to_iso8601(until), authority.folder().string()));
  }
  auto keys = OfficeKeys::load(authority.recipients());
  if (!keys) return fail(keys.error());
  Connection::Broker broker{url->host, url->port_or_0 == 0 ? usual_port : url->port_or_0,
                            authority.ca_certificate(), authority.client_certificate(),
                            authority.client_key()};
  auto implementation =
      std::make_unique<Implementation>(std::move(broker), store, std::move(*keys), authority,
                                       std::move(options.on_record), std::move(options.resolver));
  return std::unique_ptr<Ingest>(new Ingest(std::move(implementation)));
}

bool Ingest::connected() const {
  return implementation_->connected();
}

}  // namespace wayside::backoffice
