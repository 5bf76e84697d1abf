#include "tests/vm/machine/virtual_machine.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wayside::vm {

namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr const char* qemu = "qemu-system-x86_64";
// An emulated machine takes some seconds to start; on a host that is busy ten times as long.
constexpr std::chrono::minutes start_limit(5);

fs::path folder() {
  if (const char* named = std::getenv("WAYSIDE_VM")) return named;
  const char* source = std::getenv("WAYSIDE_SOURCE_DIR");
  return fs::path(source == nullptr ? "." : source) / "build" / "vm";
}

bool can_be_started(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string one; std::getline(folders, one, ':');) {
    if (::access((fs::path(one) / program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

std::vector<std::string> command_line(const MachineOptions& options, int port) {
  const fs::path from = folder();
  // no_timer_check: where the host is busy, the kernel counts too few ticks of its timer, and panics.
  std::string kernel_words =
      "console=ttyS0 quiet panic=-1 no_timer_check nokaslr apparmor=0 vm.folder=" + from.string();
  // The host's disks are not here, and what else it starts is nobody's business here.
  if (options.systemd)
    kernel_words += " vm.systemd fstab=no systemd.gpt_auto=no net.ifnames=0 systemd.unit=basic.target";
  if (!options.kernel_words.empty()) kernel_words += " " + options.kernel_words;
  const std::pair<const char*, std::string> words_with_values[] = {
      // No KVM, though there may be one: nested in another hypervisor, guests hang on it.
      {"-accel", "tcg,thread=multi"},
      {"-cpu", "max"},
      {"-m", std::to_string(options.memory_mib)},
      {"-display", "none"},
      {"-kernel", (from / "vmlinux").string()},
      {"-initrd", (from / "initramfs").string()},
      {"-append", kernel_words},
      {"-serial", "file:" + options.console.string()},
      {"-virtfs", "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap"},
      {"-device", "virtio-rng-pci"},
      {"-device", "virtio-serial-pci"},
      {"-chardev", "socket,id=commands,fd=" + std::to_string(port)},
      {"-device", "virtserialport,chardev=commands,name=commands"},
  };
  std::vector<std::string> words{qemu, "-nodefaults", "-no-user-config", "-no-reboot"};
  for (const auto& [word, value] : words_with_values)
    words.insert(words.end(), {word, value});
  // The guest sees disks with a cache that forgets, and so has to flush; the host need not wait for its own
  // disk then, since only the guest is ever cut off.
  for (const fs::path& disk : options.disks)
    words.insert(words.end(), {"-drive", "if=virtio,format=raw,cache=unsafe,file=" + disk.string()});
  words.insert(words.end(), options.more.begin(), options.more.end());
  return words;
}

}  // namespace

std::string VirtualMachine::missing() {
  std::string what;
  if (!can_be_started(qemu)) what = std::string(qemu) + " is not installed";
  for (const char* file : {"vmlinux", "initramfs", "version"}) {
    if (what.empty() && !fs::exists(folder() / file)) what = (folder() / file).string() + " is not there";
  }
  return what.empty() ? what : what + ": run toolchains/vm.sh --prepare";
}

VirtualMachine::VirtualMachine(const MachineOptions& options)
    : console_(options.console), emulator_([&](int port) { return command_line(options, port); }) {
  const auto until = steady_clock::now() + start_limit;
  while (heard_.find("@ready\n") == std::string::npos) {
    if (!receive(until)) throw std::runtime_error(told("the virtual machine does not start"));
  }
  heard_.erase(0, heard_.find("@ready\n") + 7);
}

Outcome VirtualMachine::run(const std::string& command, std::chrono::seconds limit) {
  const auto until = steady_clock::now() + limit;
  start(command);
  Outcome outcome;
  while (auto line =
             next_line(std::chrono::duration_cast<std::chrono::milliseconds>(until - steady_clock::now())))
    outcome.lines.push_back(std::move(*line));
  if (!exit_code_) throw std::runtime_error(told("\"" + command + "\" did not end"));
  outcome.exit_code = *exit_code_;
  return outcome;
}

void VirtualMachine::start(const std::string& command) {
  exit_code_.reset();
  say(command);
}

std::optional<std::string> VirtualMachine::next_line(std::chrono::milliseconds limit) {
  if (exit_code_) return std::nullopt;
  const auto until = steady_clock::now() + limit;
  std::size_t end = 0;
  while ((end = heard_.find('\n')) == std::string::npos) {
    if (!receive(until)) return std::nullopt;
  }
  // A program need not end its last line.
  const std::size_t mark = std::min(heard_.find("@exit "), end);
  const bool ends = mark < end;
  if (ends && mark == 0) {
    exit_code_ = std::atoi(heard_.c_str() + 6);
    heard_.erase(0, end + 1);
    return std::nullopt;
  }
  std::string line = heard_.substr(0, mark);
  heard_.erase(0, ends ? mark : end + 1);
  return line;
}

void VirtualMachine::say(const std::string& line) {
  const std::string whole = line + "\n";
  if (::send(emulator_.socket(), whole.data(), whole.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(whole.size()))
    throw std::runtime_error(told("the virtual machine takes no more input"));
}

bool VirtualMachine::receive(steady_clock::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - steady_clock::now());
  pollfd readable{emulator_.socket(), POLLIN, 0};
  if (::poll(&readable, 1, std::max(0, static_cast<int>(left.count()))) != 1) return false;
  char part[4096];
  const ssize_t got = ::recv(emulator_.socket(), part, sizeof part, 0);
  if (got <= 0) return false;
  heard_.append(part, static_cast<std::size_t>(got));
  return true;
}

std::string VirtualMachine::told(const std::string& what) const {
  std::ifstream in(console_);
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  return what + "; its console ends with:\n" +
         all.substr(all.size() - std::min<std::size_t>(all.size(), 2000));
}

std::string must(VirtualMachine& machine, const std::string& command) {
  const Outcome outcome = machine.run("{ " + command + "; } 2>&1");
  std::string said;
  for (const std::string& line : outcome.lines)
    said += line + "\n";
  if (outcome.exit_code != 0) throw std::runtime_error("in the guest, " + command + " failed:\n" + said);
  return said;
}

}  // namespace wayside::vm
