// What the camera says over the control socket of its updates, and does about them: answers that need no
// configuration.
//
// Threads: the answers, from any one thread; they call the hooks. Failure: as wayside/device/update says.
#pragma once

#include <functional>
#include <string>

#include "wayside/device/update/running_system.hpp"
#include "wayside/device/update/update_folder.hpp"

#include "src/app/control_socket.hpp"

namespace wayside::app {

// Of whoever fetches bundles from the back office. Absent: nobody does.
struct UpdateHooks {
  std::function<nlohmann::json()> offered;       // members that are added to the answer to "update"
  std::function<Result<std::string>()> check;    // asks the office now: a sentence
  std::function<Result<std::string>()> waiting;  // what install would have installed: a sentence
  std::function<Result<std::string>()> install;  // asks for what was fetched to be installed now: a sentence
};

void add_update_answers(ControlAnswers& answers, const UpdateFolder& folder, UpdateHooks hooks,
                        const SystemFiles& files = {});

}  // namespace wayside::app
