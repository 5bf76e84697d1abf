// Another program, started without a shell and waited for: what it said, and how it ended.
//
// Threads: any; blocks for at most `limit`, then kills the program. Ownership: the program has ended when the
// call returns. Failure: not_found where it is not installed, io where the system refuses, unavailable where
// it took longer. A program that ends badly is an answer.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"

namespace wayside {

struct ProgramEnd {
  int code = 0;           // 0: well; 128 and the signal where one ended it
  std::string said;       // on standard output; what is longer than 64 KiB is cut
  std::string complaint;  // the last line that was not empty, of standard error where there is one
};

// words: the program's path, then its arguments; it has nothing to read. on_line, where given, hears each
// line of standard output that is not empty as it comes; longer ones than 64 KiB in parts.
[[nodiscard]] Result<ProgramEnd> run_program(const std::vector<std::string>& words,
                                             std::chrono::milliseconds limit,
                                             const std::function<void(std::string_view)>& on_line = {});

}  // namespace wayside
