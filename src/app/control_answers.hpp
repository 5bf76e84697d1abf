// What the camera says of itself over the control socket.
//
// Threads: the answers may be asked for from any one thread. Ownership: parts outlives them.
// Failure: none; no VRM, no key and no place of any vehicle is in them.
#pragma once

#include <chrono>
#include <optional>

#include <nlohmann/json.hpp>

#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/delivery/upload/uploader.hpp"

#include "src/app/control_socket.hpp"

namespace wayside::app {

class CameraParts;

[[nodiscard]] ControlAnswers control_answers(CameraParts& parts);

// Of the task "queue". upload: nothing where there is no back office.
[[nodiscard]] nlohmann::json queue_answer(const QueueDepth& depth, const std::optional<UploaderState>& upload,
                                          std::chrono::steady_clock::time_point now);

}  // namespace wayside::app
