// The files of a configuration store, as little as it needs of them. Tests put a disk in its place that loses
// its power.
//
// Threads: one. Failure: not_found where there is no such file; exhausted, io as for wayside/base/files.hpp;
// unavailable where another process keeps the lock for seconds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"

namespace wayside {

class StoreFiles {
 public:
  class Held {  // let go with it, and with its process
   public:
    virtual ~Held() = default;
  };

  virtual ~StoreFiles() = default;
  // Names are relative to the store's folder: "state", "history/000017.toml".
  [[nodiscard]] virtual Result<std::string> read(const std::string& name) const = 0;
  // After a power cut there is the old file or the new one; once it has returned, the new one.
  [[nodiscard]] virtual Status replace(const std::string& name, std::string_view text) = 0;
  // No failure where there is none.
  [[nodiscard]] virtual Status remove(const std::string& name) = 0;
  // Never over a file that is there.
  [[nodiscard]] virtual Status rename(const std::string& from, const std::string& to) = 0;
  // Names in history/, without the folder, in no order.
  [[nodiscard]] virtual Result<std::vector<std::string>> history() const = 0;

  // Waits some seconds for others at most.
  [[nodiscard]] virtual Result<std::unique_ptr<Held>> lock() = 0;
  // Null: somebody else has it, and editor() says who.
  [[nodiscard]] virtual Result<std::unique_ptr<Held>> lock_candidate(std::string_view who) = 0;
  [[nodiscard]] virtual Result<std::optional<std::string>> editor() const = 0;
  // For messages.
  [[nodiscard]] virtual std::string path_of(const std::string& name) const = 0;
};

// Makes the folder and history/ below it, for owner and group.
[[nodiscard]] Result<std::unique_ptr<StoreFiles>> open_store_files(const std::filesystem::path& folder);

}  // namespace wayside
