// A list on flash: sealed chunk by chunk, so that one entry can be read without the others, and written
// without ever holding the list in memory. Byte by byte: list_document.md.
//
// Threads: a writer one, a reader any. Ownership: the reader keeps the file open, also when another has taken
// its place. Failure: corrupt where the bytes are not what this key sealed; io, exhausted and not_found of
// the system. Messages name the file and nothing of what is in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "wayside/base/bytes.hpp"
#include "wayside/base/files.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/secret.hpp"
#include "wayside/base/wiped.hpp"

namespace wayside::watchlist {

inline constexpr std::size_t chunk_bytes = std::size_t{16} << 10U;

class SealedWriter {
 public:
  // head: the signed head of the list whose lines follow, `bytes` of them.
  [[nodiscard]] static Result<SealedWriter> begin(const std::filesystem::path& path, const Secret& key,
                                                  std::string_view head, std::uint64_t bytes);
  [[nodiscard]] Status append(std::string_view plain);
  // Every byte must have come; then the file takes its place, whole.
  [[nodiscard]] Status commit();

 private:
  SealedWriter(FileReplacement file, Secret key, std::uint64_t bytes)
      : file_(std::move(file)), key_(std::move(key)), left_(bytes) {
    chunk_.reserve(chunk_bytes);
  }
  [[nodiscard]] Status write_chunk();

  FileReplacement file_;
  Secret key_;  // of this file alone
  WipedBytes chunk_;
  std::uint64_t number_ = 1;
  std::uint64_t left_;  // bytes that have not been sealed
};

class SealedReader {
 public:
  [[nodiscard]] static Result<SealedReader> open(const std::filesystem::path& path, const Secret& key);
  SealedReader(SealedReader&&) noexcept;
  SealedReader& operator=(SealedReader&&) noexcept;
  ~SealedReader();

  [[nodiscard]] const std::string& head() const { return head_; }
  // As many as the head says, which the caller reads; corrupt: the file has another length.
  [[nodiscard]] Status expect(std::uint64_t bytes);
  [[nodiscard]] std::uint64_t chunks() const { return (bytes_ + chunk_bytes - 1) / chunk_bytes; }
  [[nodiscard]] Result<WipedBytes> chunk(std::uint64_t index) const;  // from 0 to below chunks()

 private:
  SealedReader(std::filesystem::path path, int file, Secret key);
  [[nodiscard]] Result<WipedBytes> open_chunk(std::uint64_t number, std::uint64_t at,
                                              std::size_t plain) const;

  std::filesystem::path path_;
  int file_ = -1;
  Secret key_;
  std::string head_;
  std::uint64_t bytes_ = 0;
};

}  // namespace wayside::watchlist
