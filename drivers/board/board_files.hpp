// The board's sensors as Linux shows them below /sys: thermal zones and hwmon, eMMC registers, voltage alarms
// and power supplies, watchdogs (board.md has the list).
//
// Threads, ownership, failure: as of the port. Each call reads the files anew, some thirty on a usual board;
// a sensor on a slow bus may take as long as the kernel lets it.
#pragma once

#include <filesystem>
#include <memory>

#include "wayside/device/board/board_sensors.hpp"

namespace wayside::board {

// root: "/sys". What is not there, the whole of it included, is a board without that sensor.
[[nodiscard]] std::unique_ptr<BoardSensors> make_board_sensors(const std::filesystem::path& root);

}  // namespace wayside::board
