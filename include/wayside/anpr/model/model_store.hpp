// The trained files of recognition: named by a manifest, checked against it, read into memory.
//
// Threads: immutable after open(); load() from any thread. Data: models/manifest.toml, which for each model
// names file, sha256, and where it comes from (licence, data, command, figures; those are for people).
// Failure: not_found or corrupt, naming the file, the sha256 that was expected and what to do; invalid_input
// for a manifest that is no manifest, naming file and line.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"

namespace wayside {

class ModelStore {
 public:
  // folder: models/, which holds manifest.toml.
  static Result<ModelStore> open(const std::filesystem::path& folder);

  // The bytes of the model of that name, as the manifest has them.
  [[nodiscard]] Result<Bytes> load(std::string_view name) const;

  // Of all models together: the first 12 hex digits of the SHA-256 over names and hashes. Goes into every
  // record.
  [[nodiscard]] const std::string& version() const { return version_; }

 private:
  struct Entry {
    std::filesystem::path file;  // relative to the folder
    std::string sha256;          // 64 hex digits, lower case
  };
  ModelStore() = default;

  std::filesystem::path folder_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::string version_;
};

}  // namespace wayside
