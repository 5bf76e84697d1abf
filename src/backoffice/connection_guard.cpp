#include "src/backoffice/connection_guard.hpp"

#include <algorithm>
#include <array>

#include <netdb.h>
#include <openssl/bio.h>
#include <sys/socket.h>

#include "wayside/base/log.hpp"

namespace wayside::backoffice {

namespace {

constexpr std::chrono::seconds told_at_most_every{60};

std::string address_of(int socket) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  std::array<char, NI_MAXHOST> text{};
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0 ||
      ::getnameinfo(reinterpret_cast<const sockaddr*>(&peer), size, text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0)
    return {};
  return text.data();
}

// A place of OpenSSL's for the guard in each SSL; on_free is told when the SSL goes.
int place_of_guard(CRYPTO_EX_free* on_free) {
  static const int place = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, on_free);
  return place;
}

}  // namespace

ConnectionGuard::ConnectionGuard(Limits limits, Admit admit)
    : limits_(limits),
      admit_(std::move(admit)),
      told_(Clock::now() - told_at_most_every),
      thread_([this] { cut_late_ones(); }) {}

ConnectionGuard::~ConnectionGuard() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ConnectionGuard::watch(SSL_CTX& context) {
  SSL_CTX_set_app_data(&context, this);
  SSL_CTX_set_info_callback(&context, on_state);
}

void ConnectionGuard::request_ended(const SSL* ssl) {
  const std::lock_guard lock(mutex_);
  const auto found = find(ssl);
  if (found == connections_.end()) return;
  found->doing = Doing::nothing;
  found->until = end_;
}

void ConnectionGuard::wind_up(std::chrono::milliseconds grace) {
  {
    const std::lock_guard lock(mutex_);
    end_ = Clock::now() + grace;
    for (Connection& connection : connections_)
      connection.until = std::min(connection.until, end_);
  }
  changed_.notify_all();
}

void ConnectionGuard::on_state(const SSL* ssl, int where, int /*result*/) {
  auto* guard = static_cast<ConnectionGuard*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  if ((where & SSL_CB_HANDSHAKE_START) != 0) guard->opened(ssl);
  if ((where & SSL_CB_HANDSHAKE_DONE) != 0) guard->admitted(ssl);
}

void ConnectionGuard::on_free(void* parent, void* pointer, CRYPTO_EX_DATA* /*data*/, int /*index*/,
                              long /*number*/, void* /*argument*/) {
  if (pointer != nullptr) static_cast<ConnectionGuard*>(pointer)->closed(static_cast<const SSL*>(parent));
}

long ConnectionGuard::on_bytes(BIO* bio, int what, const char* /*data*/, std::size_t /*size*/,
                               int /*argument*/, long /*more*/, int result, std::size_t* processed) {
  if (what == (BIO_CB_READ | BIO_CB_RETURN) && result > 0 && processed != nullptr) {
    const auto* ssl = reinterpret_cast<const SSL*>(BIO_get_callback_arg(bio));
    auto* guard = static_cast<ConnectionGuard*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    // A socket that is shut down still yields what goes on arriving.
    if (!guard->read(ssl, *processed)) return 0;
  }
  return result;
}

void ConnectionGuard::opened(const SSL* ssl) {
  const int socket = SSL_get_fd(ssl);
  std::string address = address_of(socket);
  const std::lock_guard lock(mutex_);
  if (find(ssl) != connections_.end()) return;  // a renewal of keys begins as a handshake does
  auto* const mine = const_cast<SSL*>(ssl);
  SSL_set_ex_data(mine, place_of_guard(on_free), this);
  BIO* const bio = SSL_get_rbio(ssl);
  BIO_set_callback_arg(bio, reinterpret_cast<char*>(mine));
  BIO_set_callback_ex(bio, on_bytes);
  const Clock::time_point now = Clock::now();
  connections_.push_back({ssl, socket, std::move(address), now, std::min(now + limits_.handshake, end_)});
  make_room_for(connections_.back(), limits_.strangers, false);
  make_room_for(connections_.back(), limits_.of_address, true);
  changed_.notify_all();
}

void ConnectionGuard::admitted(const SSL* ssl) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = find(ssl);
    if (found == connections_.end() || found->doing != Doing::handshake) return;
  }
  std::string owner = admit_(*ssl);  // looks into the store: not under the lock
  const std::lock_guard lock(mutex_);
  const auto found = find(ssl);
  found->peer = std::move(owner);
  found->doing = Doing::nothing;
  found->until = end_;
  // In its new group it is the newest, whenever it was opened.
  connections_.splice(connections_.end(), connections_, found);
  make_room_for(connections_.back(), limits_.of_peer, true);
  changed_.notify_all();
}

bool ConnectionGuard::read(const SSL* ssl, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = find(ssl);
  if (found == connections_.end()) return true;
  if (found->cut || found->doing == Doing::handshake) return !found->cut;
  if (found->doing == Doing::nothing) {
    found->doing = Doing::request;
    found->request_bytes = 0;
    found->until = std::min(Clock::now() + limits_.request, end_);
    changed_.notify_all();
  }
  found->request_bytes += bytes;
  if (found->request_bytes > limits_.request_bytes) cut(*found);
  return !found->cut;
}

void ConnectionGuard::closed(const SSL* ssl) {
  const std::lock_guard lock(mutex_);
  const auto found = find(ssl);
  if (found != connections_.end()) connections_.erase(found);
}

// Counts those that are in the newest one's group: strangers or not, and its peer's alone or all.
void ConnectionGuard::make_room_for(const Connection& newest, std::size_t most, bool of_peer_alone) {
  const bool stranger = newest.doing == Doing::handshake;
  std::size_t count = 0;
  Connection* oldest = nullptr;
  for (Connection& connection : connections_) {
    if (connection.cut || (connection.doing == Doing::handshake) != stranger) continue;
    if (of_peer_alone && connection.peer != newest.peer) continue;
    if (oldest == nullptr) oldest = &connection;
    ++count;
  }
  if (count <= most) return;
  // Of many honest ones that come at once, the first must not be pushed out by the last.
  const bool held_up = !stranger || Clock::now() - oldest->opened >= limits_.patience;
  cut(held_up ? *oldest : connections_.back());
}

// The socket is still this connection's: an SSL is freed, and closed(), before its socket is closed.
void ConnectionGuard::cut(Connection& connection) {
  if (connection.cut) return;
  connection.cut = true;
  ::shutdown(connection.socket, SHUT_RDWR);
  const Clock::time_point now = Clock::now();
  if (now >= end_) return;  // the office ends: nobody has held it up
  ++cut_since_told_;
  if (now - told_ < told_at_most_every) return;
  log::warning("connections_cut_off", {{"connections", cut_since_told_}});
  told_ = now;
  cut_since_told_ = 0;
}

void ConnectionGuard::cut_late_ones() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    Clock::time_point next = Clock::time_point::max();
    const Clock::time_point now = Clock::now();
    for (Connection& connection : connections_) {
      if (connection.cut) continue;
      if (connection.until <= now) {
        cut(connection);
      } else {
        next = std::min(next, connection.until);
      }
    }
    // wait_until() would take the end of time for one long past.
    if (next == Clock::time_point::max()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, next);
    }
  }
}

std::list<ConnectionGuard::Connection>::iterator ConnectionGuard::find(const SSL* ssl) {
  return std::find_if(connections_.begin(), connections_.end(),
                      [&](const Connection& connection) { return connection.ssl == ssl; });
}

}  // namespace wayside::backoffice
