#include "src/delivery/upload/back_off.hpp"

#include <algorithm>

namespace wayside::upload {

std::chrono::milliseconds BackOff::uniform(std::chrono::milliseconds longest) {
  return std::chrono::milliseconds(
      std::uniform_int_distribution<std::int64_t>(0, std::max<std::int64_t>(longest.count(), 0))(random_));
}

std::chrono::milliseconds BackOff::after(std::uint64_t failures,
                                         std::optional<std::chrono::seconds> retry_after) {
  constexpr std::chrono::milliseconds most_believed = std::chrono::hours(1);
  std::chrono::milliseconds ceiling = std::min(first_, longest_);
  for (std::uint64_t i = 1; i < failures && ceiling < longest_ && ceiling.count() > 0; ++i)
    ceiling = std::min(ceiling * 2, longest_);
  const std::chrono::milliseconds wait = uniform(ceiling);
  // On top of the time asked for, so that not everybody returns in the same second.
  return retry_after ? std::min<std::chrono::milliseconds>(*retry_after, most_believed) + wait : wait;
}

std::size_t BandwidthCap::at_once(std::size_t wanted) const {
  return bytes_per_s_ == 0 ? wanted : std::min<std::size_t>(wanted, bytes_per_s_);
}

void BandwidthCap::take(std::size_t bytes, Time now) {
  if (bytes_per_s_ == 0) return;
  constexpr std::chrono::nanoseconds saved = std::chrono::seconds(1);
  constexpr std::uint64_t ns_per_s = 1'000'000'000;
  const std::chrono::nanoseconds paid(static_cast<std::uint64_t>(bytes) * ns_per_s / bytes_per_s_);
  free_at_ = std::max(free_at_, now - saved) + paid;
}

}  // namespace wayside::upload
