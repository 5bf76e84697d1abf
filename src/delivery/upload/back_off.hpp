// How long to wait before the next try: exponential with full jitter, because thousands of cameras come back
// together after an outage (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
//
// Threads: one. Everything random comes from the seed.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

namespace wayside::upload {

class BackOff {
 public:
  BackOff(std::chrono::milliseconds first, std::chrono::milliseconds longest, std::uint64_t seed)
      : first_(first), longest_(longest), random_(seed) {}

  // After a failure. 0 to min(longest, first * 2^failures before this one); at least retry_after, of which an
  // hour is believed.
  [[nodiscard]] std::chrono::milliseconds next(std::optional<std::chrono::seconds> retry_after);
  void succeeded() { ceiling_ = {}; }

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds longest_;
  std::chrono::milliseconds ceiling_{};  // of the last wait; 0: no failure yet
  std::mt19937_64 random_;
};

}  // namespace wayside::upload
