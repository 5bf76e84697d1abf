#include "drivers/time_sources/gpsd_client.hpp"

#include <array>
#include <stdexcept>
#include <string>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wayside::time_sources {
namespace {

using namespace std::chrono_literals;

// A port of this machine that speaks when told to.
class FakeGpsd {
 public:
  FakeGpsd() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listening_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(listening_, 1) != 0 ||
        ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("no port");
    port = ntohs(address.sin_port);
  }
  FakeGpsd(const FakeGpsd&) = delete;
  FakeGpsd& operator=(const FakeGpsd&) = delete;
  ~FakeGpsd() {
    hang_up();
    ::close(listening_);
  }
  void accept() { connected_ = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC); }
  std::string heard() const {
    std::array<char, 256> text{};
    const ssize_t got = ::recv(connected_, text.data(), text.size(), 0);
    return {text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  }
  void say(const std::string& text) const {
    for (std::size_t sent = 0; sent < text.size();) {
      const ssize_t put = ::send(connected_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (put <= 0) throw std::runtime_error("nobody listens");
      sent += static_cast<std::size_t>(put);
    }
  }
  void hang_up() {
    if (connected_ >= 0) ::close(connected_);
    connected_ = -1;
  }

  std::uint16_t port = 0;

 private:
  int listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int connected_ = -1;
};

const std::string fix =
    R"({"class":"TPV","mode":3,"time":"2026-11-28T02:15:30.000Z","lat":52.2295,"lon":0.1532})";

TEST(GpsdClient, WatchesAndGivesTheFixes) {
  FakeGpsd gpsd;
  auto client = GpsdClient::connect(gpsd.port);
  ASSERT_TRUE(client) << client.error().message;
  gpsd.accept();
  EXPECT_EQ(gpsd.heard(), "?WATCH={\"enable\":true,\"json\":true};\n");
  gpsd.say("{\"class\":\"VERSION\",\"release\":\"3.22\"}\r\n" + fix + "\r\n" + fix.substr(0, 20));
  const auto first = client->next(10s);
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((*first)->position->latitude, 52.2295);
  EXPECT_FALSE(client->next(20ms).value()) << "half a line";
  gpsd.say(fix.substr(20) + "\n");
  EXPECT_TRUE(client->next(10s).value());
  EXPECT_EQ(client->lines_refused(), 0U);
}

TEST(GpsdClient, WhatIsNotUnderstoodIsPassedOverAndCounted) {
  FakeGpsd gpsd;
  auto client = GpsdClient::connect(gpsd.port).value();
  gpsd.accept();
  gpsd.say("$GPRMC,021530.00,A,5213.77,N,00009.19,E*7C\n" + fix.substr(0, 60) + "\n" +
           std::string(9000, 'x'));
  EXPECT_FALSE(client.next(200ms).value());
  gpsd.say(std::string(9000, 'y') + "\n" + fix + "\n");
  EXPECT_TRUE(client.next(10s).value());
  EXPECT_EQ(client.lines_refused(), 3U);
}

TEST(GpsdClient, AGpsdThatGoesOrIsNotThereIsUnavailable) {
  std::uint16_t port = 0;
  {
    FakeGpsd gpsd;
    port = gpsd.port;
    auto client = GpsdClient::connect(port).value();
    gpsd.accept();
    gpsd.hang_up();
    EXPECT_EQ(client.next(10s).error().code, ErrorCode::unavailable);
  }
  EXPECT_EQ(GpsdClient::connect(port).error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace wayside::time_sources
