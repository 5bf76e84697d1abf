// What an office does about a camera that is gone: stolen, dead or taken down.
//
// Threads: plain function on files and the store, any; works while serving. Failure: not_found where the
// camera was never enrolled, invalid_input for the reason, else as the system says; what was done up to there
// stays done, and the same again does the rest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wayside/backoffice/authority.hpp"
#include "wayside/backoffice/store.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside::backoffice {

struct Revocation {
  std::optional<std::uint64_t> authority;  // the document that ends it; nothing: it had none in force
  bool unlock_keys = false;
  std::vector<std::string> lists;    // VOI lists that are withdrawn, by id
  std::vector<std::string> updates;  // boards whose updates are
};

// Ends what the camera has of the office, in this order: its deployment authority, its certificate, the keys
// that are lent to it, its VOI lists, its updates. Its records stay, and verify. In DIR/audit.jsonl before
// the certificate is touched. Enrolling it anew lets it in again, and gives nothing of the rest back.
[[nodiscard]] Result<Revocation> revoke_camera(const Authority& authority, Store& store,
                                               const std::string& device_id, const std::string& reason,
                                               UtcTime now);

}  // namespace wayside::backoffice
