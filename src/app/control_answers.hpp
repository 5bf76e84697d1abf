// What the camera says of itself over the control socket.
//
// Threads: the answers may be asked for from any one thread. Ownership: parts and configuration outlive them.
// Failure: none; no VRM, no key and no place of any vehicle is in them.
#pragma once

#include "wayside/device/config/configuration.hpp"

#include "src/app/control_socket.hpp"

namespace wayside::app {

class CameraParts;

[[nodiscard]] ControlAnswers control_answers(const Configuration& configuration, CameraParts& parts);

}  // namespace wayside::app
