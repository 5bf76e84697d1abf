// Which slot starts: what loader and system tell each other, in a partition of its own.
//
// Two copies of 4096 bytes, 8 MiB apart: what a card erases or writes as one, 4 MiB on many, holds one of them
// at most; each in the form of U-Boot's environment: the CRC-32 of what follows, little endian, then KEY=VALUE
// lines that end in NUL, one more NUL, zeros. The first copy whose CRC fits counts. Keys: slot (a or b: the
// confirmed one), trial (a or b: on trial; absent or empty: none), left (0 to 9: starts that the loader still
// gives the trial), starts (decimal: starts of the trial that came as far as the services). Keys that are not
// known are passed over.
//
// Threads: pure functions; of a file one writer at a time. Failure: corrupt where no copy counts, io where
// the system refuses.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"

namespace wayside {

enum class BootSlot { a, b };

[[nodiscard]] std::string_view to_string(BootSlot slot);
[[nodiscard]] std::optional<BootSlot> boot_slot_from(std::string_view text);
[[nodiscard]] constexpr BootSlot other(BootSlot slot) {
  return slot == BootSlot::a ? BootSlot::b : BootSlot::a;
}

struct BootState {
  BootSlot slot = BootSlot::a;  // started whenever there is no trial
  std::optional<BootSlot> trial;
  unsigned left = 0;    // at most most_starts_left
  unsigned starts = 0;  // at most most_starts
  friend bool operator==(const BootState&, const BootState&) = default;
};

inline constexpr std::size_t boot_state_copy_bytes = 4096;
inline constexpr std::size_t boot_state_second_at = std::size_t{8} << 20U;
inline constexpr unsigned most_starts_left = 9;  // the loader counts in hex: one digit
inline constexpr unsigned most_starts = 9999;

// One copy, of boot_state_copy_bytes.
[[nodiscard]] Bytes encode(const BootState& state);
[[nodiscard]] Result<BootState> boot_state_from(ByteView copy);

struct ReadBootState {
  BootState state;
  bool one_copy = false;  // the other is damaged or older: writing it again mends that
};

// path: the partition, or a file.
[[nodiscard]] Result<ReadBootState> read_boot_state(const std::filesystem::path& path);
// One copy, synced, then the other, synced: a power cut leaves the old state or the new one. The file must be
// there.
[[nodiscard]] Status write_boot_state(const std::filesystem::path& path, const BootState& state);

}  // namespace wayside
