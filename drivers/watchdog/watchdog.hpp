// The machine's hardware watchdog: it restarts the machine where nobody has fed it within its limit.
//
// From open() on it runs. Feed it on real progress only. A release stops it where the driver lets it be
// stopped (the "magic close" of the kernel's watchdog API); going without a release leaves it running, which
// is the point: a program that dies has so long to be back.
//
// Threads: one. Ownership: holds the device; only one program can. Failure: io or not_found, with the
// device's name and what to do; a feed that fails is told by the next one that works or by the machine's
// restart.
#pragma once

#include <chrono>
#include <filesystem>

#include "wayside/base/result.hpp"

namespace wayside {

class Watchdog {
 public:
  // Nothing runs yet.
  Watchdog() = default;
  // limit: at least 1 s. The device is asked for up to 15 s more, which no board's driver gets wrong; it may
  // choose another, which limit() tells.
  [[nodiscard]] static Result<Watchdog> open(const std::filesystem::path& device, std::chrono::seconds limit);
  Watchdog(Watchdog&& other) noexcept;
  Watchdog& operator=(Watchdog&& other) noexcept;
  ~Watchdog();  // does not release

  [[nodiscard]] Status feed();
  void release();
  // What the device said, or what it was asked for where it does not say.
  [[nodiscard]] std::chrono::seconds limit() const { return limit_; }
  // Whether the last restart of the machine was its doing; where the device knows.
  [[nodiscard]] bool restarted_the_machine() const { return restarted_; }

 private:
  int device_ = -1;
  std::chrono::seconds limit_{0};
  bool restarted_ = false;
};

}  // namespace wayside
