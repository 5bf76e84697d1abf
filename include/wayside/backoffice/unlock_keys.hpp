// The keys that open the records of single cameras, for those that have to send plain text (profile "bof2"):
// kept here, lent to the camera while it runs, and no longer lent once it is revoked.
//
// One folder: a folder <device id> for each such camera, with its keys as recipients.hpp keeps the office's,
// and a file "revoked" where it is; beside them audit.jsonl, one line for each thing done: who, when, what.
//
// Threads: plain functions on files, any; a line of the audit is written whole. Ownership: the folder belongs
// to the back office's user, mode 0700. Failure: invalid_input naming what is wrong, not_found naming the
// command to run.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"
#include "wayside/delivery/seal/keys.hpp"

namespace wayside::backoffice {

inline constexpr std::size_t most_unlock_keys_lent = 8;

// Named as the successor of the camera's latest one. refused: the camera is revoked.
[[nodiscard]] Result<Recipient> make_unlock_key(const std::filesystem::path& folder,
                                                const std::string& device_id, UtcTime now,
                                                std::optional<UtcTime> valid_from, UtcTime valid_until);
// Where it makes a difference, it is put on record first, or not done.
[[nodiscard]] Status revoke_unlock(const std::filesystem::path& folder, const std::string& device_id,
                                   UtcTime now);
[[nodiscard]] Status restore_unlock(const std::filesystem::path& folder, const std::string& device_id,
                                    UtcTime now);

struct UnlockDevice {
  std::string device_id;
  bool revoked = false;
  std::vector<Recipient> keys;
};
[[nodiscard]] Result<std::vector<UnlockDevice>> list_unlock_keys(const std::filesystem::path& folder);
// The folder to pass on to a camera at its enrolment; empty where it is revoked.
[[nodiscard]] Result<std::filesystem::path> unlock_recipients(const std::filesystem::path& folder,
                                                              const std::string& device_id);

// Who asks for a camera's keys.
struct UnlockRequest {
  std::string device_id;  // by the path, and checked against the certificate
  Sha256 certificate{};
  std::string receiver;  // the body: the 32 bytes of an X25519 key made for this answer
};
// The keys sealed to the receiver (secret_transfer.hpp), newest last, once the audit holds that they were
// lent. refused: revoked; not_found: none was made for it; invalid_input: the receiver's key is none;
// anything else: they cannot be lent now.
[[nodiscard]] Result<Bytes> lend_unlock_keys(const std::filesystem::path& folder,
                                             const UnlockRequest& request, UtcTime now);
// That somebody else's certificate asked.
void note_unlock_refused(const std::filesystem::path& folder, const UnlockRequest& request, UtcTime now);

}  // namespace wayside::backoffice
