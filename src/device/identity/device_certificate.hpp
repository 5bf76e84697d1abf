// Whether a certificate is this camera's.
//
// Threads: a plain function on the identity's folder. Failure: as load_identity().
#pragma once

#include <filesystem>
#include <string_view>

#include <openssl/x509.h>

#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside {

// That it is for the folder's key and device id, and has not ended at `now`. named: what the message calls
// it.
[[nodiscard]] Status check_device_certificate(const std::filesystem::path& folder, const X509& certificate,
                                              std::string_view named, UtcTime now);

}  // namespace wayside
