// How the office makes the documents: a full list from entries, and a delta from one full list to a later
// one.
//
// Threads: pure. Ownership: whole lists in memory, as an office has it; the caller wipes. Failure:
// invalid_input with all bad entries told as bad_lines.hpp tells them, by the caller's line numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/device/watchlist/bad_lines.hpp"
#include "wayside/device/watchlist/list_head.hpp"

namespace wayside {

// Collects entries in any order.
class ListMaker {
 public:
  // line: where it stands in its source, for messages.
  void add(const WatchEntry& entry, std::uint64_t line);
  // For what the source itself gets wrong.
  [[nodiscard]] BadLines& bad_lines() { return bad_; }
  [[nodiscard]] std::uint64_t entries() const { return lines_.size(); }
  // Two entries with one key are bad. facts: list, revision and times.
  [[nodiscard]] Result<std::string> full(ListFacts facts, const Secret& seed);

 private:
  std::vector<std::pair<std::string, std::uint64_t>> lines_;
  BadLines bad_;
};

// The head of a document, full or delta, whose lines are not looked at.
[[nodiscard]] Result<ListHead> list_head_of(std::string_view document, std::span<const VerifyingKey> keys);

// A full list's document, its digest and lines checked. Views into the text.
struct ListText {
  ListHead head;
  std::string_view lines;
};
[[nodiscard]] Result<ListText> full_list_from(std::string_view document, std::span<const VerifyingKey> keys);

// From one full list to a later one of the same id, whose facts it leads to.
[[nodiscard]] Result<std::string> delta_between(const ListText& base, const ListText& later,
                                                const Secret& seed);

}  // namespace wayside
