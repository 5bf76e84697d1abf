// How the configuration's profile becomes a connection: which back office, with whose certificate.
//
// Threads: the functions that these give are called from one thread at a time each. Ownership: the keys
// outlive them. Failure: as uplink.hpp and unlock_keeper.hpp expect; a camera that is not enrolled yet is
// tried again by them.
#pragma once

#include <string>

#include "wayside/delivery/upload/unlock.hpp"
#include "wayside/device/config/configuration.hpp"

#include "src/app/unlock_keeper.hpp"
#include "src/app/uplink.hpp"

namespace wayside::app {

[[nodiscard]] Uplink::Connect connect_to(const Configuration& configuration, const std::string& device_id,
                                         const UnlockKeys& unlock_keys);
// Of the profile "bof2".
[[nodiscard]] UnlockKeeper::Connect connect_to_unlock(const Configuration& configuration,
                                                      const std::string& device_id);

}  // namespace wayside::app
