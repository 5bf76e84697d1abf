#include "drivers/libcamera_source/capture_process.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace wayside::libcamera_source {

namespace {

constexpr std::chrono::milliseconds end_limit{2000};

class FileActions {
 public:
  FileActions() { ::posix_spawn_file_actions_init(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  [[nodiscard]] posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

// Signals as a program finds them at its start, whatever this process does with its own.
class Attributes {
 public:
  Attributes() {
    ::posix_spawnattr_init(&attributes_);
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    ::sigaddset(&signals, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

}  // namespace

Result<CaptureProcess> CaptureProcess::start(const CaptureProgram& program,
                                             const capture_link::Channel& link) {
  std::string path = program.path;
  std::vector<std::string> arguments = program.arguments;
  std::vector<char*> words{path.data()};
  for (std::string& argument : arguments)
    words.push_back(argument.data());
  words.push_back(nullptr);
  // libcamera's own log, unless somebody asked for more of it. The later of two words of one name counts for
  // nothing.
  std::string warnings = "LIBCAMERA_LOG_LEVELS=*:WARN";
  std::vector<char*> settings;
  for (char** setting = environ; *setting != nullptr; ++setting) {
    if (std::strncmp(*setting, "LIBCAMERA_", 10) == 0) settings.push_back(*setting);
  }
  settings.push_back(warnings.data());
  settings.push_back(nullptr);
  // dup2 to its own number would leave the descriptor closed on exec.
  const Descriptor elsewhere(::fcntl(link.descriptor(), F_DUPFD_CLOEXEC, link_descriptor + 1));
  FileActions files;
  ::posix_spawn_file_actions_addopen(files.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(files.get(), STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(files.get(), elsewhere.get(), link_descriptor);
  ::posix_spawn_file_actions_addclosefrom_np(files.get(), link_descriptor + 1);
  const Attributes attributes;
  pid_t process = -1;
  const int failed =
      ::posix_spawn(&process, path.c_str(), files.get(), attributes.get(), words.data(), settings.data());
  if (failed != 0) {
    return fail(ErrorCode::io,
                fmt::format("cannot start {}: {}; it belongs beside waysided", path, std::strerror(failed)));
  }
  return CaptureProcess(process);
}

CaptureProcess::~CaptureProcess() {
  if (process_ <= 0) return;
  kill();
  static_cast<void>(ended(end_limit));
}

void CaptureProcess::kill() {
  if (process_ > 0) ::kill(process_, SIGKILL);
}

std::optional<std::string> CaptureProcess::ended(std::chrono::milliseconds limit) {
  if (process_ <= 0) return "has ended";
  if (limit.count() > 0) {
    const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, process_, 0)));
    pollfd end{process.get(), POLLIN, 0};
    ::poll(&end, 1, static_cast<int>(limit.count()));
  }
  int status = 0;
  const pid_t done = ::waitpid(process_, &status, WNOHANG);
  if (done == 0 || (done < 0 && errno == EINTR)) return std::nullopt;
  process_ = -1;
  if (done < 0) return "has ended";
  if (WIFSIGNALED(status)) return fmt::format("was ended by signal {}", WTERMSIG(status));
  return fmt::format("ended with exit code {}", WEXITSTATUS(status));
}

}  // namespace wayside::libcamera_source
