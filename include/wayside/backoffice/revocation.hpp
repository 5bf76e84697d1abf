// Cameras that an office lets in no more: stolen, dead, or taken down.
//
// One folder, Authority::revoked(): for each such camera a file named by its device id, which says when, why
// and by whom, and counts by being there; and audit.jsonl, one line for each thing done. It is no part of the
// store, so that neither a store that is damaged or busy nor an older one that was put back lets anybody in.
//
// Threads: any; several programs. Ownership: the folder belongs to the back office's user, mode 0700.
// Failure: invalid_input where a device id is none, else as the system says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "wayside/backoffice/authority.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside::backoffice {

class RevokedCameras {
 public:
  // Authority::revoked().
  explicit RevokedCameras(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // device_id: 16 hex digits. Fails where it cannot be told.
  [[nodiscard]] Result<bool> contains(const std::string& device_id) const;
  [[nodiscard]] Result<std::set<std::string>> all() const;

  // It is let in no more once this returns, whatever became of the line in audit.jsonl.
  [[nodiscard]] Status add(const std::string& device_id, const std::string& reason, UtcTime now) const;
  // As when it is enrolled anew; whether it was there.
  [[nodiscard]] Result<bool> remove(const std::string& device_id, UtcTime now) const;

 private:
  std::filesystem::path folder_;
};

struct Revocation {
  bool locked_out = false;
  std::optional<std::uint64_t> authority;  // the document that ends it; nothing: it had none in force
  bool unlock_keys = false;                // are lent no more, and were
  std::vector<std::string> lists;          // VOI lists that are withdrawn, by id
  std::vector<std::string> updates;        // boards whose updates are
  std::vector<std::string> problems;       // what is not done yet, a sentence each: the same again does it
};

// Locks the camera out, then ends what it has of the office: deployment authority, keys that are lent to it,
// VOI lists, updates. Each as far as it goes, whatever became of the others. Its records stay, and verify.
// Enrolling it anew lets it in again, and gives nothing of the rest back.
[[nodiscard]] Revocation revoke_camera(const Authority& authority, const std::string& device_id,
                                       const std::string& reason, UtcTime now);

}  // namespace wayside::backoffice
