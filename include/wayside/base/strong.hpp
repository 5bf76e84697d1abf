// Numbers that must not be mixed up: a frame number is no record number.
//
// Threads: plain values. Arithmetic is left out on purpose; use value() where a stage really counts.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace wayside {

template <class Tag, class Value = std::uint64_t>
class Strong {
 public:
  constexpr Strong() = default;
  constexpr explicit Strong(Value value) : value_(value) {}
  [[nodiscard]] constexpr Value value() const { return value_; }
  [[nodiscard]] constexpr Strong next() const { return Strong(value_ + 1); }
  friend constexpr auto operator<=>(const Strong&, const Strong&) = default;

 private:
  Value value_{};
};

// Counts frames of one source from its start, in capture order, gaps included.
using FrameNumber = Strong<struct FrameNumberTag>;
// Counts passes since the daemon started.
using PassNumber = Strong<struct PassNumberTag>;
// The queue's sequence number: never reused on one queue (see record_format.md).
using SequenceNumber = Strong<struct SequenceNumberTag>;

}  // namespace wayside

template <class Tag, class Value>
struct std::hash<wayside::Strong<Tag, Value>> {
  std::size_t operator()(const wayside::Strong<Tag, Value>& strong) const noexcept {
    return std::hash<Value>{}(strong.value());
  }
};
