// What a new configuration takes from a camera that runs: which keys differ, and which of its parts have to
// be told, made anew, or begun anew altogether.
//
// Threads: pure.
#pragma once

#include <string>
#include <vector>

#include "wayside/device/config/configuration.hpp"

namespace wayside::app {

struct Reconfiguration {
  // Keys, in the order of the file; every key that differs is in one of them.
  std::vector<std::string> at_once;
  std::vector<std::string> remade;       // their part is made anew, and nothing else
  std::vector<std::string> begins_anew;  // the whole camera is: some seconds without capture

  // Whom they concern, where nothing begins anew.
  bool origin = false;  // what records say of the camera, its configuration's version with it
  bool exposure = false;
  bool uplink = false;
  bool update = false;
  bool log_level = false;
  bool outside = false;  // whom it speaks to
};

[[nodiscard]] Reconfiguration plan_reconfiguration(const Configuration& runs, const Configuration& wanted);

}  // namespace wayside::app
