#include "src/backoffice/connection_guard.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/doubles/temporary_folder.hpp"
#include "tests/doubles/test_certificates.hpp"

namespace wayside::backoffice {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Session = std::unique_ptr<SSL, decltype(&SSL_free)>;

constexpr ConnectionGuard::Limits generous{.handshake = hours(1),
                                           .request = hours(1),
                                           .request_bytes = 1 << 20,
                                           .strangers = 100,
                                           .of_address = 100,
                                           .of_peer = 100,
                                           .patience = hours(1)};

// Whether the peer of a connection sees its end within the time.
bool ends_within(int socket, milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  std::array<char, 4096> bytes{};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now()).count();
    pollfd peer{socket, POLLIN, 0};
    if (left < 0 || ::poll(&peer, 1, static_cast<int>(left)) != 1) return false;
    if (::read(socket, bytes.data(), bytes.size()) <= 0) return true;
  }
}

// A connection whose peer says nothing, as the server's side sees it.
class SilentConnection {
 public:
  explicit SilentConnection(SSL_CTX& context) : ssl_(SSL_new(&context), SSL_free) {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()) != 0)
      throw std::runtime_error("no sockets");
    SSL_set_fd(ssl_.get(), ends_[0]);
    SSL_accept(ssl_.get());  // begins, and cannot go on
  }
  ~SilentConnection() {
    ssl_.reset();
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  SilentConnection(const SilentConnection&) = delete;
  SilentConnection& operator=(const SilentConnection&) = delete;

  [[nodiscard]] bool ends_within(milliseconds time) const { return backoffice::ends_within(ends_[1], time); }

 private:
  std::array<int, 2> ends_{};
  Session ssl_;
};

// A connection that has shown its certificate. The server's side reads in a thread until the connection ends,
// as httplib's does.
class Camera {
 public:
  Camera(SSL_CTX& server, SSL_CTX& client) : ssl_(SSL_new(&client), SSL_free) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) throw std::runtime_error("no sockets");
    socket_ = ends[1];
    server_ = std::thread([&server, this, socket = ends[0]] {
      {
        const Session session(SSL_new(&server), SSL_free);
        server_ssl_ = session.get();
        SSL_set_fd(session.get(), socket);
        std::array<char, 1024> bytes{};
        if (SSL_accept(session.get()) == 1) {
          admitted_ = true;
          while (SSL_read(session.get(), bytes.data(), bytes.size()) > 0) {
          }
        }
      }
      ::close(socket);
    });
    SSL_set_fd(ssl_.get(), socket_);
    if (SSL_connect(ssl_.get()) != 1) throw std::runtime_error("no handshake");
    // The client is through first: the next one must not overtake it on the server's side.
    while (!admitted_)
      std::this_thread::yield();
  }
  ~Camera() {
    ::shutdown(socket_, SHUT_RDWR);
    server_.join();
    ::close(socket_);
  }
  Camera(const Camera&) = delete;
  Camera& operator=(const Camera&) = delete;

  void send(const std::string& text) { SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())); }
  [[nodiscard]] bool ends_within(milliseconds time) const { return backoffice::ends_within(socket_, time); }
  [[nodiscard]] const SSL* server_side() const { return server_ssl_; }

 private:
  Session ssl_;
  int socket_ = -1;
  std::atomic<const SSL*> server_ssl_ = nullptr;
  std::atomic<bool> admitted_ = false;
  std::thread server_;
};

class ConnectionGuardTest : public testing::Test {
 protected:
  ConnectionGuardTest() {
    std::signal(SIGPIPE, SIG_IGN);  // as httplib does
    const doubles::PemPair own = authority_.issue("office");
    SSL_CTX_use_certificate_file(server_.get(), own.certificate.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(server_.get(), own.key.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_set_num_tickets(server_.get(), 0);
  }
  std::unique_ptr<ConnectionGuard> guarded(ConnectionGuard::Limits limits,
                                           const std::string& owner = "camera") {
    auto guard = std::make_unique<ConnectionGuard>(limits, [owner](const SSL&) { return owner; });
    guard->watch(*server_);
    return guard;
  }
  std::unique_ptr<SilentConnection> silent() { return std::make_unique<SilentConnection>(*server_); }
  std::unique_ptr<Camera> camera() { return std::make_unique<Camera>(*server_, *client_); }

  doubles::TemporaryFolder folder_;
  doubles::TestAuthority authority_{folder_.path(), "authority"};
  Context server_{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
  Context client_{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
};

constexpr milliseconds soon(5000);  // limits are far shorter, and a busy machine is slow
constexpr milliseconds a_moment(50);

TEST_F(ConnectionGuardTest, WhoShowsNoCertificateIsCutOffInTime) {
  ConnectionGuard::Limits limits = generous;
  limits.handshake = milliseconds(200);
  const auto guard = guarded(limits);
  const auto first = silent();
  const auto second = silent();
  EXPECT_FALSE(first->ends_within(a_moment));
  EXPECT_TRUE(first->ends_within(soon));
  EXPECT_TRUE(second->ends_within(soon));
}

TEST_F(ConnectionGuardTest, OfManyStrangersAtOnceTheLastIsSentAway) {
  for (const bool of_address : {false, true}) {
    ConnectionGuard::Limits limits = generous;
    (of_address ? limits.of_address : limits.strangers) = 2;
    const auto guard = guarded(limits);
    auto first = silent();
    const auto second = silent();
    {
      const auto third = silent();
      EXPECT_TRUE(third->ends_within(soon));
      EXPECT_FALSE(first->ends_within(a_moment));
      EXPECT_FALSE(second->ends_within(a_moment));
    }
    first.reset();
    EXPECT_FALSE(silent()->ends_within(a_moment));
  }
}

TEST_F(ConnectionGuardTest, AStrangerWhoTakesHisTimeGivesWayToANewOne) {
  ConnectionGuard::Limits limits = generous;
  limits.strangers = 2;
  limits.patience = milliseconds(0);
  const auto guard = guarded(limits);
  const auto first = silent();
  const auto second = silent();
  const auto third = silent();
  EXPECT_TRUE(first->ends_within(soon));
  EXPECT_FALSE(second->ends_within(a_moment));
  EXPECT_FALSE(third->ends_within(a_moment));
}

TEST_F(ConnectionGuardTest, ARequestHasATimeHoweverOftenAByteComes) {
  ConnectionGuard::Limits limits = generous;
  limits.request = milliseconds(300);
  const auto guard = guarded(limits);
  const auto idle = camera();
  const auto slow = camera();
  bool ended = false;
  for (int i = 0; i < 500 && !ended; ++i) {
    slow->send("x");
    ended = slow->ends_within(milliseconds(10));
  }
  EXPECT_TRUE(ended);
  EXPECT_FALSE(idle->ends_within(a_moment)) << "it has not begun a request";
}

TEST_F(ConnectionGuardTest, AnAnswerEndsTheTimeOfARequest) {
  ConnectionGuard::Limits limits = generous;
  limits.request = milliseconds(400);
  limits.request_bytes = 2000;
  const auto guard = guarded(limits);
  const auto quick = camera();
  for (int i = 0; i < 4; ++i) {
    quick->send(std::string(1000, 'x'));
    EXPECT_FALSE(quick->ends_within(milliseconds(150)));
    guard->request_ended(quick->server_side());
  }
  guard->request_ended(nullptr);  // without TLS there is none
}

TEST_F(ConnectionGuardTest, ARequestHasOnlySoManyBytes) {
  ConnectionGuard::Limits limits = generous;
  limits.request_bytes = 20'000;
  const auto guard = guarded(limits);
  const auto endless = camera();
  for (int i = 0; i < 30; ++i)
    endless->send(std::string(1000, 'x'));
  EXPECT_TRUE(endless->ends_within(soon));
}

TEST_F(ConnectionGuardTest, OneCertificateHoldsOnlySoManyConnectionsAndTheNewestStay) {
  ConnectionGuard::Limits limits = generous;
  limits.of_peer = 2;
  for (const std::string owner : {"camera", ""}) {  // "": barred
    const auto guard = guarded(limits, owner);
    const auto first = camera();
    const auto second = camera();
    EXPECT_FALSE(first->ends_within(a_moment));
    const auto third = camera();
    EXPECT_TRUE(first->ends_within(soon));
    EXPECT_FALSE(second->ends_within(a_moment));
    EXPECT_FALSE(third->ends_within(a_moment));
  }
}

TEST_F(ConnectionGuardTest, WindingUpEndsWhatIsOpenAndWhatComes) {
  const auto guard = guarded(generous);
  const auto stranger = silent();
  const auto idle = camera();
  const auto busy = camera();
  busy->send("x");
  guard->wind_up(milliseconds(200));
  EXPECT_FALSE(idle->ends_within(a_moment));
  EXPECT_TRUE(stranger->ends_within(soon));
  EXPECT_TRUE(idle->ends_within(soon));
  EXPECT_TRUE(busy->ends_within(soon));
  EXPECT_TRUE(silent()->ends_within(soon));
}

}  // namespace
}  // namespace wayside::backoffice
