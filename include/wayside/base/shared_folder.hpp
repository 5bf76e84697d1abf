// A small folder that several programs of one group change in turn: the folder, its lock, and a small file's
// text with a checksum behind it.
//
// Threads: any; a lock is held by one object at a time, in whatever process. Ownership: the lock goes with
// its object, and with its process. Failure: io or exhausted with the path; unavailable as said below;
// corrupt where a checksum does not fit.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "wayside/base/descriptor.hpp"
#include "wayside/base/result.hpp"

namespace wayside {

inline constexpr unsigned shared_file_mode = 0660;

// Made where there is none, mode 02770: what is made in it belongs to its group. One that is there stays as
// it is.
[[nodiscard]] Status make_shared_folder(const std::filesystem::path& folder);

class FolderLock {
 public:
  // Waits for whoever has it, as a change takes no time; unavailable where somebody keeps it beyond the
  // limit.
  [[nodiscard]] static Result<FolderLock> take(const std::filesystem::path& folder,
                                               std::chrono::milliseconds limit = std::chrono::seconds(10));

 private:
  explicit FolderLock(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;
};

// The body, which has no end of line in it, then its SHA-256 on a line of its own.
[[nodiscard]] std::string with_checksum(std::string_view body);
[[nodiscard]] Result<std::string_view> without_checksum(std::string_view text);

// Removes a file for good: gone when it returns, also after a power cut. One that is not there is gone.
[[nodiscard]] Status remove_file(const std::filesystem::path& file);

}  // namespace wayside
