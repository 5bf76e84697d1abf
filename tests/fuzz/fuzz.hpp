// What the fuzz targets share: the entry point, properties that must hold, and inputs as files.
//
// Threads: one. Failure: a property that does not hold aborts the program, so that the input is kept.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include <sys/mman.h>
#include <unistd.h>

#include "wayside/base/result.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace wayside::fuzz {

inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", property);
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return size == 0 ? std::string_view{} : std::string_view(reinterpret_cast<const char*>(data), size);
}

// Valid UTF-8 (RFC 3629) in which no control character (C0, DEL, C1) but those of `allowed` stands. Written
// apart from the product's own check on purpose.
inline bool is_plain_text(std::string_view text, std::string_view allowed = {}) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) -> std::uint32_t {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    const std::uint32_t first = byte(i);
    const std::size_t length = first < 0x80        ? 1
                               : first >> 5U == 6  ? 2
                               : first >> 4U == 14 ? 3
                               : first >> 3U == 30 ? 4
                                                   : 0;
    if (length == 0) return false;
    std::uint32_t point = length == 1 ? first : first & (0x7FU >> length);
    for (std::size_t k = 1; k < length; ++k) {
      if (byte(i + k) >> 6U != 2) return false;
      point = point << 6U | (byte(i + k) & 0x3FU);
    }
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = point >= 0xD800 && point < 0xE000;
    if (point < least[length] || point > 0x10FFFF || surrogate) return false;
    const bool control = point < 0x20 || (point >= 0x7F && point < 0xA0);
    if (control && (length > 1 || allowed.find(text[i]) == std::string_view::npos)) return false;
    i += length;
  }
  return true;
}

inline void require_good(const Error& error, std::string_view allowed = {}) {
  const bool good = !error.message.empty() && is_plain_text(error.message, allowed);
  if (!good) std::fprintf(stderr, "message: %s\n", error.message.c_str());
  require(good, "an error says something, in valid UTF-8 and without control characters");
  require(error.message.size() < 1U << 20U, "an error's message has an end");
}

// One input as a file that never touches a disk; its path stays the same for every input.
class InputFile {
 public:
  InputFile() : descriptor_(::memfd_create("input", MFD_CLOEXEC)) {
    require(descriptor_ >= 0, "a file in memory can be made");
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile() { ::close(descriptor_); }

  std::filesystem::path write(const std::uint8_t* data, std::size_t size) const {
    require(::ftruncate(descriptor_, 0) == 0, "the file in memory can be emptied");
    for (std::size_t done = 0; done < size;) {
      const ssize_t put = ::pwrite(descriptor_, data + done, size - done, static_cast<off_t>(done));
      require(put > 0, "the file in memory can be written");
      done += static_cast<std::size_t>(put);
    }
    return "/proc/self/fd/" + std::to_string(descriptor_);
  }

 private:
  int descriptor_;
};

}  // namespace wayside::fuzz
