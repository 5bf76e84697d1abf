// What stands behind the signature.
//
// Threads: pure. Failure: invalid_input naming the field; what a field holds is not repeated.
#pragma once

#include <string>
#include <string_view>

#include "wayside/device/authority/document.hpp"

namespace wayside::authority {

[[nodiscard]] Result<AuthorityDocument> document_from_body(std::string_view body);
[[nodiscard]] std::string to_body(const AuthorityDocument& document);

}  // namespace wayside::authority
