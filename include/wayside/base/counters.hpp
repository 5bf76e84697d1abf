// Named counters, one per thing that is dropped, refused or done, readable while they count.
//
// Threads: add() and value() from any thread. A Counter lives as long as its CounterSet; references stay
// valid.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace wayside {

class Counter {
 public:
  Counter(std::string name, std::string help) : name_(std::move(name)), help_(std::move(help)) {}
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& help() const { return help_; }

 private:
  std::string name_;
  std::string help_;
  std::atomic<std::uint64_t> value_{0};
};

class CounterSet {
 public:
  // Finds or makes. Names are snake_case with the unit or the event last: "frames_dropped", "records_stored".
  Counter& counter(std::string_view name, std::string_view help = {});
  struct Reading {
    std::string name;
    std::string help;
    std::uint64_t value;
  };
  // In the order in which they were made.
  [[nodiscard]] std::vector<Reading> readings() const;

 private:
  mutable std::mutex mutex_;
  std::deque<Counter> counters_;
};

}  // namespace wayside
