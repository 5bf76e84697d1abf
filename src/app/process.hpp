// The program as the kernel sees it: what it may leave behind, and what it has used.
//
// Threads: forbid_core_dumps() before threads are started, the readings from any.
#pragma once

#include <cstdint>

namespace wayside::app {

// A core file would hold plates in clear. In a build with assertions a debugger may still attach.
void forbid_core_dumps();

[[nodiscard]] std::uint64_t peak_memory_bytes();  // VmHWM of /proc/self/status; 0 where it cannot be read
[[nodiscard]] std::uint64_t memory_bytes();       // VmRSS
[[nodiscard]] double cpu_seconds();               // of all threads, user and system

}  // namespace wayside::app
