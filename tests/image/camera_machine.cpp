#include "tests/image/camera_machine.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <vector>

#include <poll.h>
#include <sys/socket.h>

#include "tests/vm/machine/usb_camera.hpp"

namespace wayside::image {

namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr const char* qemu = "qemu-system-aarch64";

std::vector<std::string> network_words(const fs::path& neighbour) {
  if (neighbour.empty()) return {"-netdev", "user,id=net"};
  return {"-netdev",
          "user,id=router",
          "-netdev",
          "hubport,hubid=0,id=net",
          "-netdev",
          "hubport,hubid=0,id=to-router,netdev=router",
          "-netdev",
          "dgram,id=neighbour,local.type=unix,local.path=" + neighbour.string() +
              ".machine,remote.type=unix,remote.path=" + neighbour.string(),
          "-netdev",
          "hubport,hubid=0,id=to-neighbour,netdev=neighbour"};
}

fs::path count_of(const fs::path& disk) {
  return disk.string() + ".count";
}

bool is_counted() {
  return std::getenv("WAYSIDE_COUNT_INSTRUCTIONS") != nullptr;
}

std::vector<std::string> counting_words(const fs::path& disk) {
  if (!is_counted()) return {};
  const fs::path plugin = fs::path(std::getenv("WAYSIDE_BINARY_DIR")) / "tests" / "count_instructions.so";
  return {"-plugin", plugin.string() + ",counts=" + count_of(disk).string()};
}

std::vector<std::string> command_line(const fs::path& disk, const CameraMachineOptions& options, int line) {
  // What is counted is a board's work.
  const std::string random = options.random_addresses || is_counted() ? "on" : "off";
  std::vector<std::string> words = {
      qemu, "-nodefaults", "-no-user-config", "-display", "none", "-machine",
      "virt,gic-version=3,dtb-randomness=" + random, "-accel", "tcg,thread=multi", "-cpu", "cortex-a72",
      "-smp", std::to_string(options.processors), "-m", std::to_string(options.memory_mib), "-bios",
      (image_folder() / "u-boot.bin").string(), "-drive",
      "if=pflash,unit=1,format=raw,readonly=on,file=" + (image_folder() / "u-boot-env.bin").string(),
      // As the virtual machine's disks: a cache that forgets, on a host that is never cut off.
      "-drive", "if=virtio,format=raw,cache=unsafe,file=" + disk.string(), "-device",
      "virtio-net-pci,netdev=net,romfile=", "-device", "virtio-rng-pci", "-device", "i6300esb", "-chardev",
      "socket,id=line,fd=" + std::to_string(line), "-serial", "chardev:line"};
  for (const auto& part : {network_words(options.neighbour),
                           options.usb.empty() ? std::vector<std::string>{} : vm::usb_words(options.usb),
                           counting_words(disk), options.more})
    words.insert(words.end(), part.begin(), part.end());
  return words;
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

CameraMachine::CameraMachine(const fs::path& disk, const CameraMachineOptions& options)
    : emulator_([&](int line) { return command_line(disk, options, line); }),
      disk_(disk),
      log_(disk.string() + ".line", std::ios::app | std::ios::binary) {}

bool CameraMachine::idle(std::chrono::milliseconds during) const {
  // One of its processors at work computes all the time, or waits for one of the host's.
  constexpr double at_work = 0.7;
  const auto before = emulator_.worked();
  const auto begin = steady_clock::now();
  std::this_thread::sleep_for(during);
  const std::chrono::duration<double> passed = steady_clock::now() - begin;
  return std::chrono::duration<double>(emulator_.worked() - before) < at_work * passed;
}

std::optional<std::uint64_t> CameraMachine::instructions() const {
  constexpr std::size_t numbers_a_processor = 8;
  std::ifstream in(count_of(disk_), std::ios::binary);
  std::optional<std::uint64_t> sum;
  for (std::uint64_t numbers[numbers_a_processor] = {};
       in.read(reinterpret_cast<char*>(numbers), sizeof numbers);)
    sum = sum.value_or(0) + numbers[0];
  return sum;
}

bool CameraMachine::says(const std::string& text, std::chrono::milliseconds limit) {
  const auto until = steady_clock::now() + limit;
  for (;;) {
    if (const std::size_t at = heard_.find(text); at != std::string::npos) {
      said_ = heard_.substr(0, at);
      heard_.erase(0, at + text.size());
      return true;
    }
    said_ = heard_;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now()).count();
    pollfd readable{emulator_.socket(), POLLIN, 0};
    if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left)) != 1) return false;
    char part[4096];
    const ssize_t got = ::recv(emulator_.socket(), part, sizeof part, 0);
    if (got <= 0) return false;
    heard_.append(part, static_cast<std::size_t>(got));
    log_.write(part, got).flush();
  }
}

void CameraMachine::type(const std::string& text) {
  if (::send(emulator_.socket(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("the camera's serial line takes no more input");
}

}  // namespace wayside::image
