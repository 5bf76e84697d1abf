// Bytes from a descriptor, with patience that ends, and one form of line end.
//
// Threads: one. Ownership: the descriptor stays the caller's.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>

namespace wayside::console {

class ByteInput {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Kind { byte, end, late, notice };
  struct Got {
    Kind kind = Kind::end;
    unsigned char byte = 0;
  };

  explicit ByteInput(int descriptor) : descriptor_(descriptor) {}
  ByteInput(const ByteInput&) = delete;
  ByteInput& operator=(const ByteInput&) = delete;
  ~ByteInput() { wipe_buffer(); }

  // CR, and CR LF, are '\n'. A heartbeat that returns true gives notice.
  [[nodiscard]] Got next(Clock::time_point deadline);
  // Late after the deadline, whatever goes on arriving.
  [[nodiscard]] Got next_in_time(Clock::time_point deadline);
  [[nodiscard]] Got next_as_it_is(Clock::time_point deadline);
  void discard();      // what has arrived
  void wipe_buffer();  // keeps what has not been taken
  void set_heartbeat(std::function<bool()> heartbeat) { heartbeat_ = std::move(heartbeat); }

 private:
  int descriptor_;
  std::array<unsigned char, 256> buffer_{};
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  bool after_return_ = false;
  std::function<bool()> heartbeat_;
  Clock::time_point next_beat_{};
};

}  // namespace wayside::console
