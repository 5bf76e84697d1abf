#include "wayside/base/program_output.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wayside/base/json_text.hpp"

namespace wayside {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t longest_answer = 65'536;

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
    static_cast<void>(status());
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
bool read_until(int from, SteadyClock::time_point until, std::string& answer) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - SteadyClock::now()).count();
    if (left <= 0) return false;
    pollfd waits{from, POLLIN, 0};
    const int ready = ::poll(&waits, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    std::array<char, 4096> part{};
    const ssize_t got = ::read(from, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    // What is too long is read to its end, so that the program can end, and not kept.
    if (answer.size() < longest_answer)
      answer.append(part.data(), std::min(static_cast<std::size_t>(got), longest_answer - answer.size()));
  }
}

}  // namespace

Result<ProgramOutput> output_of_program(std::vector<std::string> words, std::chrono::milliseconds limit,
                                        ProgramComplaints complaints) {
  const SteadyClock::time_point until = SteadyClock::now() + limit;
  const auto not_started = [&](int why) {
    return fail(why == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                fmt::format("{} could not be started: {}", json_escape(words.front()), std::strerror(why)));
  };
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return not_started(errno);
  const Descriptor ours(ends[0]);
  Descriptor theirs(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (complaints == ProgramComplaints::dropped)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<char*> arguments;
  for (std::string& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::array<char*, 1> environment = {nullptr};
  pid_t pid = 0;
  const int refused =
      ::posix_spawn(&pid, words.front().c_str(), &actions, nullptr, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  if (refused != 0) return not_started(refused);
  Started started(pid);
  theirs.close();
  ProgramOutput output;
  if (!read_until(ours.get(), until, output.said))
    return fail(ErrorCode::unavailable, fmt::format("{} gave no answer in time", json_escape(words.front())));
  const int status = started.status();
  output.well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return output;
}

}  // namespace wayside
