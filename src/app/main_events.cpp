#include "src/app/main_events.hpp"

#include <array>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace wayside::app {

namespace {

constexpr std::array<int, 2> caught = {SIGTERM, SIGINT};

// A handler has no other way to its object.
std::atomic<int> signal_fd{-1};
static_assert(std::atomic<int>::is_always_lock_free);

// A signal that came while nobody waited, for the object that comes next.
bool untaken = false;

void post(int fd) {
  const std::uint64_t one = 1;
  // Fails only where the count would overflow, and then there is something to read already.
  [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof one);
}

bool take(int fd) {
  std::uint64_t count = 0;
  return ::read(fd, &count, sizeof count) == sizeof count;
}

extern "C" void on_signal(int) {
  const int before = errno;
  post(signal_fd.load());
  errno = before;
}

void set_handlers(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  for (const int signal : caught)
    ::sigaction(signal, &action, nullptr);
}

}  // namespace

MainEvents::MainEvents()
    : signals_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      flow_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      woken_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  assert(signals_ >= 0 && flow_ >= 0 && woken_ >= 0 && signal_fd.load() == -1);
  signal_fd = signals_;
  set_handlers(on_signal);
  told_to_end_ = std::exchange(untaken, false);
}

MainEvents::~MainEvents() {
  set_handlers(SIG_DFL);
  signal_fd = -1;
  untaken = take(signals_);
  ::close(signals_);
  ::close(flow_);
  ::close(woken_);
}

void MainEvents::flow_finished() {
  post(flow_);
}

void MainEvents::wake() {
  post(woken_);
}

void MainEvents::wait(std::chrono::milliseconds limit) {
  std::array<pollfd, 3> watched{pollfd{signals_, POLLIN, 0}, pollfd{flow_, POLLIN, 0},
                                pollfd{woken_, POLLIN, 0}};
  if (::poll(watched.data(), watched.size(), static_cast<int>(limit.count())) <= 0) return;
  told_to_end_ = take(signals_) || told_to_end_;
  finished_ = take(flow_) || finished_;
  static_cast<void>(take(woken_));
}

}  // namespace wayside::app
