// Where a configuration that is committed may point on its machine. The daemon's user reads, writes and runs
// what is named there: whoever commits shall not have it do so elsewhere, to its keys least of all. A file
// that is given to waysided (--config) is root's, who may.
//
// Threads: pure.
#pragma once

#include <string>
#include <vector>

#include "wayside/device/config/configuration.hpp"

namespace wayside::config {

[[nodiscard]] std::vector<std::string> complaints_about_places(const Configuration& configuration);

}  // namespace wayside::config
