// What RAUC asks of a boot loader that it does not know (bootloader=custom), in terms of the boot state.
//
//   get-primary          the slot that the next start tries: on trial, else confirmed
//   set-primary SLOT     puts it on trial; the confirmed one: ends a trial
//   get-state SLOT       good: confirmed, or on trial with starts left; bad: neither
//   set-state SLOT good  changes nothing: only wayside-update confirms
//   set-state SLOT bad   ends its trial; of the confirmed slot it is refused, so that nothing writes there
//
// Threads: one writer of the boot state at a time. Failure: as of the boot state; invalid_input for words
// that are none of these; refused.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "wayside/base/result.hpp"

namespace wayside {

// Starts that the loader gives a trial before anybody has seen it run.
inline constexpr unsigned starts_of_a_trial = 6;

// The words behind "boot-slot"; what to print, without an end of line.
[[nodiscard]] Result<std::string> boot_backend(const std::filesystem::path& boot_state,
                                               std::span<const std::string> words);

}  // namespace wayside
