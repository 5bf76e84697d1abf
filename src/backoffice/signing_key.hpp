// A key of the office's own that signs what cameras are told (Ed25519): in a file of its own, with the public
// half beside it as cameras get it.
//
// Threads: two programs may be at it at once. Failure: io and exhausted as the system says, not_found where
// the secret half is gone, invalid_input where the file is none or not its owner's alone; each names the
// file.
#pragma once

#include <filesystem>

#include "wayside/base/descriptor.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/secret.hpp"

namespace wayside::backoffice {

struct SigningKeyFiles {
  std::filesystem::path secret;  // PEM, 0600
  std::filesystem::path shared;  // wayside/base/signature.hpp's form
};

// The seed.
[[nodiscard]] Result<Secret> load_signing_key(const SigningKeyFiles& files);
// Makes the key where there is none yet, and writes its public half anew. Where that is there alone, cameras
// hold to it and another key would lock them out: not_found. The caller holds the folder (FolderLock).
[[nodiscard]] Result<Secret> load_or_make_signing_key(const SigningKeyFiles& files);

// Makes the folder, 0700, where it is not there yet.
[[nodiscard]] Status make_private_folder(const std::filesystem::path& folder);

// Of those who issue, in whatever program: one at a time, so that no number is given twice.
class FolderLock {
 public:
  // Waits for the others.
  explicit FolderLock(const std::filesystem::path& folder);
  [[nodiscard]] const Status& held() const { return held_; }

 private:
  Descriptor folder_;
  Status held_;
};

}  // namespace wayside::backoffice
