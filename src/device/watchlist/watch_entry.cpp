#include "wayside/device/watchlist/watch_entry.hpp"

#include <algorithm>
#include <chrono>

#include "wayside/base/json_text.hpp"
#include "wayside/base/secret.hpp"

namespace wayside {

namespace {

constexpr std::size_t longest_text = 200;
constexpr std::size_t longest_information = 2000;

constexpr std::string_view vrm_form =
    "1 to 16 capital letters and digits, ? for one character and * for any number; at least two letters or "
    "digits where there is ? or *";
constexpr std::string_view date_form = "a date like 2026-12-31, from 1970-01-02 to 2149-06-06, or nothing";
constexpr std::string_view action_form = "STOP or SILENT";
constexpr std::string_view text_form = "valid UTF-8 of at most 200 bytes without control characters";
constexpr std::string_view information_form = "valid UTF-8 of at most 2000 bytes without control characters";
constexpr std::string_view line_form = "16 fields with a tab between two of them, at most 4096 bytes";
constexpr std::string_view key_form = "a VRM and a PNC id with a tab between them";

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

bool is_vrm(std::string_view text) {
  if (text.empty() || text.size() > longest_watched_vrm) return false;
  std::size_t plain = 0;
  for (const char c : text) {
    if (is_letter_or_digit(c))
      ++plain;
    else if (c != '?' && c != '*')
      return false;
  }
  // What asks for nearly every vehicle is a slip.
  return plain == text.size() || plain >= 2;
}

// 0: it is none.
std::uint16_t day_of(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return 0;
  const auto number = [&](std::size_t from, std::size_t count) -> int {
    int value = 0;
    for (const char c : text.substr(from, count)) {
      if (c < '0' || c > '9') return -1;
      value = value * 10 + (c - '0');
    }
    return value;
  };
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  if (year < 1970 || month < 1 || day < 1) return 0;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return 0;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return days > 0 && days <= UINT16_MAX ? static_cast<std::uint16_t>(days) : std::uint16_t{0};
}

// Shown on terminals and in logs of others: nothing in it may drive them.
bool is_text(std::string_view text, std::size_t longest) {
  if (text.size() > longest) return false;
  const auto plain = [](char c) { return c >= 0x20 && c < 0x7F; };
  if (std::all_of(text.begin(), text.end(), plain)) return true;
  std::string unquoted(text);
  std::replace_if(
      unquoted.begin(), unquoted.end(), [](char c) { return c == '"' || c == '\\'; }, ' ');
  const bool same = json_escape(unquoted) == unquoted;
  wipe(unquoted);
  return same;
}

std::optional<EntryFault> fault_in(WatchField field, std::string_view text, std::uint16_t& weed_day) {
  switch (field) {
    case WatchField::vrm:
      if (!is_vrm(text)) return EntryFault{field, vrm_form};
      return std::nullopt;
    case WatchField::action:
      if (text != "STOP" && text != "SILENT") return EntryFault{field, action_form};
      return std::nullopt;
    case WatchField::weed_date:
      weed_day = day_of(text);
      if (weed_day == 0 && !text.empty()) return EntryFault{field, date_form};
      return std::nullopt;
    case WatchField::information:
      if (!is_text(text, longest_information)) return EntryFault{field, information_form};
      return std::nullopt;
    default:
      if (!is_text(text, longest_text)) return EntryFault{field, text_form};
      return std::nullopt;
  }
}

}  // namespace

void wipe(WatchEntry& entry) {
  for (std::string& field : entry.fields)
    wipe(field);
}

std::optional<EntryFault> parse_entry_line(std::string_view line, EntryLine& into) {
  if (line.size() > longest_entry_line) return EntryFault{std::nullopt, line_form};
  std::size_t at = 0;
  for (std::size_t i = 0; i < watch_fields; ++i) {
    const std::size_t tab = line.find('\t', at);
    const bool last = i + 1 == watch_fields;
    if ((tab == std::string_view::npos) != last) return EntryFault{std::nullopt, line_form};
    into.fields[i] = line.substr(at, last ? std::string_view::npos : tab - at);
    at = tab + 1;
  }
  into.key = line.substr(0, into[WatchField::vrm].size() + 1 + into[WatchField::pnc_id].size());
  into.weed_day = 0;
  for (std::size_t i = 0; i < watch_fields; ++i) {
    if (auto fault = fault_in(static_cast<WatchField>(i), into.fields[i], into.weed_day)) return fault;
  }
  return std::nullopt;
}

std::optional<EntryFault> check_entry_key(std::string_view key) {
  const std::size_t tab = key.find('\t');
  if (tab == std::string_view::npos) return EntryFault{std::nullopt, key_form};
  std::uint16_t ignored = 0;
  if (auto fault = fault_in(WatchField::vrm, key.substr(0, tab), ignored)) return fault;
  return fault_in(WatchField::pnc_id, key.substr(tab + 1), ignored);
}

std::optional<EntryFault> fault_of(const WatchEntry& entry) {
  std::uint16_t ignored = 0;
  std::size_t bytes = watch_fields - 1;
  for (std::size_t i = 0; i < watch_fields; ++i) {
    if (auto fault = fault_in(static_cast<WatchField>(i), entry.fields[i], ignored)) return fault;
    bytes += entry.fields[i].size();
  }
  if (bytes > longest_entry_line) return EntryFault{std::nullopt, line_form};
  return std::nullopt;
}

std::string to_line(const WatchEntry& entry) {
  std::size_t bytes = watch_fields;
  for (const std::string& field : entry.fields)
    bytes += field.size();
  std::string line;
  line.reserve(bytes);  // growing would leave pieces of it behind
  for (std::size_t i = 0; i < watch_fields; ++i) {
    if (i != 0) line += '\t';
    line += entry.fields[i];
  }
  return line;
}

WatchEntry entry_of(const EntryLine& line) {
  WatchEntry entry;
  for (std::size_t i = 0; i < watch_fields; ++i)
    entry.fields[i] = line.fields[i];
  return entry;
}

}  // namespace wayside
