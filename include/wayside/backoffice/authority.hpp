// The certificates of the back office: its own authority, its server's certificate, its own as a client of an
// MQTT broker, and the cameras' and brokers' that it signs.
//
// Threads: plain functions on files. Ownership: the folder (mode 0700) belongs to the back office's user;
// keys are 0600. Files: ca.key, ca.crt, server.key, server.crt, client.key, client.crt (PEM, EC P-256),
// records.db and the folders recipients (recipients.hpp), unlock (unlock_keys.hpp), authority
// (issued_authorities.hpp), watchlists (watch_lists.hpp), updates (updates.hpp) and revoked (revocation.hpp).
// No secret is shared with anybody. What the authority signs ends with it at the latest. Failure: not_found
// naming the command to run; invalid_input for what a person handed in, and for an authority that has ended.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "wayside/backoffice/store.hpp"
#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"
#include "wayside/delivery/seal/keys.hpp"
#include "wayside/device/identity/enrolment.hpp"

namespace wayside::backoffice {

// Of what it signs, unless it ends before.
inline constexpr std::chrono::hours certificate_lifetime{24 * 730};

class Authority {
 public:
  // Makes what is not there, a first recipient key (two years) among it; keeps an authority that is, so that
  // enrolled cameras stay enrolled, and refuses half of one. Makes a new server certificate and a new client
  // certificate each time, the first for localhost, 127.0.0.1, ::1, what the one before was for and the names
  // and addresses given.
  [[nodiscard]] static Result<Authority> make(const std::filesystem::path& folder,
                                              const std::vector<std::string>& hosts, UtcTime now);
  // Fails with not_found where make() has not been run there.
  [[nodiscard]] static Result<Authority> open(const std::filesystem::path& folder);

  [[nodiscard]] std::filesystem::path ca_certificate() const { return folder_ / "ca.crt"; }
  [[nodiscard]] std::filesystem::path server_certificate() const { return folder_ / "server.crt"; }
  [[nodiscard]] std::filesystem::path server_key() const { return folder_ / "server.key"; }
  // With these it is "office" to an MQTT broker.
  [[nodiscard]] std::filesystem::path client_certificate() const { return folder_ / "client.crt"; }
  [[nodiscard]] std::filesystem::path client_key() const { return folder_ / "client.key"; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path database() const { return folder_ / "records.db"; }
  [[nodiscard]] std::filesystem::path recipients() const { return folder_ / "recipients"; }
  [[nodiscard]] std::filesystem::path unlock() const { return folder_ / "unlock"; }
  [[nodiscard]] std::filesystem::path deployment() const { return folder_ / "authority"; }
  [[nodiscard]] std::filesystem::path watch_lists() const { return folder_ / "watchlists"; }
  [[nodiscard]] std::filesystem::path updates() const { return folder_ / "updates"; }
  [[nodiscard]] std::filesystem::path revoked() const { return folder_ / "revoked"; }

  // The names and addresses that the server's certificate is for.
  [[nodiscard]] Result<std::vector<std::string>> server_names() const;

  struct SignedDevice {
    std::string device_id;
    std::string certificate;  // PEM
    Sha256 fingerprint{};     // of the certificate's DER form
    PublicKey key{};          // Ed25519: what its records are signed with too
    UtcTime valid_until;
  };
  // Takes the key (Ed25519) and the common name (16 hex digits) from the request, nothing else of it.
  [[nodiscard]] Result<SignedDevice> sign(const std::filesystem::path& request, UtcTime now) const;
  // As one text that can be pasted at the camera's console.
  [[nodiscard]] Result<std::string> sign(const Enrolment& enrolment, UtcTime now) const;

  // Writes ca.crt, broker.crt and broker.key into `out`, for a broker that cameras and office call by these
  // names and addresses, at least one; for brokers among each other too.
  [[nodiscard]] Status make_broker_certificate(const std::vector<std::string>& hosts,
                                               const std::filesystem::path& out, UtcTime now) const;

 private:
  explicit Authority(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

// Signs the request, writes device.crt, back-office-ca.crt, recipients/ (whom the camera seals to, its
// unlock keys among them unless it is revoked), authority/ (under which it may capture) and watchlists/ (what
// it knows VOI lists by) into `out`, all of it that is no secret once more as one text (enrolment_name), and
// enrols the device in the store. A device that was enrolled before can use only the new certificate from
// then on; where its key is another, whoever holds the earlier one is locked out, and a person should be
// told. One that was revoked is let in again.
struct EnrolledDevice {
  Authority::SignedDevice device;
  EarlierKey earlier_key = EarlierKey::none;
  bool was_revoked = false;
  std::string office;  // the fingerprint that the camera's console shows too
};
inline constexpr std::string_view enrolment_name = "camera.enrolment";
[[nodiscard]] Result<EnrolledDevice> enrol_device(const Authority& authority, Store& store,
                                                  const std::filesystem::path& request,
                                                  const std::filesystem::path& out, UtcTime now);

}  // namespace wayside::backoffice
