// What the kernel's files say: one thing a file, as text: a whole number, bytes in hex, a word.
//
// Threads: pure but for the files. Failure: not_found where the file is missing, refused where this user may
// not, corrupt where what it says has not the form or cannot be, io where the kernel says no; the path is in
// the message.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"

namespace wayside::sysfs {

struct ValueRange {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

// Digits with or without a minus, and at most one line end behind them.
[[nodiscard]] Result<std::int64_t> value_from_text(std::string_view text, ValueRange range);
[[nodiscard]] Result<std::int64_t> read_value(const std::filesystem::path& file, ValueRange range);
// So many bytes in hex, a space between them, each of one or two digits with or without "0x": registers of a
// card, as in "0x03 0x01".
[[nodiscard]] Result<std::vector<std::uint8_t>> bytes_from_text(std::string_view text, std::size_t count);
[[nodiscard]] Result<std::vector<std::uint8_t>> read_bytes(const std::filesystem::path& file,
                                                           std::size_t count);
// The name of a sensor or a state, as drivers give it: never empty, 40 characters at most, and anything but
// letters, digits and "._- " has become "_".
[[nodiscard]] Result<std::string> word_from_text(std::string_view text);
[[nodiscard]] Result<std::string> read_word(const std::filesystem::path& file);
// One write of the whole number, as the kernel wants it; never makes a file.
[[nodiscard]] Status write_value(const std::filesystem::path& file, std::int64_t value);
[[nodiscard]] Status write_word(const std::filesystem::path& file, std::string_view word);

}  // namespace wayside::sysfs
