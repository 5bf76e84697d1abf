#include "src/delivery/upload/back_off.hpp"

#include <algorithm>

namespace wayside::upload {

std::chrono::milliseconds BackOff::next(std::optional<std::chrono::seconds> retry_after) {
  constexpr std::chrono::milliseconds most_believed = std::chrono::hours(1);
  ceiling_ = ceiling_.count() == 0 ? std::min(first_, longest_) : std::min(ceiling_ * 2, longest_);
  std::uniform_int_distribution<std::int64_t> jitter(0, ceiling_.count());
  const std::chrono::milliseconds wait(jitter(random_));
  // On top of the time asked for, so that not everybody returns in the same second.
  return retry_after ? std::min<std::chrono::milliseconds>(*retry_after, most_believed) + wait : wait;
}

}  // namespace wayside::upload
