#include "src/backoffice/handshake_guard.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <memory>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wayside::backoffice {
namespace {

using std::chrono::milliseconds;

// A connection whose peer says nothing, as the server's side sees it.
class SilentConnection {
 public:
  explicit SilentConnection(SSL_CTX& context) : ssl_(SSL_new(&context), SSL_free) {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()) != 0) throw std::bad_alloc();
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

  // Whether the peer sees the end of the connection within the time.
  [[nodiscard]] bool ends_within(milliseconds time) const {
    pollfd peer{ends_[1], POLLIN, 0};
    char byte = 0;
    return ::poll(&peer, 1, static_cast<int>(time.count())) == 1 && ::read(ends_[1], &byte, 1) == 0;
  }

 private:
  std::array<int, 2> ends_{};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

class HandshakeGuardTest : public testing::Test {
 protected:
  HandshakeGuardTest() { std::signal(SIGPIPE, SIG_IGN); }  // as httplib does
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
};

TEST_F(HandshakeGuardTest, WhoSaysNothingIsCutOffInTime) {
  HandshakeGuard guard({milliseconds(200), 10});
  guard.watch(*context_);
  const SilentConnection first(*context_);
  const SilentConnection second(*context_);
  EXPECT_FALSE(first.ends_within(milliseconds(50)));
  EXPECT_TRUE(first.ends_within(milliseconds(5000)));
  EXPECT_TRUE(second.ends_within(milliseconds(5000)));
}

TEST_F(HandshakeGuardTest, OneAddressHoldsOnlySoManyAndMoreOnceOneHasGone) {
  HandshakeGuard guard({std::chrono::hours(1), 2});
  guard.watch(*context_);
  auto first = std::make_unique<SilentConnection>(*context_);
  const SilentConnection second(*context_);
  {
    const SilentConnection third(*context_);
    EXPECT_TRUE(third.ends_within(milliseconds(5000)));
    EXPECT_FALSE(first->ends_within(milliseconds(20)));
    EXPECT_FALSE(second.ends_within(milliseconds(20)));
  }
  first.reset();
  const SilentConnection fourth(*context_);
  EXPECT_FALSE(fourth.ends_within(milliseconds(50)));
}

}  // namespace
}  // namespace wayside::backoffice
