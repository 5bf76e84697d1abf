// Who this camera is: a device id, a private key that never leaves it, and the certificate the back office
// gave it.
//
// Threads: plain functions on files. Ownership: the folder (mode 0700) belongs to the daemon's user.
// Files: device-id (16 hex digits), device.key (PEM, 0600), device.csr, device.crt, back-office-ca.crt (PEM).
// Every file is replaced atomically, so a power cut leaves a step done or not done, and running it again goes
// on.
//
// One Ed25519 key signs the certificate request, authenticates the camera in TLS and signs its records. That
// is safe because none of the three messages can be taken for another: a request is DER and begins with byte
// 0x30, a TLS 1.3 client signs 64 spaces first (RFC 8446, 4.4.3), a record's head is signed behind a prefix
// of its own (sealed_record.md). So the office learns with one certificate who may connect and whose records
// are whose.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>

#include "wayside/base/result.hpp"
#include "wayside/base/secret.hpp"
#include "wayside/base/time.hpp"

namespace wayside {

struct Identity {
  std::string device_id;
  std::filesystem::path private_key;
  std::filesystem::path certificate;
  std::filesystem::path back_office_ca;
  UtcTime certificate_valid_until;
};

// Makes device id, key and certificate request where there are none; keeps what is there. The
// folder is made, or taken as it is where only its owner can enter it; an empty one is closed to others, and
// one that holds anything and that others can enter or read is refused (invalid_input). The request names the
// device id as its common name. Returns the path of the request to take to the back office. Fails with
// corrupt where a key is left without its device id, with invalid_input where the key is not Ed25519 (earlier
// versions made EC keys), naming the way to a new one.
[[nodiscard]] Result<std::filesystem::path> make_identity(const std::filesystem::path& folder);

// Of an identity that was made. Failures as of load_identity().
[[nodiscard]] Result<std::string> device_id(const std::filesystem::path& folder);

// Checks that all files are there and parse, that only the owner can read the key, that the certificate is
// this key's and this device's, and that it has not expired at `now`. A certificate that is not valid yet
// passes: a camera whose clock is not set yet must start. Fails with not_found naming the step that is
// missing ("run waysided --make-identity", "put device.crt there"), otherwise with invalid_input.
[[nodiscard]] Result<Identity> load_identity(const std::filesystem::path& folder, UtcTime now);
// At the system's time.
[[nodiscard]] Result<Identity> load_identity(const std::filesystem::path& folder);

// What records are signed with: the private key's 32 bytes (RFC 8032's seed). Needs no certificate, so that a
// camera can seal before it is enrolled. Failures as of load_identity().
[[nodiscard]] Result<Secret> load_signing_seed(const std::filesystem::path& folder);
// Its public half, as the certificate has it.
[[nodiscard]] Result<std::array<std::uint8_t, 32>> device_public_key(const std::filesystem::path& folder);

}  // namespace wayside
