// Who this camera is: a device id, a private key that never leaves it, and the certificate the back office
// gave it.
//
// Threads: plain functions on files. Ownership: the folder (mode 0700) belongs to the daemon's user.
// Files: device-id (16 hex digits), device.key (PEM, 0600), device.csr, device.crt, back-office-ca.crt (PEM).
// Every file is replaced atomically, so a power cut leaves a step done or not done, and running it again goes
// on.
#pragma once

#include <filesystem>
#include <string>

#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside {

struct Identity {
  std::string device_id;
  std::filesystem::path private_key;
  std::filesystem::path certificate;
  std::filesystem::path back_office_ca;
  UtcTime certificate_valid_until;
};

// Makes device id, key (EC P-256) and certificate request where there are none; keeps what is there. The
// folder is made, or taken as it is where only its owner can enter it; an empty one is closed to others, and
// one that holds anything and that others can enter or read is refused (invalid_input). The request names the
// device id as its common name. Returns the path of the request to take to the back office. Fails with
// corrupt where a key is left without its device id.
[[nodiscard]] Result<std::filesystem::path> make_identity(const std::filesystem::path& folder);

// Checks that all files are there and parse, that only the owner can read the key, that the certificate is
// this key's and this device's, and that it has not expired at `now`. A certificate that is not valid yet
// passes: a camera whose clock is not set yet must start. Fails with not_found naming the step that is
// missing ("run waysided --make-identity", "put device.crt there"), otherwise with invalid_input.
[[nodiscard]] Result<Identity> load_identity(const std::filesystem::path& folder, UtcTime now);
// At the system's time.
[[nodiscard]] Result<Identity> load_identity(const std::filesystem::path& folder);

}  // namespace wayside
