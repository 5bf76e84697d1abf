#include "src/app/single_thread.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <opencv2/core/utility.hpp>
#include <unistd.h>

namespace wayside::app {

void hold_vendors_to_one_thread(char* const* argv) {
  const char* limit = std::getenv("OMP_THREAD_LIMIT");
  if (limit == nullptr || std::strcmp(limit, "1") != 0) {
    ::setenv("OMP_THREAD_LIMIT", "1", 1);
    ::execv("/proc/self/exe", argv);
    std::perror("cannot start anew with OMP_THREAD_LIMIT=1, going on without");
  }
  cv::setNumThreads(1);
}

}  // namespace wayside::app
