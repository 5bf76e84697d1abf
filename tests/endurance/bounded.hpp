// Watches what a long run holds: memory, threads and open files, look by look.
//
// Threads: one. Under a sanitizer, which keeps what is freed, memory is only printed.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "src/app/process.hpp"

namespace wayside::endurance {

inline std::size_t entries_of(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

class Watch {
 public:
  explicit Watch(std::string_view unit) : unit_(unit) {}

  void look(const std::string& said) {
    looks_.push_back({app::memory_bytes(), entries_of("/proc/self/task"), entries_of("/proc/self/fd")});
    const Look& now = looks_.back();
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begun_;
    fmt::print("{} {}: {:.1f} MiB, {} threads, {} files open; {}; {:.0f} s, {:.0f} s of CPU\n", unit_,
               looks_.size() - 1, mib(now.memory), now.threads, now.files, said, wall.count(),
               app::cpu_seconds());
    std::fflush(stdout);
  }

  // After the first `warm_up` looks nothing grows: memory by no more than `most_mib`, threads and files by no
  // more than what comes and goes.
  void expect_bounded(std::size_t warm_up, double most_mib = 4) const {
    ASSERT_GT(looks_.size(), warm_up + 2);
    const Look& begin = looks_[warm_up];
    Look most = begin;
    for (std::size_t i = warm_up; i < looks_.size(); ++i) {
      most.memory = std::max(most.memory, looks_[i].memory);
      most.threads = std::max(most.threads, looks_[i].threads);
      most.files = std::max(most.files, looks_[i].files);
    }
    fmt::print("memory {:.1f} MiB after {} {}s, then at most {:.1f} MiB\n", mib(begin.memory), warm_up, unit_,
               mib(most.memory));
    EXPECT_LE(most.threads, begin.threads + 1);
    EXPECT_LE(most.files, begin.files + 4);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    EXPECT_LE(mib(most.memory), mib(begin.memory) + most_mib);
#else
    static_cast<void>(most_mib);
#endif
  }

 private:
  struct Look {
    std::uint64_t memory = 0;
    std::size_t threads = 0;
    std::size_t files = 0;
  };
  static double mib(std::uint64_t bytes) {
    return static_cast<double>(bytes) / (1 << 20);
  }

  std::string unit_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::vector<Look> looks_;
};

}  // namespace wayside::endurance
