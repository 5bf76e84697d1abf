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
#include "src/app/update_keeper.hpp"
#include "src/app/uplink.hpp"
#include "src/app/watch_list_keeper.hpp"

namespace wayside::app {

[[nodiscard]] Uplink::Connect connect_to(const Configuration& configuration, const std::string& device_id,
                                         const UnlockKeys& unlock_keys);
// Where the profile has an office to ask over HTTPS: "wayside", and "bof2", whose office is that of
// upload.unlock_url. Empty: it has none.
[[nodiscard]] WatchListKeeper::Connect connect_to_lists(const Configuration& configuration,
                                                        const std::string& device_id);
// Likewise.
[[nodiscard]] UpdateKeeper::Connect connect_to_updates(const Configuration& configuration,
                                                       const std::string& device_id);
// Of the profile "bof2".
[[nodiscard]] UnlockKeeper::Connect connect_to_unlock(const Configuration& configuration,
                                                      const std::string& device_id);

}  // namespace wayside::app
