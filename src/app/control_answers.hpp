// What the camera says of itself over the control socket.
//
// Threads: the answers may be asked for from any one thread. Ownership: parts outlives them.
// Failure: none; no VRM, no key and no place of any vehicle is in them.
#pragma once

#include "src/app/control_socket.hpp"

namespace wayside::app {

class CameraParts;

[[nodiscard]] ControlAnswers control_answers(CameraParts& parts);

}  // namespace wayside::app
