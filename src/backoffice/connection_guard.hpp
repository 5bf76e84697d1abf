// Keeps single peers from holding the office's threads and memory. httplib limits each read alone, which a
// peer that sends a byte now and then never reaches, and no line's length at all.
//
// What it holds: whoever has not shown a certificate has a short time for that; a request has a time from its
// first byte to its answer, and so many bytes; strangers all together, each address of them, and each
// certificate hold only so many connections. Where that is too many, a newer one is let in for the oldest,
// unless the oldest is as good as through.
//
// Threads: watch() before the server runs; the callbacks come from its threads. It outlives the SSL_CTX that
// it watches. Failure: none; a connection over the limits is shut down, and the log says how many were.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include <openssl/ssl.h>

namespace wayside::backoffice {

class ConnectionGuard {
 public:
  struct Limits {
    std::chrono::milliseconds handshake;
    std::chrono::milliseconds request;  // from its first byte to the end of its answer
    std::size_t request_bytes = 0;      // as they come over the wire
    std::size_t strangers = 0;          // connections without a certificate yet, of all addresses
    std::size_t of_address = 0;         // of these, of one address
    std::size_t of_peer = 0;            // connections of one certificate; of all that are barred together
    std::chrono::milliseconds
        patience;  // so old a handshake is held up on purpose, and gives way to newer ones
  };
  // The certificate's owner, as text, where it may send records now; empty where it is barred.
  using Admit = std::function<std::string(const SSL& connection)>;

  ConnectionGuard(Limits limits, Admit admit);
  ~ConnectionGuard();
  ConnectionGuard(const ConnectionGuard&) = delete;
  ConnectionGuard& operator=(const ConnectionGuard&) = delete;

  void watch(SSL_CTX& context);
  // The answer to the connection's request has been sent. Null: no connection of TLS.
  void request_ended(const SSL* ssl);
  // Whatever is still open after so long is shut down, and what opens from now on at once.
  void wind_up(std::chrono::milliseconds grace);

 private:
  using Clock = std::chrono::steady_clock;
  enum class Doing { handshake, nothing, request };
  struct Connection {
    const SSL* ssl;
    int socket;
    std::string peer;  // the address; the certificate's owner after the handshake
    Clock::time_point opened;
    Clock::time_point until;  // of what it is doing
    Doing doing = Doing::handshake;
    std::size_t request_bytes = 0;
    bool cut = false;
  };

  static void on_state(const SSL* ssl, int where, int result);
  static void on_free(void* parent, void* pointer, CRYPTO_EX_DATA* data, int index, long number,
                      void* argument);
  static long on_bytes(BIO* bio, int what, const char* data, std::size_t size, int argument, long more,
                       int result, std::size_t* processed);
  void opened(const SSL* ssl);
  void admitted(const SSL* ssl);
  bool read(const SSL* ssl, std::size_t bytes);  // whether the connection may go on
  void closed(const SSL* ssl);
  void make_room_for(const Connection& newest, std::size_t most, bool of_peer_alone);
  void cut(Connection& connection);
  void cut_late_ones();
  std::list<Connection>::iterator find(const SSL* ssl);

  const Limits limits_;
  const Admit admit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Connection> connections_;  // the oldest first
  std::size_t cut_since_told_ = 0;
  Clock::time_point told_;
  Clock::time_point end_ = Clock::time_point::max();  // of all connections
  bool stopping_ = false;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace wayside::backoffice
