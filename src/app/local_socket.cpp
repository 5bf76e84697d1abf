#include "src/app/local_socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "wayside/base/json_text.hpp"

namespace wayside::app {

namespace {

namespace fs = std::filesystem;

constexpr int most_connections_waiting = 8;

int new_socket() {
  return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// A queue that is full is somebody's too.
bool is_listened_on(const sockaddr_un& address) {
  const int socket = new_socket();
  if (socket < 0) return false;
  const bool answered = ::connect(socket, generic(address), sizeof(address)) == 0 || errno == EAGAIN;
  ::close(socket);
  return answered;
}

}  // namespace

LocalClient::~LocalClient() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

LocalClient::LocalClient(LocalClient&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

LocalClient& LocalClient::operator=(LocalClient&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

bool LocalClient::is_of_the_house() const {
  ucred who{};
  socklen_t size = sizeof(who);
  if (::getsockopt(descriptor_, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return false;
  const gid_t own = ::getegid();
  if (who.uid == 0 || who.uid == ::geteuid() || who.gid == own) return true;
  std::array<gid_t, 64> groups{};
  size = sizeof(groups);
  if (::getsockopt(descriptor_, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) return false;
  const auto* const end = groups.begin() + size / sizeof(gid_t);
  return std::find(groups.cbegin(), end, own) != end;
}

Result<LocalListener> LocalListener::open(const fs::path& path) {
  const std::string name = json_escape(path.string());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.string().size() >= sizeof(address.sun_path))
    return fail(ErrorCode::invalid_input, fmt::format("{} is too long for a socket: at most {} bytes", name,
                                                      sizeof(address.sun_path) - 1));
  path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  std::error_code absent;
  const fs::file_status there = fs::symlink_status(path, absent);
  if (fs::exists(there) && !fs::is_socket(there))
    return fail(ErrorCode::invalid_input,
                fmt::format("{} is there and is no socket: name another path", name));
  if (fs::is_socket(there) && is_listened_on(address))
    return fail(ErrorCode::refused,
                fmt::format("another process listens on {}: name another path, or stop it", name));
  fs::remove(path, absent);
  const int socket = new_socket();
  // Group and owner, whatever the mask is.
  if (socket < 0 || ::fchmod(socket, 0660) != 0 || ::bind(socket, generic(address), sizeof(address)) != 0 ||
      ::chmod(path.c_str(), 0660) != 0 || ::listen(socket, most_connections_waiting) != 0) {
    const std::string reason = std::strerror(errno);
    if (socket >= 0) ::close(socket);
    return fail(
        ErrorCode::io,
        fmt::format("{} cannot be listened on: {}; its folder has to be there and writable", name, reason));
  }
  return LocalListener(path, socket);
}

LocalListener::LocalListener(fs::path path, int descriptor)
    : path_(std::move(path)), descriptor_(descriptor) {}

LocalListener::~LocalListener() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  std::error_code ignored;
  fs::remove(path_, ignored);
}

LocalListener::LocalListener(LocalListener&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

std::optional<LocalClient> LocalListener::accept() const {
  const int client = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client < 0) return std::nullopt;
  return LocalClient(client);
}

}  // namespace wayside::app
