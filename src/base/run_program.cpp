#include "wayside/base/run_program.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wayside/base/json_text.hpp"

extern char** environ;

namespace wayside {

namespace {

constexpr std::size_t most_kept = 65'536;

struct Pipe {
  Pipe() {
    if (::pipe2(ends, O_CLOEXEC) != 0) ends[0] = ends[1] = -1;
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close(0);
    close(1);
  }
  void close(int end) {
    if (ends[end] >= 0) ::close(std::exchange(ends[end], -1));
  }
  int ends[2] = {-1, -1};
};

class FileActions {
 public:
  FileActions(int out, int error) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, error, STDERR_FILENO);
  }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

// Cuts what comes into lines.
class Lines {
 public:
  explicit Lines(std::function<void(std::string_view)> on_line) : on_line_(std::move(on_line)) {}
  void add(std::string_view text) {
    for (const char c : text) {
      if (c != '\n') held_ += c;
      if (c == '\n' || held_.size() >= most_kept) flush();
    }
  }
  void flush() {
    if (held_.empty()) return;
    on_line_(held_);
    held_.clear();
  }

 private:
  std::function<void(std::string_view)> on_line_;
  std::string held_;
};

using Heard = std::function<void(std::string_view)>;

// Reads both until they end or the time is over. False: it is over.
bool read_all(int out, int error, std::chrono::steady_clock::time_point until, const Heard& on_out,
              const Heard& on_error) {
  std::array<pollfd, 2> waits = {pollfd{out, POLLIN, 0}, pollfd{error, POLLIN, 0}};
  std::array<char, 4096> buffer;
  while (waits[0].fd >= 0 || waits[1].fd >= 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    const int slice = static_cast<int>(std::min<std::int64_t>(left.count(), 60'000));
    if (::poll(waits.data(), waits.size(), slice) < 0 && errno != EINTR) return false;
    for (std::size_t i = 0; i < waits.size(); ++i) {
      if (waits[i].fd < 0 || waits[i].revents == 0) continue;
      const ssize_t got = ::read(waits[i].fd, buffer.data(), buffer.size());
      if (got > 0) {
        (i == 0 ? on_out : on_error)({buffer.data(), static_cast<std::size_t>(got)});
      } else if (got == 0 || errno != EINTR) {
        waits[i].fd = -1;  // poll() passes it over
      }
    }
  }
  return true;
}

int wait_for(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Result<ProgramEnd> run_program(const std::vector<std::string>& words, std::chrono::milliseconds limit,
                               const std::function<void(std::string_view)>& on_line) {
  const auto until = std::chrono::steady_clock::now() + limit;
  Pipe out;
  Pipe error;
  std::vector<char*> arguments;
  for (const std::string& word : words)
    arguments.push_back(const_cast<char*>(word.c_str()));  // posix_spawn() takes them so, and leaves them
  arguments.push_back(nullptr);
  pid_t process = -1;
  int failed = out.ends[0] < 0 || error.ends[0] < 0 ? errno : 0;
  if (failed == 0) {
    const FileActions files(out.ends[1], error.ends[1]);
    failed = ::posix_spawn(&process, arguments[0], files.get(), nullptr, arguments.data(), environ);
  }
  if (failed != 0) {
    return fail(
        failed == ENOENT ? ErrorCode::not_found : ErrorCode::io,
        fmt::format("{} could not be started: {}", json_escape(words.front()), std::strerror(failed)));
  }
  out.close(1);
  error.close(1);
  ProgramEnd end;
  std::string last_out;
  Lines out_lines([&](std::string_view line) {
    last_out = std::string(line);
    if (on_line) on_line(line);
  });
  Lines error_lines([&](std::string_view line) { end.complaint = std::string(line); });
  const auto hear_out = [&](std::string_view text) {
    end.said.append(text.substr(0, most_kept - end.said.size()));
    out_lines.add(text);
  };
  const bool in_time = read_all(out.ends[0], error.ends[0], until, hear_out,
                                [&](std::string_view text) { error_lines.add(text); });
  if (!in_time) ::kill(process, SIGKILL);
  end.code = wait_for(process);
  if (!in_time)
    return fail(ErrorCode::unavailable,
                fmt::format("{} did not end in time, and was ended", json_escape(words.front())));
  out_lines.flush();
  error_lines.flush();
  if (end.complaint.empty()) end.complaint = std::move(last_out);
  return end;
}

}  // namespace wayside
