// Text on a screen of 24 lines, a screen at a time.
//
// Threads: one.
#pragma once

#include <string_view>

#include "wayside/device/console/terminal.hpp"

namespace wayside::console {

// Blank or Enter goes on, q ends it, and so does who hangs up or is away for minutes. A file or socket gets
// all at once.
void write_paged(Terminal& terminal, std::string_view lines);

}  // namespace wayside::console
