// One entry of a VOI list: 16 fields of text, and the line that it is in a list's document
// (list_document.md).
//
// Threads: plain values. Ownership: whoever holds an entry wipes it. Failure: a fault names the field and the
// form that is expected, and repeats nothing of what stands there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wayside {

// In the order of the line.
enum class WatchField : std::uint8_t {
  vrm,     // 1 to 16 of A-Z, 0-9, ? (any one character) and * (any number of them)
  pnc_id,  // with the VRM, what names an entry
  action,  // STOP or SILENT
  weed_date,
  make,
  model,
  colour,
  warning_markers,
  reason,
  nim_code,  // 5x5x5
  information,
  force_area,
  protective_marking,
  cad_information,
  spare_1,
  spare_2,
};
inline constexpr std::size_t watch_fields = 16;
inline constexpr std::array<std::string_view, watch_fields> watch_field_names = {"vrm",
                                                                                 "pnc_id",
                                                                                 "action",
                                                                                 "weed_date",
                                                                                 "make",
                                                                                 "model",
                                                                                 "colour",
                                                                                 "warning_markers",
                                                                                 "reason",
                                                                                 "nim_code",
                                                                                 "information",
                                                                                 "force_area",
                                                                                 "protective_marking",
                                                                                 "cad_information",
                                                                                 "spare_1",
                                                                                 "spare_2"};
[[nodiscard]] constexpr std::string_view to_string(WatchField field) {
  return watch_field_names[static_cast<std::size_t>(field)];
}

inline constexpr std::size_t longest_watched_vrm = 16;
inline constexpr std::size_t longest_entry_line = 4096;  // bytes, without its end

struct WatchEntry {
  std::array<std::string, watch_fields> fields;
  [[nodiscard]] std::string& operator[](WatchField field) { return fields[static_cast<std::size_t>(field)]; }
  [[nodiscard]] const std::string& operator[](WatchField field) const {
    return fields[static_cast<std::size_t>(field)];
  }
  friend bool operator==(const WatchEntry&, const WatchEntry&) = default;
};
void wipe(WatchEntry& entry);

struct EntryFault {
  std::optional<WatchField> field;  // nothing: the line as a whole
  std::string_view expected;        // "STOP or SILENT"
};

// A line whose fields have been checked. Views into it.
struct EntryLine {
  std::array<std::string_view, watch_fields> fields;
  std::string_view key;        // VRM and PNC id, as they stand in the line: what orders a list
  std::uint16_t weed_day = 0;  // of 1970-01-01; 0: never weeded
  [[nodiscard]] std::string_view operator[](WatchField field) const {
    return fields[static_cast<std::size_t>(field)];
  }
};
// Without the line's end. Nothing: `into` holds it.
[[nodiscard]] std::optional<EntryFault> parse_entry_line(std::string_view line, EntryLine& into);
// What a delta takes away: VRM, a tab, PNC id.
[[nodiscard]] std::optional<EntryFault> check_entry_key(std::string_view key);

[[nodiscard]] std::optional<EntryFault> fault_of(const WatchEntry& entry);
// Of an entry without a fault; the line's end is not in it.
[[nodiscard]] std::string to_line(const WatchEntry& entry);
[[nodiscard]] WatchEntry entry_of(const EntryLine& line);

}  // namespace wayside
