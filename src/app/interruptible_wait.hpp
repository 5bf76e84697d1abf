// What waits while the daemon runs, and how soon it ends with it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace wayside::app {

// What asks the office something for itself, beside the records, is given this long to end when the daemon
// does.
inline constexpr std::chrono::seconds office_ends_within{2};

// Until the limit has passed or stop is requested; true: stop was requested.
inline bool wait_unless(const std::stop_token& stop, std::chrono::milliseconds limit) {
  std::mutex mutex;
  std::condition_variable_any nobody;
  std::unique_lock lock(mutex);
  nobody.wait_for(lock, stop, limit, [] { return false; });
  return stop.stop_requested();
}

}  // namespace wayside::app
