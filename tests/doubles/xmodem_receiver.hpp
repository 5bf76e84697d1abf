// The other end of XMODEM, burst by burst: what came until the line was quiet, and what is answered to it.
// Written apart from the sender, after the same paper.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wayside::doubles {

struct XmodemReceiver {
  static constexpr char soh = 0x01, stx = 0x02, eot = 0x04, ack = 0x06, nak = 0x15, can = 0x18;

  bool crc = true;
  bool takes_long = true;
  bool refuses_first_end = false;  // as many do, to be sure of it

  std::string received;
  unsigned long_blocks = 0, short_blocks = 0;
  bool ended = false;
  bool lost = false;  // a number that cannot be: it has cancelled

  [[nodiscard]] std::string beginning() const { return crc ? "C" : std::string(1, nak); }

  // Nothing came for seconds.
  [[nodiscard]] std::string late() const {
    if (ended || lost) return {};
    return received.empty() ? beginning() : std::string(1, nak);
  }

  std::string take(std::string_view burst) {
    if (burst.empty() || ended || lost) return {};
    if (burst == std::string_view(&eot, 1)) {
      if (refuses_first_end) {
        refuses_first_end = false;
        return std::string(1, nak);
      }
      ended = true;
      return std::string(1, ack);
    }
    if (burst.find_first_not_of(can) == std::string_view::npos && burst.size() > 1) {
      lost = true;
      return {};
    }
    const std::size_t bytes = burst[0] == soh ? 128 : burst[0] == stx && takes_long ? 1024 : 0;
    if (bytes == 0 || burst.size() != 3 + bytes + (crc ? 2 : 1) || !is_sound(burst, bytes)) return late();
    const auto number = static_cast<std::uint8_t>(burst[1]);
    if (number == static_cast<std::uint8_t>(expected_ - 1) && expected_ != 1)
      return std::string(1, ack);  // it has that one
    if (number != static_cast<std::uint8_t>(expected_)) {
      lost = true;
      return std::string(8, can);
    }
    ++expected_;
    ++(bytes == 128 ? short_blocks : long_blocks);
    received += burst.substr(3, bytes);
    return std::string(1, ack);
  }

 private:
  [[nodiscard]] bool is_sound(std::string_view burst, std::size_t bytes) const {
    if (static_cast<std::uint8_t>(burst[1]) + static_cast<std::uint8_t>(burst[2]) != 255) return false;
    // The remainder of data and check together is nothing (x^16 + x^12 + x^5 + 1).
    if (crc) {
      unsigned rest = 0;
      for (const char c : burst.substr(3)) {
        for (unsigned bit = 0x80; bit != 0; bit >>= 1U) {
          rest = rest << 1U | ((static_cast<unsigned char>(c) & bit) != 0 ? 1U : 0U);
          if ((rest & 0x10000U) != 0) rest ^= 0x11021U;
        }
      }
      return rest == 0;
    }
    unsigned sum = 0;
    for (const char c : burst.substr(3, bytes))
      sum += static_cast<unsigned char>(c);
    return (sum & 0xffU) == static_cast<unsigned char>(burst.back());
  }

  unsigned expected_ = 1;
};

}  // namespace wayside::doubles
