// A camera's image in an emulated board, with its serial line for a keyboard and a screen: what was built is
// started as a camera starts, loader and all, and can be cut off at any moment as by a power cut.
// toolchains/image.sh makes the image, in build/image/qemu-virt or the folder that WAYSIDE_IMAGE names.
//
// The processor is emulated, some ten times slower than the host.
//
// Threads: one. Ownership: the machine ends with its object, and with the process. Failure:
// std::runtime_error where it cannot be started.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include <sys/types.h>

namespace wayside::image {

// Where wayside.img and u-boot.bin lie.
[[nodiscard]] std::filesystem::path image_folder();

// What this machine lacks to run one, with what to do; empty: nothing.
[[nodiscard]] std::string missing();

class CameraMachine {
 public:
  explicit CameraMachine(const std::filesystem::path& disk);
  CameraMachine(const CameraMachine&) = delete;
  CameraMachine& operator=(const CameraMachine&) = delete;
  ~CameraMachine();

  // False: the line did not say so within the time. What it said up to there is given in said().
  [[nodiscard]] bool says(const std::string& text, std::chrono::seconds limit);
  void type(const std::string& text);

  // Since the last text that was waited for.
  [[nodiscard]] const std::string& said() const { return said_; }

  // The power is gone; what the guest had flushed is in the image.
  void cut_power();

 private:
  pid_t process_ = -1;
  int line_ = -1;
  std::string heard_;
  std::string said_;
};

}  // namespace wayside::image
