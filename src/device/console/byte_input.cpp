#include "src/device/console/byte_input.hpp"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "wayside/base/secret.hpp"

namespace wayside::console {

ByteInput::Got ByteInput::next(Clock::time_point deadline) {
  while (true) {
    Got got = next_as_it_is(deadline);
    if (got.kind != Kind::byte) return got;
    const bool after_return = std::exchange(after_return_, got.byte == '\r');
    if (got.byte == '\n' && after_return) continue;
    if (got.byte == '\r') got.byte = '\n';
    return got;
  }
}

ByteInput::Got ByteInput::next_in_time(Clock::time_point deadline) {
  if (Clock::now() >= deadline) return {Kind::late, 0};
  return next(deadline);
}

ByteInput::Got ByteInput::next_as_it_is(Clock::time_point deadline) {
  using std::chrono::milliseconds;
  constexpr auto beat = milliseconds(1000);
  while (at_ == end_) {
    const Clock::time_point now = Clock::now();
    if (heartbeat_ && now >= next_beat_) {
      next_beat_ = now + beat;
      if (heartbeat_()) return {Kind::notice, 0};
    }
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - now);
    const auto wait = heartbeat_ ? std::min<milliseconds>(left, beat) : left;
    pollfd one{descriptor_, POLLIN, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::clamp<long>(wait.count(), 0, 3'600'000)));
    if (ready < 0 && errno != EINTR) return {Kind::end, 0};
    if (ready <= 0) {
      if (Clock::now() >= deadline) return {Kind::late, 0};
      continue;
    }
    const ssize_t got = ::read(descriptor_, buffer_.data(), buffer_.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return {Kind::end, 0};
    at_ = 0;
    end_ = static_cast<std::size_t>(got);
  }
  return {Kind::byte, buffer_[at_++]};
}

void ByteInput::discard() {
  wipe(buffer_);
  at_ = end_ = 0;
  after_return_ = false;
  if (::isatty(descriptor_) == 1) ::tcflush(descriptor_, TCIFLUSH);
}

void ByteInput::wipe_buffer() {
  wipe(std::span(buffer_).first(at_));
}

}  // namespace wayside::console
