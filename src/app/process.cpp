#include "src/app/process.hpp"

#include <fstream>
#include <limits>
#include <string>
#include <string_view>

#include <sys/resource.h>

namespace wayside::app {

namespace {

std::uint64_t status_line_bytes(std::string_view key) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word != key) {
      status.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
      continue;
    }
    std::uint64_t kibibytes = 0;
    return status >> kibibytes ? kibibytes * 1024 : 0;
  }
  return 0;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

std::uint64_t peak_memory_bytes() {
  return status_line_bytes("VmHWM:");
}
std::uint64_t memory_bytes() {
  return status_line_bytes("VmRSS:");
}

double cpu_seconds() {
  rusage used{};
  static_cast<void>(getrusage(RUSAGE_SELF, &used));
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace wayside::app
