// The process that captures: started, ended, and waited for without ever standing still for it.
//
// Threads: one. Ownership: the process ends with its object. Failure: one that cannot be started is an Error;
// one that does not end though it was killed (it hangs in a driver) stays "ending".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "drivers/capture_link/channel.hpp"

namespace wayside::libcamera_source {

// Its descriptor of the link to the daemon.
inline constexpr int link_descriptor = 3;

struct CaptureProgram {
  std::string path;
  std::vector<std::string> arguments;
};

class CaptureProcess {
 public:
  // Started with nothing of ours but standard error, the link and the environment's words for libcamera.
  [[nodiscard]] static Result<CaptureProcess> start(const CaptureProgram& program,
                                                    const capture_link::Channel& link);
  CaptureProcess(CaptureProcess&& other) noexcept : process_(std::exchange(other.process_, -1)) {}
  CaptureProcess& operator=(CaptureProcess&&) = delete;
  ~CaptureProcess();

  void kill();
  // How it ended, in words, once it has: "ended with exit code 1", "was ended by signal 11". Then the object
  // is done with. Waits for it no longer than limit.
  [[nodiscard]] std::optional<std::string> ended(std::chrono::milliseconds limit = {});
  [[nodiscard]] pid_t id() const { return process_; }

 private:
  explicit CaptureProcess(pid_t process) : process_(process) {}
  pid_t process_ = -1;
};

}  // namespace wayside::libcamera_source
