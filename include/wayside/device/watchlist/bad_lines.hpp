// What is wrong with the lines of a list, however many are: the first few by number, field and expected form,
// and how many there are in all. Nothing of what stands in them.
//
// Threads: a plain value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wayside/device/watchlist/watch_entry.hpp"

namespace wayside {

class BadLines {
 public:
  static constexpr std::size_t most_told = 20;

  // Lines are counted from 1, as an editor counts them.
  void add(std::uint64_t line, const EntryFault& fault) {
    add(line, fault.field ? to_string(*fault.field) : std::string_view{}, fault.expected);
  }
  // Of no field where it is empty.
  void add(std::uint64_t line, std::string_view field, std::string_view expected);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  // "line 3: field weed_date must be a date ...", one a line, and the rest as a number.
  [[nodiscard]] std::string text() const;

 private:
  std::uint64_t count_ = 0;
  std::string text_;
};

}  // namespace wayside
