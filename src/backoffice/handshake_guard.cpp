#include "src/backoffice/handshake_guard.hpp"

#include <algorithm>
#include <array>

#include <netdb.h>
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

HandshakeGuard::HandshakeGuard(Limits limits)
    : limits_(limits), told_(Clock::now() - told_at_most_every), thread_([this] { cut_late_ones(); }) {}

HandshakeGuard::~HandshakeGuard() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void HandshakeGuard::watch(SSL_CTX& context) {
  SSL_CTX_set_app_data(&context, this);
  SSL_CTX_set_info_callback(&context, on_state);
}

void HandshakeGuard::on_state(const SSL* ssl, int where, int /*result*/) {
  auto* guard = static_cast<HandshakeGuard*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  if ((where & SSL_CB_HANDSHAKE_START) != 0) {
    SSL_set_ex_data(const_cast<SSL*>(ssl), place_of_guard(on_free), guard);
    guard->begun(ssl);
  }
  if ((where & SSL_CB_HANDSHAKE_DONE) != 0) guard->ended(ssl);
}

void HandshakeGuard::on_free(void* parent, void* pointer, CRYPTO_EX_DATA* /*data*/, int /*index*/,
                             long /*number*/, void* /*argument*/) {
  if (pointer != nullptr) static_cast<HandshakeGuard*>(pointer)->ended(static_cast<const SSL*>(parent));
}

void HandshakeGuard::begun(const SSL* ssl) {
  const int socket = SSL_get_fd(ssl);
  std::string address = address_of(socket);
  const std::lock_guard lock(mutex_);
  const bool known = std::any_of(handshakes_.begin(), handshakes_.end(),
                                 [&](const Handshake& handshake) { return handshake.ssl == ssl; });
  if (known) return;
  std::size_t& count = of_address_[address];
  ++count;
  handshakes_.push_back({ssl, socket, std::move(address), Clock::now() + limits_.time});
  if (count > limits_.per_address) cut(handshakes_.back());
  changed_.notify_all();
}

void HandshakeGuard::ended(const SSL* ssl) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(handshakes_.begin(), handshakes_.end(),
                                  [&](const Handshake& handshake) { return handshake.ssl == ssl; });
  if (found == handshakes_.end()) return;
  const auto count = of_address_.find(found->address);
  if (--count->second == 0) of_address_.erase(count);
  handshakes_.erase(found);
}

// The socket is still this connection's: an SSL is freed, and ended(), before its socket is closed.
void HandshakeGuard::cut(Handshake& handshake) {
  handshake.cut = true;
  ::shutdown(handshake.socket, SHUT_RDWR);
  ++cut_since_told_;
  const Clock::time_point now = Clock::now();
  if (now - told_ < told_at_most_every) return;
  log::warning("strangers_cut_off", {{"connections", cut_since_told_}});
  told_ = now;
  cut_since_told_ = 0;
}

void HandshakeGuard::cut_late_ones() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto next = std::find_if(handshakes_.begin(), handshakes_.end(),
                                   [](const Handshake& handshake) { return !handshake.cut; });
    if (next == handshakes_.end()) {
      changed_.wait(lock);
    } else if (next->until > Clock::now()) {
      changed_.wait_until(lock, next->until);
    } else {
      cut(*next);
    }
  }
}

}  // namespace wayside::backoffice
