// The failures to log in, by slots into which names fall: an unknown name has its delay like a known one, and
// no number of names makes the file grow. Names of one slot share its delay; who logs in takes only the own
// failures out of it. All of a slot are forgotten an hour after the last, in which the longest delay would
// have let sixty more attempts through.
//
// Threads: pure. Failure: corrupt.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside::account {

inline constexpr std::size_t largest_attempts_bytes = 64 * 1024;

class Attempts {
 public:
  Attempts();  // none, and a key of its own by which names fall into slots

  [[nodiscard]] std::chrono::milliseconds left(std::string_view name, std::string_view boot_id,
                                               MonotonicTime now) const;
  void failed(std::string_view name, std::string_view boot_id, MonotonicTime now);
  void succeeded(std::string_view name);

  [[nodiscard]] std::string text() const;
  [[nodiscard]] static Result<Attempts> from(std::string_view text);

 private:
  struct Place {
    unsigned slot = 0;
    unsigned tag = 0;
  };
  struct Slot {
    std::uint64_t failures = 0;
    std::string boot_id;
    std::int64_t at_ms = 0;                  // of the last one, monotonic
    std::int64_t before_ms = 0;              // of the one before it: should the last turn out to be none
    std::map<unsigned, std::uint64_t> of{};  // whose, by tag; of names beyond the first few it is not known
    [[nodiscard]] std::chrono::milliseconds since(std::string_view boot, MonotonicTime now) const;
    [[nodiscard]] std::uint64_t nobodys() const;
  };
  [[nodiscard]] Place place_of(std::string_view name) const;

  std::string key_;
  std::map<unsigned, Slot> slots_;
};

}  // namespace wayside::account
