// 32 secret bytes in memory of their own: locked where the system allows it, never in a core dump, with guard
// pages around them, wiped when they go.
//
// Threads: a plain value. Ownership: moved, never copied. Each takes some pages: for keys, not for bulk.
// Failure: std::bad_alloc where no memory is left, as everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "wayside/base/bytes.hpp"

namespace wayside {

class Secret {
 public:
  static constexpr std::size_t bytes = 32;
  Secret();                         // zeros
  explicit Secret(ByteView value);  // exactly 32 bytes, else a bug; the caller wipes what it handed in
  [[nodiscard]] static Secret random();
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();
  // Empty once it was moved from.
  [[nodiscard]] ByteView view() const;
  [[nodiscard]] std::span<std::uint8_t> data();

 private:
  std::uint8_t* at_ = nullptr;
};

// Overwrites bytes in a way that no compiler leaves out.
void wipe(std::span<std::uint8_t> bytes);
// And what the vector had room for, which may hold what stood there before; it is empty then.
void wipe(Bytes& bytes);
// The same of a text.
void wipe(std::string& text);

}  // namespace wayside
