#include "drivers/sysfs/sysfs_value.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "wayside/base/json_text.hpp"

namespace wayside::sysfs {
namespace {

class File {
 public:
  File(const std::filesystem::path& path, int flags) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

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

}  // namespace

Result<std::int64_t> value_from_text(std::string_view text, ValueRange range) {
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return fail(ErrorCode::corrupt,
                fmt::format("it says \"{}\", which is no whole number", json_escape(text.substr(0, 40))));
  }
  if (value < range.least || value > range.most) {
    return fail(ErrorCode::corrupt,
                fmt::format("it says {}, which cannot be: {} to {} can", value, range.least, range.most));
  }
  return value;
}

Result<std::int64_t> read_value(const std::filesystem::path& file, ValueRange range) {
  const File opened(file, O_RDONLY);
  if (opened.get() < 0) return failed(file, "read", errno);
  std::array<char, 64> text{};
  const ssize_t got = ::read(opened.get(), text.data(), text.size());
  if (got < 0) return failed(file, "read", errno);
  auto value = value_from_text({text.data(), static_cast<std::size_t>(got)}, range);
  if (!value) return fail(value.error().context(json_escape(file.string())));
  return value;
}

Status write_word(const std::filesystem::path& file, std::string_view word) {
  const File opened(file, O_WRONLY | O_TRUNC);
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
