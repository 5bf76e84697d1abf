// Memory that two processes see, as the capture link passes it: buffers of a camera, or sealed memory.
//
// Threads: values; what lies in the memory is written by the other process while a slot is not lent. Failure:
// map_part() refuses what could be cut short under the reader, which would kill it by SIGBUS: all but
// dma-bufs, which never change their size, and memory files sealed against it.
#pragma once

#include <cstdint>

#include "wayside/base/result.hpp"

#include "drivers/capture_link/channel.hpp"

namespace wayside::capture_link {

class Mapping {
 public:
  Mapping() = default;
  Mapping(std::uint8_t* data, std::uint64_t bytes) : data_(data), bytes_(bytes) {}
  Mapping(Mapping&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();
  [[nodiscard]] std::uint8_t* data() const { return data_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  void unmap();
  std::uint8_t* data_ = nullptr;
  std::uint64_t bytes_ = 0;
};

// To be written here and read elsewhere; its size is sealed.
struct OwnMemory {
  Descriptor descriptor;
  Mapping mapping;
};
[[nodiscard]] Result<OwnMemory> make_memory(std::uint64_t bytes);

// Somebody else's, read only.
struct Part {
  Descriptor descriptor;
  Mapping mapping;
  bool dma = false;
};
[[nodiscard]] Result<Part> map_part(Descriptor descriptor, std::uint64_t bytes);

// Around every reading of a part: what a device has written comes out of the caches (dma-buf.rst, "CPU
// access"). Does nothing for memory.
void begin_reading(const Part& part);
void end_reading(const Part& part);

}  // namespace wayside::capture_link
