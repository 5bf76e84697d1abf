// The certificates of the back office: its own authority, its server's certificate, and the cameras' that it
// signs.
//
// Threads: plain functions on files. Ownership: the folder (mode 0700) belongs to the back office's user;
// keys are 0600. Files: ca.key, ca.crt, server.key, server.crt (PEM, EC P-256) and records.db. No secret is
// shared with anybody. Failure: not_found naming the command to run; invalid_input for what a person handed
// in.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "wayside/backoffice/store.hpp"
#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside::backoffice {

class Authority {
 public:
  // Makes what is not there; keeps an authority that is, so that enrolled cameras stay enrolled. Makes a new
  // server certificate each time, for localhost, 127.0.0.1, ::1 and the names and addresses given.
  [[nodiscard]] static Result<Authority> make(const std::filesystem::path& folder,
                                              const std::vector<std::string>& hosts, UtcTime now);
  // Fails with not_found where make() has not been run there.
  [[nodiscard]] static Result<Authority> open(const std::filesystem::path& folder);

  [[nodiscard]] std::filesystem::path ca_certificate() const { return folder_ / "ca.crt"; }
  [[nodiscard]] std::filesystem::path server_certificate() const { return folder_ / "server.crt"; }
  [[nodiscard]] std::filesystem::path server_key() const { return folder_ / "server.key"; }
  [[nodiscard]] std::filesystem::path database() const { return folder_ / "records.db"; }

  struct SignedDevice {
    std::string device_id;
    std::string certificate;  // PEM
    Sha256 fingerprint{};     // of the certificate's DER form
    UtcTime valid_until;
  };
  // Takes the key and the common name (16 hex digits) from the request, nothing else of it.
  [[nodiscard]] Result<SignedDevice> sign(const std::filesystem::path& request, UtcTime now) const;

 private:
  explicit Authority(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

// Signs the request, writes device.crt and back-office-ca.crt into `out` and enrols the device in the store.
// A device that was enrolled before can use only the new certificate from then on.
[[nodiscard]] Result<Authority::SignedDevice> enrol_device(const Authority& authority, Store& store,
                                                           const std::filesystem::path& request,
                                                           const std::filesystem::path& out, UtcTime now);

}  // namespace wayside::backoffice
