#include "drivers/sysfs/sysfs_value.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "wayside/base/descriptor.hpp"
#include "wayside/base/json_text.hpp"

namespace wayside::sysfs {
namespace {

tl::unexpected<Error> failed(const std::filesystem::path& file, std::string_view doing, int number) {
  const std::string name = json_escape(file.string());
  switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ENODEV:
    case ENXIO:
      return fail(
          ErrorCode::not_found,
          fmt::format("{} is not there; is the device wired, and its driver or overlay loaded?", name));
    case EACCES:
    case EPERM:
    case EROFS:
      return fail(
          ErrorCode::refused,
          fmt::format("{} may not be {}; give the camera's user the right to (udev rule)", name, doing));
    default:
      return fail(ErrorCode::io, fmt::format("{} could not be {}: {}", name, doing, std::strerror(number)));
  }
}

// Nothing that is read here is longer; of what is, the rest does not matter.
constexpr std::size_t most_bytes = 64;

template <class Parse>
auto read_as(const std::filesystem::path& file, Parse parse) -> decltype(parse(std::string_view())) {
  const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.get() < 0) return failed(file, "read", errno);
  std::array<char, most_bytes> text{};
  const ssize_t got = ::read(opened.get(), text.data(), text.size());
  if (got < 0) return failed(file, "read", errno);
  auto found = parse(std::string_view(text.data(), static_cast<std::size_t>(got)));
  if (!found) return fail(found.error().context(json_escape(file.string())));
  return found;
}

std::string_view without_line_end(std::string_view text) {
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  return text;
}

std::string shown(std::string_view text) {
  return json_escape(text.substr(0, 40));
}

bool is_plain(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || std::string_view("._- ").find(letter) != std::string_view::npos;
}

}  // namespace

Result<std::int64_t> value_from_text(std::string_view text, ValueRange range) {
  text = without_line_end(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return fail(ErrorCode::corrupt, fmt::format("it says \"{}\", which is no whole number", shown(text)));
  }
  if (value < range.least || value > range.most) {
    return fail(ErrorCode::corrupt,
                fmt::format("it says {}, which cannot be: {} to {} can", value, range.least, range.most));
  }
  return value;
}

Result<std::int64_t> read_value(const std::filesystem::path& file, ValueRange range) {
  return read_as(file, [range](std::string_view text) { return value_from_text(text, range); });
}

Result<std::vector<std::uint8_t>> bytes_from_text(std::string_view text, std::size_t count) {
  const std::string_view all = without_line_end(text);
  std::vector<std::uint8_t> bytes;
  for (std::string_view rest = all; bytes.size() < count;) {
    std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (word.substr(0, 2) == "0x") word.remove_prefix(2);
    std::uint8_t byte = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), byte, 16);
    if (word.empty() || error != std::errc() || end != word.data() + word.size()) break;
    bytes.push_back(byte);
    if (bytes.size() == count && rest.data() == all.data() + all.size() && all.back() != ' ') return bytes;
  }
  return fail(ErrorCode::corrupt, fmt::format("it says \"{}\", expected {} in hex, as in 0x01", shown(all),
                                              count == 1 ? "a byte" : fmt::format("{} bytes", count)));
}

Result<std::vector<std::uint8_t>> read_bytes(const std::filesystem::path& file, std::size_t count) {
  return read_as(file, [count](std::string_view text) { return bytes_from_text(text, count); });
}

Result<std::string> word_from_text(std::string_view text) {
  std::string word(without_line_end(text).substr(0, 40));
  if (word.empty()) return fail(ErrorCode::corrupt, "it is empty, expected a word");
  for (char& letter : word)
    if (!is_plain(letter)) letter = '_';
  return word;
}

Result<std::string> read_word(const std::filesystem::path& file) {
  return read_as(file, word_from_text);
}

Status write_word(const std::filesystem::path& file, std::string_view word) {
  const Descriptor opened(::open(file.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  if (opened.get() < 0) return failed(file, "written", errno);
  const ssize_t put = ::write(opened.get(), word.data(), word.size());
  if (put < 0) return failed(file, "written", errno);
  if (put != static_cast<ssize_t>(word.size())) return failed(file, "written", EIO);
  return {};
}

Status write_value(const std::filesystem::path& file, std::int64_t value) {
  return write_word(file, std::to_string(value));
}

}  // namespace wayside::sysfs
