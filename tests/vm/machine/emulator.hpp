// QEMU as a child of the test: it ends with its object and with the process, and can be cut off at any moment
// as by a power cut. A stream socket joins the two, for what a machine has there: a serial line, a port.
//
// Threads: one. Failure: std::runtime_error where it cannot be started.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace wayside::vm {

class Emulator {
 public:
  // The program and its words, given the descriptor of the socket's end that the emulator gets.
  using Words = std::function<std::vector<std::string>(int socket)>;
  explicit Emulator(const Words& words);
  Emulator(const Emulator&) = delete;
  Emulator& operator=(const Emulator&) = delete;
  ~Emulator();

  [[nodiscard]] int socket() const { return socket_; }

  // What it has computed, and waited for one of the host's processors to compute, on the threads that are the
  // guest's processors. Zero: it does not run.
  [[nodiscard]] std::chrono::nanoseconds worked() const;

  // True: it ended by itself within the time; nothing runs any more.
  [[nodiscard]] bool ends(std::chrono::seconds limit);
  void cut_power();

 private:
  pid_t process_ = -1;
  int socket_ = -1;
};

}  // namespace wayside::vm
