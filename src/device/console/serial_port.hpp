// The settings of a serial line, put back when they go.
//
// Threads: one. Ownership: the descriptor stays the caller's and outlives it.
#pragma once

#include <vector>

#include <termios.h>

#include "wayside/base/result.hpp"

namespace wayside::console {

class SerialPort {
 public:
  [[nodiscard]] static Result<SerialPort> set_up(int descriptor, std::vector<unsigned> rates);
  SerialPort(SerialPort&& other) noexcept;
  SerialPort& operator=(SerialPort&&) = delete;
  SerialPort(const SerialPort&) = delete;
  SerialPort& operator=(const SerialPort&) = delete;
  ~SerialPort();

  void make_raw() const;                    // again, after somebody else has set it
  void translate_line_ends(bool on) const;  // of what is written, once all before it is out
  bool next_rate();
  [[nodiscard]] unsigned rate() const { return rates_.empty() ? 0 : rates_[rate_]; }

 private:
  SerialPort(int descriptor, const termios& before, std::vector<unsigned> rates)
      : descriptor_(descriptor), before_(before), rates_(std::move(rates)) {}
  int descriptor_;
  termios before_;
  std::vector<unsigned> rates_;
  std::size_t rate_ = 0;
};

}  // namespace wayside::console
