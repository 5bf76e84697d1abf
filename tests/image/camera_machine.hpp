// A camera's image in an emulated board, with its serial line for a keyboard and a screen: what was built is
// started as a camera starts, loader and all, and can be cut off at any moment as by a power cut.
// toolchains/image.sh makes the image, in build/image/qemu-virt or the folder that WAYSIDE_IMAGE names.
//
// The processor is emulated, some ten times slower than the host. Its network has a router that gives it
// 10.0.2.15; the host is 10.0.2.2 there, and nobody outside reaches it.
//
// Threads: one. Ownership: the machine ends with its object, and with the process. Failure:
// std::runtime_error where it cannot be started.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "tests/vm/machine/emulator.hpp"

namespace wayside::image {

// Where wayside.img and u-boot.bin lie.
[[nodiscard]] std::filesystem::path image_folder();

// What this machine lacks to run one, with what to do; empty: nothing.
[[nodiscard]] std::string missing();

struct CameraMachineOptions {
  std::filesystem::path usb;  // where a vm::UsbCamera is plugged in; empty: there is no USB
  std::filesystem::path
      neighbour;  // a second host's network socket is this, the machine's this with ".machine"
  unsigned memory_mib = 1024;
  // Emulated, two that have to agree on each page of memory take twice the host's time.
  unsigned processors = 1;
  // As boards are that give the kernel a seed. It then keeps page tables to itself, which an emulator is
  // slow at.
  bool random_addresses = false;
  std::vector<std::string> more;  // further words for qemu
};

class CameraMachine {
 public:
  explicit CameraMachine(const std::filesystem::path& disk, const CameraMachineOptions& options = {});

  // False: the line did not say so within the time, in which alone it is listened to. What it said up to
  // there is given in said().
  [[nodiscard]] bool says(const std::string& text, std::chrono::milliseconds limit);
  void type(const std::string& text);

  // Since the last text that was waited for.
  [[nodiscard]] const std::string& said() const { return said_; }

  // Looks at it for so long. True: its processors had hardly anything to do, whatever else the host does.
  [[nodiscard]] bool idle(std::chrono::milliseconds during) const;

  [[nodiscard]] const vm::Emulator& emulator() const { return emulator_; }

  // That its processors have executed, where WAYSIDE_COUNT_INSTRUCTIONS is set; they are slower then.
  [[nodiscard]] std::optional<std::uint64_t> instructions() const;

  // The power is gone; what the guest had flushed is in the image.
  void cut_power() { emulator_.cut_power(); }

 private:
  vm::Emulator emulator_;
  std::filesystem::path disk_;
  std::ofstream log_;  // beside the disk, to be looked at while a long test runs
  std::string heard_;
  std::string said_;
};

}  // namespace wayside::image
