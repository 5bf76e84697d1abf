// Keeps strangers from holding the office's threads: whoever has not shown a certificate yet has a few seconds
// for that, and one address only a few such connections at a time. httplib has a limit for each single read
// alone, which a peer that sends a byte now and then never reaches.
//
// Threads: watch() before the server runs; the callbacks come from its threads. It outlives the SSL_CTX that it
// watches. Failure: none; a connection over the limits is shut down, and the log says how many.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include <openssl/ssl.h>

namespace wayside::backoffice {

class HandshakeGuard {
 public:
  struct Limits {
    std::chrono::milliseconds time;
    std::size_t per_address = 0;
  };
  explicit HandshakeGuard(Limits limits);
  ~HandshakeGuard();
  HandshakeGuard(const HandshakeGuard&) = delete;
  HandshakeGuard& operator=(const HandshakeGuard&) = delete;

  void watch(SSL_CTX& context);

 private:
  using Clock = std::chrono::steady_clock;
  struct Handshake {
    const SSL* ssl;
    int socket;
    std::string address;
    Clock::time_point until;
    bool cut = false;
  };

  static void on_state(const SSL* ssl, int where, int result);
  static void on_free(void* parent, void* pointer, CRYPTO_EX_DATA* data, int index, long number, void* argument);
  void begun(const SSL* ssl);
  void ended(const SSL* ssl);
  void cut(Handshake& handshake);
  void cut_late_ones();

  const Limits limits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Handshake> handshakes_;  // the oldest first
  std::map<std::string, std::size_t> of_address_;
  std::size_t cut_since_told_ = 0;
  Clock::time_point told_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace wayside::backoffice
