// The program as the kernel sees it: what it has used.
//
// Threads: any.
#pragma once

#include <cstdint>

namespace wayside::app {

[[nodiscard]] std::uint64_t peak_memory_bytes();  // VmHWM of /proc/self/status; 0 where it cannot be read
[[nodiscard]] std::uint64_t memory_bytes();       // VmRSS
[[nodiscard]] double cpu_seconds();               // of all threads, user and system

}  // namespace wayside::app
