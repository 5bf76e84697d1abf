// Another program, started and waited for, with what it said.
//
// Threads: any; blocks for at most `limit`, then kills the program. Ownership: the program never outlives the
// call. Failure: not_found where it is not installed, io where the system refuses, unavailable where it took
// longer. A program that ends badly is an answer.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "wayside/base/result.hpp"

namespace wayside {

struct ProgramOutput {
  bool well = false;  // it ended by itself, with exit code 0
  std::string said;   // on standard output; what is longer than 64 KiB is cut
};

// Where what it says on standard error goes.
enum class ProgramComplaints { dropped, to_ours };

// words: the program's path, then its arguments; it gets no environment and nothing to read.
[[nodiscard]] Result<ProgramOutput> output_of_program(
    std::vector<std::string> words, std::chrono::milliseconds limit,
    ProgramComplaints complaints = ProgramComplaints::dropped);

}  // namespace wayside
