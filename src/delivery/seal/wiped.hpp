// Secret bytes of one function's: on the stack, wiped when it returns.
//
// Threads: plain values.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>

#include <sodium.h>

namespace wayside::seal {

// Before anything that needs random numbers. It fails only where there is no source of them, and then nothing
// could be sealed: no error to go on from.
inline void start_sodium() {
  if (sodium_init() < 0) std::abort();
}

template <std::size_t size>
struct Wiped : std::array<std::uint8_t, size> {
  Wiped() : std::array<std::uint8_t, size>{} {}
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { sodium_memzero(this->data(), size); }
};

}  // namespace wayside::seal
