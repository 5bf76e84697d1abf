#include "wayside/device/update/boot_state.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "wayside/base/descriptor.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/little_endian.hpp"

namespace wayside {

namespace {

constexpr std::size_t head_bytes = 4;

// CRC-32 of IEEE 802.3, as zlib and U-Boot compute it; four kilobytes, so without a table.
std::uint32_t crc32(ByteView bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

tl::unexpected<Error> refused(std::string_view what, const std::filesystem::path& path) {
  const int code = errno;
  return fail(
      code == ENOENT ? ErrorCode::not_found : ErrorCode::io,
      fmt::format("cannot {} the boot state {}: {}", what, json_escape(path.string()), std::strerror(code)));
}

// As many as there are, up to the size of the copy.
Result<Bytes> read_copy(const Descriptor& file, std::size_t at, const std::filesystem::path& path) {
  Bytes copy(boot_state_copy_bytes);
  std::size_t done = 0;
  while (done < copy.size()) {
    const ssize_t got =
        ::pread(file.get(), copy.data() + done, copy.size() - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused("read", path);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  copy.resize(done);
  return copy;
}

Status write_copy(const Descriptor& file, std::size_t at, ByteView copy, const std::filesystem::path& path) {
  for (std::size_t done = 0; done < copy.size();) {
    const ssize_t put =
        ::pwrite(file.get(), copy.data() + done, copy.size() - done, static_cast<off_t>(at + done));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return refused("write", path);
    done += static_cast<std::size_t>(put);
  }
  if (::fsync(file.get()) != 0) return refused("sync", path);
  return {};
}

std::optional<unsigned> number_from(std::string_view text, unsigned most) {
  unsigned number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || number > most) return std::nullopt;
  return number;
}

// False where the value is none of the key's.
bool take(BootState& state, bool& has_slot, std::string_view key, std::string_view value) {
  if (key == "slot") {
    const auto slot = boot_slot_from(value);
    state.slot = slot.value_or(BootSlot::a);
    has_slot = slot.has_value();
    return has_slot;
  }
  if (key == "trial") {
    state.trial = boot_slot_from(value);
    return state.trial.has_value() || value.empty();
  }
  if (key == "left" || key == "starts") {
    const auto number = number_from(value, key == "left" ? most_starts_left : most_starts);
    (key == "left" ? state.left : state.starts) = number.value_or(0);
    return number.has_value();
  }
  return true;
}

}  // namespace

std::string_view to_string(BootSlot slot) {
  return slot == BootSlot::a ? "a" : "b";
}

std::optional<BootSlot> boot_slot_from(std::string_view text) {
  if (text == "a") return BootSlot::a;
  if (text == "b") return BootSlot::b;
  return std::nullopt;
}

Bytes encode(const BootState& state) {
  std::string text = fmt::format("slot={}", to_string(state.slot)) + '\0';
  if (state.trial) text += fmt::format("trial={}", to_string(*state.trial)) + '\0';
  text += fmt::format("left={}", std::min(state.left, most_starts_left)) + '\0';
  text += fmt::format("starts={}", std::min(state.starts, most_starts)) + '\0';
  Bytes copy(boot_state_copy_bytes);
  std::copy(text.begin(), text.end(), copy.begin() + head_bytes);
  little_endian::put(copy, 0, crc32(ByteView(copy).subspan(head_bytes)));
  return copy;
}

Result<BootState> boot_state_from(ByteView copy) {
  const auto damaged = [](std::string_view how) {
    return fail(ErrorCode::corrupt, fmt::format("the boot state {}", how));
  };
  if (copy.size() != boot_state_copy_bytes) return damaged("is cut short");
  const ByteView body = copy.subspan(head_bytes);
  if (little_endian::get<std::uint32_t>(copy, 0) != crc32(body)) return damaged("does not fit its checksum");
  std::string_view rest(reinterpret_cast<const char*>(body.data()), body.size());
  BootState state;
  bool has_slot = false;
  while (!rest.empty() && rest.front() != '\0') {
    const std::string_view line = rest.substr(0, rest.find('\0'));
    if (line.size() == rest.size()) return damaged("has no end");
    rest.remove_prefix(line.size() + 1);
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return damaged("holds a line without a value");
    if (!take(state, has_slot, line.substr(0, equals), line.substr(equals + 1)))
      return damaged("holds a value that is none of its key's");
  }
  if (!has_slot) return damaged("names no slot");
  return state;
}

Result<ReadBootState> read_boot_state(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return refused("open", path);
  const auto first = read_copy(file, 0, path);
  if (!first) return fail(first.error());
  const auto second = read_copy(file, boot_state_second_at, path);
  if (!second) return fail(second.error());
  const auto state = boot_state_from(*first);
  if (state) return ReadBootState{*state, *first != *second};
  const auto spare = boot_state_from(*second);
  if (spare) return ReadBootState{*spare, true};
  return fail(state.error().context(json_escape(path.string())));
}

Status write_boot_state(const std::filesystem::path& path, const BootState& state) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) return refused("open", path);
  const Bytes copy = encode(state);
  for (const std::size_t at : {std::size_t{0}, boot_state_second_at}) {
    if (const Status written = write_copy(file, at, copy, path); !written) return written;
  }
  return {};
}

}  // namespace wayside
