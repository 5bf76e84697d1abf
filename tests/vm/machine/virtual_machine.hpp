// A virtual machine that runs this machine's programs under a Debian kernel of its own: started, told what to
// do line by line, and cut off at any moment as by a power cut. toolchains/vm.sh --prepare makes what it
// starts from, in build/vm or the folder that WAYSIDE_VM names.
//
// In the guest, everything is where it is on the host, and can be written to without the host's files being
// touched; what the host changes while the guest runs, the guest may not see. It is root there. The disks are
// /dev/vda, /dev/vdb and so on; kernel modules come with modprobe. The processor is emulated, KVM or not:
// some ten times slower than the host, and the same everywhere.
//
// Threads: one. Ownership: the machine ends with its object, and with the process. Failure:
// std::runtime_error with the end of the console where it does not start, or ends or says nothing while it is
// waited for.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/vm/machine/emulator.hpp"

namespace wayside::vm {

struct MachineOptions {
  std::filesystem::path console;             // file that gets what the kernel and programs' stderr say
  std::vector<std::filesystem::path> disks;  // raw images
  unsigned memory_mib = 512;
  std::vector<std::string> more{};  // further words for qemu: a USB camera, a network
  std::string kernel_words{};       // as a loader gives them
  bool systemd = false;  // runs the guest, up to basic.target; this machine's own services are not started
};

struct Outcome {
  int exit_code = 0;
  std::vector<std::string> lines;  // of its standard output
};

class VirtualMachine {
 public:
  // What this machine lacks to run one, with what to do; empty: nothing.
  [[nodiscard]] static std::string missing();

  // Returns when the guest takes commands.
  explicit VirtualMachine(const MachineOptions& options);

  // One line for the guest's shell, to its end.
  Outcome run(const std::string& command, std::chrono::seconds limit = std::chrono::minutes(5));

  // The same, not waiting: next_line() gives what it prints, say() is its standard input.
  void start(const std::string& command);
  // Nothing: the command has ended (exit_code() says how), the machine was cut off and all it ever said was
  // given, or the time has passed.
  [[nodiscard]] std::optional<std::string> next_line(std::chrono::milliseconds limit);
  [[nodiscard]] std::optional<int> exit_code() const { return exit_code_; }
  void say(const std::string& line);

  // True: it was switched off, or restarted, by itself, within the time; nothing runs any more.
  [[nodiscard]] bool ends(std::chrono::seconds limit) { return emulator_.ends(limit); }

  // The power is gone: what the guest had not written to its disks by now it never will. What it had is in
  // the images, flushed or not, since the host lives on.
  void cut_power() { emulator_.cut_power(); }

 private:
  [[nodiscard]] std::string told(const std::string& what) const;
  bool receive(std::chrono::steady_clock::time_point until);

  std::filesystem::path console_;
  Emulator emulator_;
  std::string heard_;  // and not yet given
  std::optional<int> exit_code_;
};

// What the command says there; a std::runtime_error with it where the command fails.
std::string must(VirtualMachine& machine, const std::string& command);

}  // namespace wayside::vm
