// Of a file of the store that does not read as it was written: why, without its name. Threads: pure.
#pragma once

#include <string>
#include <string_view>

#include "wayside/base/result.hpp"

namespace wayside::config {

[[nodiscard]] inline tl::unexpected<Error> damaged(std::string_view why) {
  return fail(ErrorCode::corrupt, std::string(why));
}

}  // namespace wayside::config
