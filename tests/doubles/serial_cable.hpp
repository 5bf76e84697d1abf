// Somebody with a laptop at the other end of a serial line: a pseudo terminal, what is typed into it at a
// rate, and what came back.
#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace wayside::doubles {

class SerialCable {
 public:
  explicit SerialCable(unsigned rate = 0) : rate_(rate) {
    near_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (near_ < 0 || ::grantpt(near_) != 0 || ::unlockpt(near_) != 0)
      throw std::runtime_error("there is no pseudo terminal");
    char name[64];
    if (::ptsname_r(near_, name, sizeof name) != 0) throw std::runtime_error("a pseudo terminal has no name");
    name_ = name;
    far_ = ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (far_ < 0) throw std::runtime_error("a pseudo terminal does not open");
    ::fcntl(near_, F_SETFL, O_NONBLOCK);
  }
  SerialCable(const SerialCable&) = delete;
  SerialCable& operator=(const SerialCable&) = delete;
  ~SerialCable() {
    pull();
    close_far();
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int far_end() const { return far_; }
  void close_far() {
    if (far_ >= 0) ::close(far_);
    far_ = -1;
  }
  void pull() {
    if (near_ >= 0) ::close(near_);
    near_ = -1;
  }

  // Ten bits a byte at the rate; as fast as it goes where there is none. What comes back meanwhile is taken.
  void type(std::string_view text) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t done = 0; done < text.size();) {
      const std::size_t part = rate_ == 0 ? std::min<std::size_t>(text.size() - done, 512) : 1;
      const ssize_t put = ::write(near_, text.data() + done, part);
      take();
      if (put > 0) {
        done += static_cast<std::size_t>(put);
      } else if (errno == EAGAIN) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        continue;
      } else {
        return;
      }
      if (rate_ != 0)
        std::this_thread::sleep_until(begin + std::chrono::microseconds(10'000'000 / rate_) * done);
    }
  }
  // Whether it comes, behind what was waited for before.
  [[nodiscard]] bool sees(std::string_view text,
                          std::chrono::milliseconds within = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + within;
    while (true) {
      const std::size_t found = seen_.find(text, from_);
      if (found != std::string::npos) {
        from_ = found + text.size();
        return true;
      }
      if (std::chrono::steady_clock::now() >= end) return false;
      take(20);
    }
  }
  // What came until now is not waited for any more.
  void skip() {
    take();
    from_ = seen_.size();
  }
  // What comes within so long, until it has been quiet, and was not waited for before: bytes as they are.
  [[nodiscard]] std::string burst(std::chrono::milliseconds quiet, std::chrono::milliseconds within) {
    const auto end = std::chrono::steady_clock::now() + within;
    while (seen_.size() == from_ && std::chrono::steady_clock::now() < end)
      take(5);
    for (std::size_t had = from_; had != seen_.size();) {
      had = seen_.size();
      take(static_cast<int>(quiet.count()));
    }
    return seen_.substr(std::exchange(from_, seen_.size()));
  }
  // All that came, from the beginning.
  [[nodiscard]] const std::string& seen() const { return seen_; }
  void take(int patience_ms = 0) {
    pollfd one{near_, POLLIN, 0};
    while (near_ >= 0 && ::poll(&one, 1, patience_ms) > 0) {
      char part[4096];
      const ssize_t got = ::read(near_, part, sizeof part);
      if (got <= 0) {
        if (patience_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(patience_ms));
        return;
      }
      seen_.append(part, static_cast<std::size_t>(got));
      patience_ms = 0;
    }
  }
  [[nodiscard]] unsigned rate_of_line() const {
    termios now{};
    ::tcgetattr(near_, &now);
    switch (::cfgetospeed(&now)) {
      case B9600:
        return 9600;
      case B115200:
        return 115200;
      default:
        return 0;
    }
  }
  [[nodiscard]] termios settings() const {
    termios now{};
    ::tcgetattr(near_, &now);
    return now;
  }

 private:
  unsigned rate_;
  int near_ = -1;
  int far_ = -1;
  std::string name_;
  std::string seen_;
  std::size_t from_ = 0;
};

}  // namespace wayside::doubles
