// XMODEM as its sender: one file over a terminal's own line, for a laptop's terminal program to receive.
//
// After C. Forsberg, "XMODEM/YMODEM Protocol Reference", 1988: the receiver begins. With 'C' it gets blocks
// of 1024 bytes and a CRC of 16 bits each, with NAK blocks of 128 and a sum. The tail is sent in short
// blocks, and so is everything for a receiver that refuses the first long block three times, or what follows
// a long block that took more than three tries. Neither name nor size is sent: the last block is filled up
// with 0x1a, so what is received is up to 127 bytes longer than the file.
//
// Threads: one. Ownership: line and file outlive the call. Nobody is waited for without an end, whatever the
// other end sends. Failure: a sentence; unavailable: no receiver began, or it fell silent; refused: it was
// cancelled at either end, or a block was refused again and again; io: the line hung up.
#pragma once

#include <chrono>
#include <cstddef>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/device/console/terminal.hpp"

namespace wayside::console {

// For the receiver to begin. Until its first acknowledgement Control-C gives up, as somebody may be typing.
inline constexpr std::chrono::seconds xmodem_patience{60};

struct XmodemSent {
  std::size_t received_bytes = 0;  // with what fills the last block
  std::chrono::milliseconds took{};
};

[[nodiscard]] Result<XmodemSent> send_by_xmodem(ByteLine& line, ByteView file);

}  // namespace wayside::console
