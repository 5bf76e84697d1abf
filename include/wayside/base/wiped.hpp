// What grows, and leaves nothing of itself behind when it grows or goes: plates and secrets in memory, in
// bulk (single keys: secret.hpp).
//
// Threads: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "wayside/base/secret.hpp"

namespace wayside {

template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <class U>
  explicit WipingAllocator(const WipingAllocator<U>&) {}
  T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* at, std::size_t count) {
    wipe(std::span<std::uint8_t>(reinterpret_cast<std::uint8_t*>(at), count * sizeof(T)));
    std::allocator<T>().deallocate(at, count);
  }
  friend bool operator==(const WipingAllocator&, const WipingAllocator&) { return true; }
};

template <class T>
using WipedVector = std::vector<T, WipingAllocator<T>>;
using WipedBytes = WipedVector<std::uint8_t>;

inline std::string_view text_of(const WipedBytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace wayside
