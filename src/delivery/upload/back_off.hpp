// How long to wait: before the next try, exponential with full jitter, because thousands of cameras come back
// together after an outage (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015); and
// for the backlog's share of the line.
//
// Threads: one. Everything random comes from the seed, all time from the caller.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

namespace wayside::upload {

using Time = std::chrono::steady_clock::time_point;

class BackOff {
 public:
  BackOff(std::chrono::milliseconds first, std::chrono::milliseconds longest, std::uint64_t seed)
      : first_(first), longest_(longest), random_(seed) {}

  // After so many failures in a row (at least 1): uniform from 0 to min(longest, first * 2^(failures - 1));
  // at least retry_after, of which an hour is believed.
  [[nodiscard]] std::chrono::milliseconds after(std::uint64_t failures,
                                                std::optional<std::chrono::seconds> retry_after);
  [[nodiscard]] std::chrono::milliseconds uniform(std::chrono::milliseconds longest);

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds longest_;
  std::mt19937_64 random_;
};

// Lets through what was paid for: in any time t at most (t + 1 s) * rate, and the last batch.
class BandwidthCap {
 public:
  explicit BandwidthCap(std::uint64_t bytes_per_s) : bytes_per_s_(bytes_per_s) {}  // 0: no cap
  [[nodiscard]] Time free_at() const { return free_at_; }
  // The most to take at once: a second's worth.
  [[nodiscard]] std::size_t at_once(std::size_t wanted) const;
  void take(std::size_t bytes, Time now);

 private:
  std::uint64_t bytes_per_s_;
  Time free_at_ = Time::min();
};

}  // namespace wayside::upload
