// A program run as a child, without a shell: what it prints, line by line, and how it ended.
//
// Threads: one. Ownership: the child has ended when the call returns. Failure: io where it cannot be started,
// unavailable where it was killed for taking longer than the limit.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"

namespace wayside::update_parts {

struct ChildEnd {
  int code = 0;      // 128 and the signal where one ended it
  std::string last;  // the last line that was not empty, of standard error where there is one
};

// words: the program's path, then its arguments. Lines of standard output, and what follows the last; longer
// ones than the longest are given in parts.
[[nodiscard]] Result<ChildEnd> run_child(const std::vector<std::string>& words,
                                         std::chrono::milliseconds limit,
                                         const std::function<void(std::string_view)>& on_line);

}  // namespace wayside::update_parts
