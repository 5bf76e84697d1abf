#include "tests/vm/machine/emulator.hpp"

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace wayside::vm {

Emulator::Emulator(const Words& words) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw std::runtime_error("no socket pair for the emulator");
  std::vector<std::string> all = words(ends[1]);
  std::vector<char*> argv;
  for (std::string& word : all)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::fcntl(ends[1], F_SETFD, 0);  // this one it is to have
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  socket_ = ends[0];
  if (process_ < 0) {
    ::close(socket_);
    throw std::runtime_error("the emulator cannot be started");
  }
}

Emulator::~Emulator() {
  cut_power();
  ::close(socket_);
}

std::chrono::nanoseconds Emulator::worked() const {
  std::chrono::nanoseconds sum{0};
  std::error_code gone;
  std::filesystem::directory_iterator threads("/proc/" + std::to_string(process_) + "/task", gone);
  for (; !gone && threads != std::filesystem::directory_iterator(); threads.increment(gone)) {
    // The first deals with the outside.
    if (threads->path().filename() == std::to_string(process_)) continue;
    std::ifstream in(threads->path() / "schedstat");
    std::int64_t ran = 0, waited = 0;
    if (in >> ran >> waited) sum += std::chrono::nanoseconds(ran + waited);
  }
  return sum;
}

bool Emulator::ends(std::chrono::seconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (process_ > 0 && std::chrono::steady_clock::now() < until) {
    if (::waitpid(process_, nullptr, WNOHANG) == process_) process_ = -1;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return process_ <= 0;
}

void Emulator::cut_power() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

}  // namespace wayside::vm
