// Whole numbers in the kernel's files: one a file, as text.
//
// Threads: pure but for the files. Failure: not_found where the file is missing, refused where this user may
// not, corrupt where what it says is no number or none that can be, io where the kernel says no; the path is
// in the message.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "wayside/base/result.hpp"

namespace wayside::sysfs {

struct ValueRange {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

// Digits with or without a minus, and at most one line end behind them.
[[nodiscard]] Result<std::int64_t> value_from_text(std::string_view text, ValueRange range);
[[nodiscard]] Result<std::int64_t> read_value(const std::filesystem::path& file, ValueRange range);
// One write of the whole number, as the kernel wants it; never makes a file.
[[nodiscard]] Status write_value(const std::filesystem::path& file, std::int64_t value);
[[nodiscard]] Status write_word(const std::filesystem::path& file, std::string_view word);

}  // namespace wayside::sysfs
