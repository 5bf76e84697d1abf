// The file of the trail: what is at its end, and how lines come to stand behind it, whole or not at all.
//
// Threads: one, under the folder's lock. Failure: exhausted or io with the path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "wayside/base/result.hpp"

namespace wayside::audit {

class TrailFile {
 public:
  // Made where there is none.
  [[nodiscard]] static Result<TrailFile> open(const std::filesystem::path& path);
  TrailFile(TrailFile&& other) noexcept;
  TrailFile& operator=(TrailFile&&) = delete;
  TrailFile(const TrailFile&) = delete;
  TrailFile& operator=(const TrailFile&) = delete;
  ~TrailFile();

  // As much as has an entry in it that checks out; all of it where there is none.
  [[nodiscard]] Result<std::string> tail() const;
  // On the disk when it returns. Where that fails, the file ends where it did before.
  [[nodiscard]] Status append(std::string_view lines);
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  TrailFile(std::filesystem::path path, int file, std::uint64_t size)
      : path_(std::move(path)), file_(file), size_(size) {}
  [[nodiscard]] Result<std::string> read_from(std::uint64_t at) const;

  std::filesystem::path path_;
  int file_;
  std::uint64_t size_;
};

}  // namespace wayside::audit
