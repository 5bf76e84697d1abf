#include "tests/image/camera_machine.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace wayside::image {

namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr const char* qemu = "qemu-system-aarch64";

std::vector<std::string> command_line(const fs::path& disk, int line) {
  return {qemu, "-nodefaults", "-no-user-config", "-display", "none", "-machine", "virt,gic-version=3",
          "-accel", "tcg,thread=multi", "-cpu", "cortex-a72", "-smp", "2", "-m", "1024", "-bios",
          (image_folder() / "u-boot.bin").string(), "-drive",
          "if=pflash,unit=1,format=raw,readonly=on,file=" + (image_folder() / "u-boot-env.bin").string(),
          // As the virtual machine's disks: a cache that forgets, on a host that is never cut off.
          "-drive", "if=virtio,format=raw,cache=unsafe,file=" + disk.string(), "-netdev", "user,id=net",
          "-device", "virtio-net-pci,netdev=net,romfile=", "-device", "virtio-rng-pci", "-device", "i6300esb",
          "-chardev", "socket,id=line,fd=" + std::to_string(line), "-serial", "chardev:line"};
}

}  // namespace

fs::path image_folder() {
  if (const char* named = std::getenv("WAYSIDE_IMAGE")) return named;
  const char* source = std::getenv("WAYSIDE_SOURCE_DIR");
  return fs::path(source == nullptr ? "." : source) / "build" / "image" / "qemu-virt";
}

std::string missing() {
  if (std::system("command -v qemu-system-aarch64 mkenvimage >/dev/null 2>&1") != 0)
    return "qemu-system-aarch64 or mkenvimage is not installed: run toolchains/image.sh";
  for (const char* file : {"wayside.img", "u-boot.bin", "u-boot-env.bin"}) {
    if (!fs::exists(image_folder() / file))
      return (image_folder() / file).string() + " is not there: run toolchains/image.sh";
  }
  return {};
}

CameraMachine::CameraMachine(const fs::path& disk) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw std::runtime_error("no socket pair for the camera's serial line");
  std::vector<std::string> words = command_line(disk, ends[1]);
  std::vector<char*> argv;
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::fcntl(ends[1], F_SETFD, 0);  // this one qemu is to have
    ::execvp(qemu, argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  line_ = ends[0];
  if (process_ < 0) throw std::runtime_error("the camera's machine cannot be started");
}

CameraMachine::~CameraMachine() {
  cut_power();
  ::close(line_);
}

bool CameraMachine::says(const std::string& text, std::chrono::seconds limit) {
  const auto until = steady_clock::now() + limit;
  for (;;) {
    if (const std::size_t at = heard_.find(text); at != std::string::npos) {
      said_ = heard_.substr(0, at);
      heard_.erase(0, at + text.size());
      return true;
    }
    said_ = heard_;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now()).count();
    pollfd readable{line_, POLLIN, 0};
    if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left)) != 1) return false;
    char part[4096];
    const ssize_t got = ::recv(line_, part, sizeof part, 0);
    if (got <= 0) return false;
    heard_.append(part, static_cast<std::size_t>(got));
  }
}

void CameraMachine::type(const std::string& text) {
  if (::send(line_, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("the camera's serial line takes no more input");
}

void CameraMachine::cut_power() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

}  // namespace wayside::image
