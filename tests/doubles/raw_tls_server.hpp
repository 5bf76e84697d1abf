// A TLS server of few words: whoever connects and shows a certificate gets the same bytes, whatever he asked;
// for answers that no HTTP library would give.
//
// Threads: one of its own, which ends with it.
#pragma once

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/doubles/test_certificates.hpp"

namespace wayside::doubles {

class RawTlsServer {
 public:
  RawTlsServer(const PemPair& identity, const std::filesystem::path& clients, std::string answer,
               int newest_version = TLS1_3_VERSION)
      : answer_(std::move(answer)), context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_set_max_proto_version(context_, newest_version);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    check(SSL_CTX_use_certificate_chain_file(context_, identity.certificate.c_str()) == 1);
    check(SSL_CTX_use_PrivateKey_file(context_, identity.key.c_str(), SSL_FILETYPE_PEM) == 1);
    check(SSL_CTX_load_verify_locations(context_, clients.c_str(), nullptr) == 1);
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    check(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(listener_, 4) == 0);
    check(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~RawTlsServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    SSL_CTX_free(context_);
  }
  RawTlsServer(const RawTlsServer&) = delete;
  RawTlsServer& operator=(const RawTlsServer&) = delete;
  [[nodiscard]] std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int port() const { return port_; }
  // Those that came so far as to say something.
  [[nodiscard]] int conversations() const { return conversations_; }
  // What the last of them called it (TLS server name indication); empty: nothing.
  [[nodiscard]] std::string called() const {
    const std::lock_guard lock(mutex_);
    return called_;
  }

 private:
  static void check(bool ok) {
    if (!ok) throw std::runtime_error("the test's server cannot start");
  }
  void serve() {
    for (int peer = ::accept(listener_, nullptr, nullptr); peer >= 0;
         peer = ::accept(listener_, nullptr, nullptr)) {
      SSL* const tls = SSL_new(context_);
      SSL_set_fd(tls, peer);
      char request[65'536];
      if (SSL_accept(tls) == 1 && SSL_read(tls, request, sizeof request) > 0) {
        {
          const char* const name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name);
          const std::lock_guard lock(mutex_);
          called_ = name == nullptr ? "" : name;
        }
        ++conversations_;
        SSL_write(tls, answer_.data(), static_cast<int>(answer_.size()));
        SSL_shutdown(tls);
      }
      SSL_free(tls);
      ::close(peer);
    }
  }

  std::string answer_;
  SSL_CTX* context_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> conversations_{0};
  mutable std::mutex mutex_;
  std::string called_;
  std::thread thread_;
};

}  // namespace wayside::doubles
