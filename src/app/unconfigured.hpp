// A camera that has no configuration, or none that it can begin with: it waits for another, unhealthy, and
// answers whoever commissions it.
//
// Threads: from main(), as the daemon. Failure: none; what is wrong is in its health and the log.
#pragma once

#include <cstdint>
#include <string>

#include "wayside/device/config/configuration.hpp"

#include "src/app/stored_configuration.hpp"

namespace wayside::app {

struct Unconfigured {
  std::string reason;
  Configuration with;        // what it could not begin with, or StoredConfiguration::without()
  std::uint32_t failed = 0;  // the version of that; 0: none
};

// Until there is another version than the one that failed, or half a minute is over since that did. False:
// told to end.
[[nodiscard]] bool wait_for_configuration(StoredConfiguration& stored, const Unconfigured& camera);

}  // namespace wayside::app
