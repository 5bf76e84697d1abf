// What stands behind the signature of an enrolment (enrolment.md).
//
// Threads: pure. Failure: invalid_input.
#pragma once

#include <string_view>

#include "wayside/device/identity/enrolment.hpp"

namespace wayside::identity {

[[nodiscard]] Result<Enrolment> enrolment_body_from(std::string_view body);

}  // namespace wayside::identity
