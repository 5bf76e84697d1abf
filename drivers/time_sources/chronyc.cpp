#include "drivers/time_sources/chronyc.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wayside/base/json_text.hpp"

namespace wayside::time_sources {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t longest_answer = 1024;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  [[nodiscard]] int get() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

// A program that was started: ended and waited for, whatever becomes of its answer.
class Started {
 public:
  explicit Started(pid_t pid) : pid_(pid) {}
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;
  ~Started() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    (void)status();
  }
  // Waits until it has ended.
  int status() {
    int said = 0;
    while (::waitpid(pid_, &said, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return said;
  }

 private:
  pid_t pid_;
};

// False where it took longer than until then.
bool read_until(int from, Clock::time_point until, std::string& answer) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return false;
    pollfd waits{from, POLLIN, 0};
    const int ready = ::poll(&waits, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    std::array<char, 512> part{};
    const ssize_t got = ::read(from, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    // What is too long is read to its end, so that the program can end, and not kept.
    if (answer.size() <= longest_answer) answer.append(part.data(), static_cast<std::size_t>(got));
  }
}

Result<std::string> output_of(const std::filesystem::path& program, Clock::time_point until) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return fail(ErrorCode::io, fmt::format("chronyc could not be started: {}", std::strerror(errno)));
  const Descriptor ours(ends[0]);
  Descriptor theirs(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::string name = program.string();
  std::string numeric = "-n";
  std::string commas = "-c";
  std::string command = "tracking";
  std::array<char*, 5> arguments = {name.data(), numeric.data(), commas.data(), command.data(), nullptr};
  std::array<char*, 1> environment = {nullptr};
  pid_t pid = 0;
  const int refused =
      ::posix_spawn(&pid, name.c_str(), &actions, nullptr, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  if (refused != 0) {
    return fail(refused == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                fmt::format("{} could not be started: {}; is chrony installed?", json_escape(name),
                            std::strerror(refused)));
  }
  Started started(pid);
  theirs.close();
  std::string answer;
  if (!read_until(ours.get(), until, answer))
    return fail(ErrorCode::unavailable, "chronyc gave no answer in time; is chronyd running?");
  const int status = started.status();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return fail(ErrorCode::unavailable, "chronyc could not reach chronyd; is it running?");
  return answer;
}

}  // namespace

Result<Discipline> ask_chrony(const std::filesystem::path& chronyc, std::chrono::milliseconds limit) {
  const auto answer = output_of(chronyc, Clock::now() + limit);
  if (!answer) return fail(answer.error());
  return discipline_from_tracking(*answer);
}

}  // namespace wayside::time_sources
