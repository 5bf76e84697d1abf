// A contact at a GPIO line: a switch between the line and the other level, with a pull towards "open", so
// that a cut cable is open too (board.md).
//
// Threads, ownership, failure: as of the port; not_found, refused or io, naming chip and line.
#pragma once

#include <memory>
#include <string>

#include "wayside/device/board/board_sensors.hpp"

namespace wayside::board {

// chip: "/dev/gpiochip0" or "gpiochip0". open_is_high: the level of the open contact, which the chip's own
// pull-up or pull-down is switched to where it has one.
[[nodiscard]] Result<std::unique_ptr<Contact>> open_contact(const std::string& chip, unsigned line,
                                                            bool open_is_high);

}  // namespace wayside::board
