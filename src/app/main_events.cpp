#include "src/app/main_events.hpp"

#include <array>
#include <cassert>
#include <csignal>
#include <cstdint>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace wayside::app {

MainEvents::MainEvents() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  flow_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  assert(signals_ >= 0 && flow_ >= 0);
}

MainEvents::~MainEvents() {
  ::close(signals_);
  ::close(flow_);
}

void MainEvents::flow_finished() {
  const std::uint64_t one = 1;
  const ssize_t written = ::write(flow_, &one, sizeof one);
  assert(written == sizeof one);
  static_cast<void>(written);
}

void MainEvents::wait(std::chrono::milliseconds limit) {
  std::array<pollfd, 2> watched{pollfd{signals_, POLLIN, 0}, pollfd{flow_, POLLIN, 0}};
  if (::poll(watched.data(), watched.size(), static_cast<int>(limit.count())) <= 0) return;
  signalfd_siginfo signal{};
  if ((watched[0].revents & POLLIN) != 0 && ::read(signals_, &signal, sizeof signal) == sizeof signal) {
    told_to_end_ = true;
  }
  std::uint64_t ignored = 0;
  if ((watched[1].revents & POLLIN) != 0 && ::read(flow_, &ignored, sizeof ignored) == sizeof ignored) {
    finished_ = true;
  }
}

}  // namespace wayside::app
