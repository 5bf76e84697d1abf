// Removes what stands at a path, whatever it is.
//
// Threads: any. Failure: io where the system refuses.
#pragma once

#include <filesystem>
#include <string>

#include "wayside/base/result.hpp"

namespace wayside {

// A folder goes with all that is in it, however deep, as far as nobody fills it meanwhile; no link is
// followed but in the path of the folder that it stands in. Nothing of that name is there when it returns,
// also after a power cut; what was not there is gone.
[[nodiscard]] Status remove_any(const std::filesystem::path& path);

// ".gone-" and what nobody can foresee: what is moved there stands in nobody's way.
[[nodiscard]] std::string name_of_nobody();

}  // namespace wayside
