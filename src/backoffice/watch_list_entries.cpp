#include "src/backoffice/watch_list_entries.hpp"

#include <algorithm>
#include <optional>

#include "wayside/base/csv.hpp"
#include "wayside/base/strict_json.hpp"

namespace wayside::backoffice {

namespace {

std::optional<WatchField> field_named(std::string_view name) {
  const auto found = std::find(watch_field_names.begin(), watch_field_names.end(), name);
  if (found == watch_field_names.end()) return std::nullopt;
  return static_cast<WatchField>(found - watch_field_names.begin());
}

// As people write them: "ab12 cde".
void tidy(WatchEntry& entry) {
  std::string& vrm = entry[WatchField::vrm];
  vrm.erase(std::remove(vrm.begin(), vrm.end(), ' '), vrm.end());
  for (char& c : vrm) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
}

void add(ListMaker& maker, WatchEntry entry, std::uint64_t line) {
  tidy(entry);
  maker.add(entry, line);
  wipe(entry);
}

}  // namespace

Status entries_from_csv(std::string_view text, std::string_view name, ListMaker& maker) {
  const std::vector<std::string> required = {"vrm", "action"};
  std::vector<std::string> optional;
  for (const std::string_view field : watch_field_names) {
    if (std::find(required.begin(), required.end(), field) == required.end()) optional.emplace_back(field);
  }
  return read_csv(text, name, required, optional, [&](const CsvTable& table, CsvRow row) {
    WatchEntry entry;
    for (std::size_t i = 0; i < row.fields.size(); ++i)
      entry[*field_named(table.header[i])] = std::move(row.fields[i]);
    add(maker, std::move(entry), row.line);
  });
}

void entries_from_json_lines(std::string_view text, ListMaker& maker) {
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const auto json = parse_object(line, "it");
    if (!json) {
      maker.bad_lines().add(number, "", "one JSON object, no key twice");
      continue;
    }
    WatchEntry entry;
    bool good = true;
    for (const auto& [key, value] : json->items()) {
      const auto field = field_named(key);
      if (!field)
        maker.bad_lines().add(number, "", "an object of no other keys than the fields' names");
      else if (!value.is_string())
        maker.bad_lines().add(number, to_string(*field), "a text in quotes");
      else
        entry[*field] = value.get<std::string>();
      good = good && field && value.is_string();
      if (!good) break;
    }
    if (good) add(maker, std::move(entry), number);
  }
}

}  // namespace wayside::backoffice
