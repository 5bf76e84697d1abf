// How much processor time the calling thread has used.
//
// Threads: any; each sees its own.
#pragma once

#include <ctime>

namespace wayside::eval {

[[nodiscard]] inline double thread_cpu_s() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace wayside::eval
