// Tells whoever is root whom the camera speaks to, as its configuration says (wayside/device/network).
//
// Threads: main. Failure: what cannot be written is logged; time servers and firewall stay as they are then.
#pragma once

#include <filesystem>
#include <optional>

#include "wayside/device/config/configuration.hpp"
#include "wayside/device/network/outside.hpp"

namespace wayside::app {

[[nodiscard]] Outside outside_of(const Configuration& configuration);

// The service manager's word on where a service keeps what is gone with it; none: there is no such manager,
// and nobody to tell.
[[nodiscard]] std::optional<std::filesystem::path> runtime_folder();

void tell_outside(const Configuration& configuration);

}  // namespace wayside::app
