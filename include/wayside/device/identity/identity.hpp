// Who this camera is: a device id, a private key that never leaves it, and the certificate the back office gave it.
//
// Threads: plain functions on files. Ownership: the folder (mode 0700) belongs to the daemon's user.
// Files: device-id (16 hex digits), device.key (PEM, 0600), device.csr, device.crt, back-office-ca.crt (PEM).
#pragma once

#include <filesystem>
#include <string>

#include "wayside/base/result.hpp"

namespace wayside {

struct Identity {
  std::string device_id;
  std::filesystem::path private_key;
  std::filesystem::path certificate;
  std::filesystem::path back_office_ca;
};

// Makes key (EC P-256) and certificate request where there are none; keeps what is there. The request names the device
// id as its common name. Returns the path of the request to take to the back office.
[[nodiscard]] Result<std::filesystem::path> make_identity(const std::filesystem::path& folder);

// Fails with not_found, naming the step that is missing ("run waysided --make-identity", "put device.crt there").
[[nodiscard]] Result<Identity> load_identity(const std::filesystem::path& folder);

}  // namespace wayside
