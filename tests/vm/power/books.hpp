// What a writer said it did, and what a queue found after a power cut must then hold: everything that was
// accepted and not acknowledged, nothing that was never attempted, nothing twice, all of it signed and
// chained, and of every other number a word.
//
// Threads: one. Failure: a line that is none of the writer's is a std::runtime_error; what is wrong with the
// queue is in the findings.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace wayside::vm {

struct Findings {
  std::uint64_t recovered = 0;   // records that wait, whole
  std::uint64_t duplicated = 0;  // records that are there under a second number
  std::uint64_t lost = 0;        // accepted, not acknowledged, and told as given up or not at all
  // Accepted under a number that the queue holds for never used, or gave to another record.
  std::uint64_t false_acceptances = 0;
  std::uint64_t unattempted = 0;      // records that nobody handed in
  std::vector<std::string> problems;  // a sentence for each of those, and for what else is wrong

  Findings& operator+=(const Findings& other);
};

class Books {
 public:
  // A line of flash_writer.
  void hear(const std::string& line);

  [[nodiscard]] std::uint64_t attempted() const { return attempted_.size(); }
  [[nodiscard]] std::uint64_t accepted() const { return accepted_.size(); }
  [[nodiscard]] std::uint64_t refusals() const { return refusals_; }
  [[nodiscard]] std::uint64_t failed_syncs() const { return failed_syncs_; }
  [[nodiscard]] bool done() const { return done_; }

  // Opens the queue there, which changes it: recovers it, reads everything, appends a record, and has
  // verify_queue() look at it.
  [[nodiscard]] Findings examine(const std::filesystem::path& queue, const std::filesystem::path& keys) const;

 private:
  std::set<std::string> attempted_;
  std::map<std::uint64_t, std::string> accepted_;  // mark by number
  std::map<std::string, std::uint64_t> number_;    // the same the other way round
  std::set<std::uint64_t> acknowledged_;
  std::uint64_t refusals_ = 0, failed_syncs_ = 0;
  bool done_ = false;
};

}  // namespace wayside::vm
