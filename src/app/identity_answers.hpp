// What the camera says over the control socket of who it is and whose, and how it becomes somebody's: answers
// that need no configuration.
//
// Threads: the answers, from any one thread. Ownership: the clock outlives them. Failure: as
// wayside/device/identity says.
#pragma once

#include <filesystem>

#include "wayside/device/clock/clock.hpp"

#include "src/app/control_socket.hpp"

namespace wayside::app {

// folder: the identity's, which has been made.
void add_identity_answers(ControlAnswers& answers, const std::filesystem::path& folder, const Clock& clock);

}  // namespace wayside::app
