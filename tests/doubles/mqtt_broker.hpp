// A real mosquitto on loopback, with TLS and client certificates, for as long as a test needs it; and a back
// office behind it that answers as the test says.
//
// Threads: the office has one of its own. Failure: an exception, which fails the test.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <mosquitto.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/little_endian.hpp"

#include "tests/doubles/test_certificates.hpp"

namespace wayside::doubles {

class MqttBroker {
 public:
  static std::filesystem::path program() {
    for (const char* path : {"/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"})
      if (std::filesystem::exists(path)) return path;
    return {};
  }

  // `more` goes into its configuration. Cameras may use their own topics, "office" all.
  MqttBroker(const std::filesystem::path& folder, const TestAuthority& authority,
             const std::string& more = {})
      : MqttBroker(folder, authority.certificate(), authority.issue("broker"), more) {}
  MqttBroker(const std::filesystem::path& folder, const std::filesystem::path& ca, const PemPair& identity,
             const std::string& more = {})
      : port_(free_port()), config_(folder / "mosquitto.conf") {
    std::ofstream(folder / "acl") << "user office\ntopic readwrite wayside/v2/#\n"
                                  << "pattern readwrite wayside/v2/%u/#\n";
    std::ofstream(config_)
        << "listener " << port_
        << " 127.0.0.1\nuser root\nlog_dest none\npersistence false\nset_tcp_nodelay true\n"
        << "allow_anonymous false\nrequire_certificate true\nuse_identity_as_username true\n"
        << "cafile " << ca.string() << "\ncertfile " << identity.certificate.string() << "\nkeyfile "
        << identity.key.string() << "\nacl_file " << (folder / "acl").string() << "\n"
        << more;
    start();
  }
  ~MqttBroker() { stop(); }
  MqttBroker(const MqttBroker&) = delete;
  MqttBroker& operator=(const MqttBroker&) = delete;

  void start() {
    const std::string path = program().string();
    const std::string config = config_.string();
    std::vector<char*> arguments = {const_cast<char*>(path.c_str()), const_cast<char*>("-c"),
                                    const_cast<char*>(config.c_str()), nullptr};
    char* no_environment[] = {nullptr};
    if (::posix_spawn(&process_, path.c_str(), nullptr, nullptr, arguments.data(), no_environment) != 0)
      throw std::runtime_error("mosquitto cannot be started");
    while (!listens()) {
      if (::waitpid(process_, nullptr, WNOHANG) != 0) throw std::runtime_error("mosquitto ended at once");
      std::this_thread::yield();
    }
  }
  // At once, as in a power cut.
  void stop() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] pid_t process() const { return process_; }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }
  static std::uint16_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    const bool ok = ::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(socket);
    if (!ok) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
  }
  [[nodiscard]] bool listens() const {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback(port_);
    const bool ok = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    return ok;
  }

  std::uint16_t port_;
  std::filesystem::path config_;
  pid_t process_ = -1;
};

// Receives batches of any camera, stores them, and answers with receipts.
class MqttOffice {
 public:
  struct Frame {
    std::string queue;  // hex
    std::uint64_t number = 0;
    int kind = 0;
    Sha256 hash{};
    Bytes payload;
  };
  // The receipts' message for a batch; empty: none is sent.
  using Answer = std::function<std::string(MqttOffice&, const std::vector<Frame>&)>;

  MqttOffice(const MqttBroker& broker, const TestAuthority& authority, Answer answer = stored_truly)
      : answer_(std::move(answer)) {
    mosquitto_lib_init();
    const PemPair identity = authority.issue("office");
    client_ = mosquitto_new("office", true, this);
    mosquitto_subscribe_callback_set(client_, [](mosquitto*, void* self, int, int, const int*) {
      static_cast<MqttOffice*>(self)->subscribed_ = true;
    });
    mosquitto_connect_callback_set(client_, [](mosquitto* client, void* self, int) {
      static_cast<MqttOffice*>(self)->connected_ = true;
      mosquitto_subscribe(client, nullptr, "wayside/v2/+/batch", 1);
      mosquitto_subscribe(client, nullptr, "wayside/v2/+/heartbeat", 1);
    });
    mosquitto_message_callback_set(client_, [](mosquitto*, void* self, const mosquitto_message* message) {
      static_cast<MqttOffice*>(self)->receive(message->topic,
                                              {static_cast<const std::uint8_t*>(message->payload),
                                               static_cast<std::size_t>(message->payloadlen)});
    });
    mosquitto_tls_set(client_, authority.certificate().c_str(), nullptr, identity.certificate.c_str(),
                      identity.key.c_str(), nullptr);
    mosquitto_connect(client_, "127.0.0.1", broker.port(), 60);
    thread_ = std::jthread([this](const std::stop_token& stop) { stay_connected(stop); });
    while (!subscribed_)
      std::this_thread::yield();
  }
  ~MqttOffice() {
    thread_ = {};
    mosquitto_destroy(client_);
  }
  MqttOffice(const MqttOffice&) = delete;
  MqttOffice& operator=(const MqttOffice&) = delete;

  static std::string receipt(const Frame& frame, const std::string& outcome, const Sha256& hash) {
    static constexpr const char* kinds[] = {"text", "plate", "overview"};
    return R"({"queue":")" + frame.queue + R"(","number":)" + std::to_string(frame.number) + R"(,"kind":")" +
           kinds[frame.kind] + R"(","outcome":")" + outcome + R"(","sha256":")" + to_hex(hash) + "\"}";
  }
  static std::string message(const std::vector<std::string>& receipts) {
    std::string text;
    for (const std::string& each : receipts)
      text += (text.empty() ? "" : ",") + each;
    return R"({"receipts":[)" + text + "]}";
  }
  // As a real office.
  static std::string stored_truly(MqttOffice& office, const std::vector<Frame>& frames) {
    std::vector<std::string> receipts;
    for (const Frame& frame : frames) {
      const auto [it, is_new] = office.stored_.emplace(std::pair(frame.number, frame.kind), frame.hash);
      receipts.push_back(receipt(frame, is_new ? "accepted" : "duplicate", it->second));
    }
    return message(receipts);
  }
  static std::string say_nothing(MqttOffice&, const std::vector<Frame>&) { return {}; }

  [[nodiscard]] std::map<std::pair<std::uint64_t, int>, Sha256> stored() const {
    const std::lock_guard lock(mutex_);
    return stored_;
  }
  void wait_for_batches(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return batches_ >= count; });
  }
  // One after the other, each time.
  void answer_heartbeats_with(const std::string& message) {
    const std::lock_guard lock(mutex_);
    heartbeat_answers_.push_back(message);
  }
  std::string wait_for_heartbeat() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !heartbeat_.empty(); });
    return heartbeat_;
  }
  [[nodiscard]] std::size_t problems() const { return problems_; }

 private:
  // libmosquitto 2.0 takes no notice of a connection that was cut before its answer, so that has a limit.
  void stay_connected(const std::stop_token& stop) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::seconds limit{2};
    Clock::time_point begun = Clock::now();
    while (!stop.stop_requested()) {
      const bool lost = mosquitto_loop(client_, 10, 1) != MOSQ_ERR_SUCCESS;
      if (!lost && (connected_ || Clock::now() - begun < limit)) continue;
      connected_ = false;
      begun = Clock::now();
      mosquitto_reconnect(client_);
    }
  }
  void receive(const std::string& topic, ByteView payload) {
    const std::lock_guard lock(mutex_);
    if (topic.ends_with("/heartbeat")) {
      heartbeat_.assign(payload.begin(), payload.end());
      for (const std::string& answer : heartbeat_answers_)
        publish(topic + "-answer", answer);
    } else {
      ++batches_;
      const std::string answer = answer_(*this, parse(payload));
      if (!answer.empty()) publish(topic.substr(0, topic.rfind('/')) + "/receipts", answer);
    }
    changed_.notify_all();
  }
  void publish(const std::string& topic, const std::string& text) {
    mosquitto_publish(client_, nullptr, topic.c_str(), static_cast<int>(text.size()), text.data(), 1, false);
  }
  // Written apart from the product's on purpose (https_api.md).
  std::vector<Frame> parse(ByteView bytes) {
    std::vector<Frame> frames;
    while (!bytes.empty()) {
      if (bytes.size() < 72 || std::memcmp(bytes.data(), "WYSH", 4) != 0) {
        ++problems_;
        return frames;
      }
      Frame frame;
      frame.kind = bytes[4];
      const auto size = little_endian::get<std::uint32_t>(bytes, 8);
      frame.queue = to_hex(bytes.subspan(16, 16));
      frame.number = little_endian::get<std::uint64_t>(bytes, 32);
      std::copy_n(bytes.begin() + 40, 32, frame.hash.begin());
      frame.payload.assign(bytes.begin() + 72, bytes.begin() + 72 + size);
      if (sha256(frame.payload) != frame.hash || frame.kind > 2) ++problems_;
      frames.push_back(frame);
      bytes = bytes.subspan(72 + size);
    }
    return frames;
  }

  Answer answer_;
  mosquitto* client_ = nullptr;
  std::atomic<bool> subscribed_{false};
  bool connected_ = false;  // of the thread alone
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<std::uint64_t, int>, Sha256> stored_;
  int batches_ = 0;
  std::string heartbeat_;
  std::vector<std::string> heartbeat_answers_;
  std::atomic<std::size_t> problems_{0};
  std::jthread thread_;
};

}  // namespace wayside::doubles
