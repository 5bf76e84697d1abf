// gpsd's reports over its port on this machine.
//
// Threads: one. Ownership: the connection, closed with it. Failure: unavailable where gpsd cannot be reached
// or has gone (connect again later); a line that is not understood is passed over and counted.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "wayside/base/result.hpp"
#include "wayside/device/clock/gnss_report.hpp"

namespace wayside::time_sources {

class GpsdClient {
 public:
  [[nodiscard]] static Result<GpsdClient> connect(std::uint16_t port = 2947);
  GpsdClient(GpsdClient&& other) noexcept;
  GpsdClient& operator=(GpsdClient&& other) noexcept;
  ~GpsdClient();

  // The next report of time and position; nothing where none came within the limit.
  [[nodiscard]] Result<std::optional<GnssReport>> next(std::chrono::milliseconds limit);
  [[nodiscard]] std::uint64_t lines_refused() const { return lines_refused_; }

 private:
  explicit GpsdClient(int socket) : socket_(socket) {}
  int socket_;
  std::string waiting_;    // bytes of a line that has not ended
  bool too_long_ = false;  // it is being passed over
  std::uint64_t lines_refused_ = 0;
};

}  // namespace wayside::time_sources
