#include "drivers/time_sources/gpsd_client.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wayside::time_sources {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t longest_line = 4096;  // gpsd's own limit is 1536 (gpsd_json(5))
constexpr std::string_view watch = "?WATCH={\"enable\":true,\"json\":true};\n";

tl::unexpected<Error> unreachable(std::string_view what, int number) {
  return fail(ErrorCode::unavailable,
              fmt::format("{}: {}; is gpsd running?", what,
                          number == 0 ? "it closed the connection" : std::strerror(number)));
}

}  // namespace

Result<GpsdClient> GpsdClient::connect(std::uint16_t port) {
  // Connecting to this machine, and writing a few bytes to a new connection, do not wait for anybody.
  GpsdClient client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (client.socket_ < 0 ||
      ::connect(client.socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return unreachable("gpsd could not be reached", errno);
  if (::send(client.socket_, watch.data(), watch.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(watch.size()))
    return unreachable("gpsd took no command", errno);
  return client;
}

GpsdClient::GpsdClient(GpsdClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      waiting_(std::move(other.waiting_)),
      too_long_(other.too_long_),
      lines_refused_(other.lines_refused_) {}

GpsdClient& GpsdClient::operator=(GpsdClient&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(waiting_, other.waiting_);
  std::swap(too_long_, other.too_long_);
  std::swap(lines_refused_, other.lines_refused_);
  return *this;
}

GpsdClient::~GpsdClient() {
  if (socket_ >= 0) ::close(socket_);
}

Result<std::optional<GnssReport>> GpsdClient::next(std::chrono::milliseconds limit) {
  const auto until = Clock::now() + limit;
  for (;;) {
    for (std::size_t end = waiting_.find('\n'); end != std::string::npos; end = waiting_.find('\n')) {
      std::string line = waiting_.substr(0, end);
      waiting_.erase(0, end + 1);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (std::exchange(too_long_, false)) continue;
      auto report = gnss_from_json(line);
      if (!report) {
        ++lines_refused_;
      } else if (*report) {
        return report;
      }
    }
    if (waiting_.size() > longest_line) {
      waiting_.clear();
      if (!std::exchange(too_long_, true)) ++lines_refused_;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return std::nullopt;
    pollfd waits{socket_, POLLIN, 0};
    const int ready = ::poll(&waits, 1, static_cast<int>(left));
    if (ready < 0 && errno != EINTR) return unreachable("gpsd has gone", errno);
    if (ready <= 0) continue;
    std::array<char, 2048> part{};
    const ssize_t got = ::recv(socket_, part.data(), part.size(), MSG_DONTWAIT);
    if (got == 0) return unreachable("gpsd has gone", 0);
    if (got < 0 && errno != EINTR && errno != EAGAIN) return unreachable("gpsd has gone", errno);
    if (got > 0) waiting_.append(part.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace wayside::time_sources
