#include "wayside/device/control/control_client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <poll.h>
#include <sodium.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wayside/base/json_text.hpp"

namespace wayside {

namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Between two reports of a camera that gives no frame.
constexpr milliseconds longest_between_reports{2'000};
// What is drawn with each report, beside its text (control_client.hpp).
constexpr unsigned most_report_bytes = 1'100;
constexpr unsigned bits_a_byte = 10;  // with start and stop

bool ready(int socket, short what, SteadyClock::time_point until) {
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(until - SteadyClock::now()).count();
    if (left <= 0) return false;
    pollfd waiting{socket, what, 0};
    const int answered = ::poll(&waiting, 1, static_cast<int>(left));
    if (answered > 0) return true;
    if (answered < 0 && errno != EINTR) return false;
  }
}

Error gone(std::string_view what) {
  return {ErrorCode::unavailable,
          fmt::format("the daemon {}: try again; if it stays so, its log says why", what)};
}

Result<Bytes> bytes_from_base64(const std::string& text) {
  Bytes bytes(text.size() / 4 * 3);
  std::size_t size = 0;
  if (::sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size, nullptr,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
    return fail(ErrorCode::corrupt, "the daemon's picture is not base64");
  bytes.resize(size);
  return bytes;
}

}  // namespace

milliseconds aim_period(unsigned baud) {
  const unsigned bits = most_report_bytes * bits_a_byte;
  const unsigned ms = baud == 0 ? 10'000 : (bits * 1'000 + baud - 1) / baud;
  return milliseconds(std::clamp((ms + 99) / 100 * 100, 100U, 10'000U));
}

Result<ControlClient> ControlClient::connect(const std::filesystem::path& path, milliseconds time_limit) {
  const std::string name = json_escape(path.string());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.string().size() >= sizeof(address.sun_path))
    return fail(ErrorCode::invalid_input, fmt::format("{} is too long for a socket: at most {} bytes", name,
                                                      sizeof(address.sun_path) - 1));
  path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  // Without waiting: where too many wait to be let in, that is an answer.
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0 || ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    const int reason = errno;
    if (socket >= 0) ::close(socket);
    if (reason == EACCES || reason == EPERM)
      return fail(ErrorCode::refused,
                  fmt::format("{} is not for this account: the group \"wayside\" may", name));
    return fail(ErrorCode::unavailable,
                fmt::format("the daemon does not answer at {}: {}", name, std::strerror(reason)));
  }
  return ControlClient(socket, time_limit);
}

ControlClient::ControlClient(int socket, milliseconds time_limit)
    : socket_(socket), time_limit_(time_limit) {}

ControlClient::~ControlClient() {
  hang_up();
}

ControlClient::ControlClient(ControlClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      time_limit_(other.time_limit_),
      received_(std::move(other.received_)) {}

ControlClient& ControlClient::operator=(ControlClient&& other) noexcept {
  if (this == &other) return *this;
  hang_up();
  socket_ = std::exchange(other.socket_, -1);
  time_limit_ = other.time_limit_;
  received_ = std::move(other.received_);
  return *this;
}

void ControlClient::hang_up() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  received_.clear();
}

Status ControlClient::send(const ControlRequest& request) {
  const std::string line = encode(request) + '\n';
  const auto until = SteadyClock::now() + time_limit_;
  for (std::size_t sent = 0; sent < line.size();) {
    if (socket_ < 0 || !ready(socket_, POLLOUT, until)) return fail(gone("takes no request"));
    const ssize_t more = ::send(socket_, line.data() + sent, line.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (more < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    // It may have said why before it hung up.
    if (more <= 0) return {};
    sent += static_cast<std::size_t>(more);
  }
  return {};
}

Result<nlohmann::json> ControlClient::receive() {
  const auto until = SteadyClock::now() + time_limit_;
  std::size_t searched = 0;
  while (true) {
    if (const std::size_t end = received_.find('\n', searched); end != std::string::npos) {
      const std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      return parse_control_answer(line);
    }
    searched = received_.size();
    if (searched > most_control_answer_bytes) {
      hang_up();
      return fail(ErrorCode::corrupt, "the daemon's answer is too long to be one");
    }
    if (socket_ < 0 || !ready(socket_, POLLIN, until)) {
      hang_up();
      return fail(gone("gives no answer"));
    }
    std::array<char, 16'384> part{};
    const ssize_t more = ::recv(socket_, part.data(), part.size(), MSG_DONTWAIT);
    if (more < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (more <= 0) {
      hang_up();
      return fail(gone("has hung up"));
    }
    received_.append(part.data(), static_cast<std::size_t>(more));
  }
}

Result<nlohmann::json> ControlClient::ask(const ControlRequest& request) {
  if (const Status sent = send(request); !sent) return fail(sent.error());
  return receive();
}

Result<ControlClient::Snapshot> ControlClient::snapshot(const ControlRequest& request) {
  const Result<nlohmann::json> answer = ask(request);
  if (!answer) return fail(answer.error());
  const auto jpeg = answer->find("jpeg");
  const auto blurred = answer->find("blurred");
  if (jpeg == answer->end() || !jpeg->is_string() || blurred == answer->end() || !blurred->is_boolean())
    return fail(ErrorCode::corrupt, "the daemon's answer holds no picture");
  Result<Bytes> bytes = bytes_from_base64(jpeg->get_ref<const std::string&>());
  if (!bytes) return fail(bytes.error());
  return Snapshot{std::move(*bytes), blurred->get<bool>()};
}

Status ControlClient::aim(const ControlRequest& request,
                          const std::function<bool(const AimReport&)>& on_report) {
  time_limit_ = std::max(time_limit_, request.every + longest_between_reports);
  if (const Status sent = send(request); !sent) return sent;
  while (true) {
    const Result<nlohmann::json> answer = receive();
    if (!answer) {
      hang_up();
      return fail(answer.error());
    }
    const auto text = answer->find("text");
    const auto figures = answer->find("aim");
    if (text == answer->end() || !text->is_string() || figures == answer->end() || !figures->is_object()) {
      hang_up();
      return fail(ErrorCode::corrupt, "the daemon's report is none");
    }
    if (!on_report({text->get<std::string>(), *figures})) {
      hang_up();
      return {};
    }
  }
}

}  // namespace wayside
