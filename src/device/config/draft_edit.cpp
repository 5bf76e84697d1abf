// Words of a person, put into a draft.
#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "wayside/base/json_text.hpp"
#include "wayside/base/nearest.hpp"

#include "src/device/config/draft.hpp"
#include "src/device/config/keys.hpp"
#include "src/device/config/rules.hpp"
#include "src/device/config/values.hpp"

namespace wayside::config {

namespace {

using Words = std::vector<std::string>;
using Polygon = std::vector<std::pair<double, double>>;

// "site.name" is "site" and "name"; the values behind are left alone.
Words path_first(std::span<const std::string> words) {
  Words out;
  if (words.empty()) return out;
  std::string_view rest = words.front();
  for (std::size_t dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
    out.emplace_back(rest.substr(0, dot));
    rest.remove_prefix(dot + 1);
  }
  out.emplace_back(rest);
  out.insert(out.end(), words.begin() + 1, words.end());
  return out;
}

template <class Number>
std::optional<Number> number_from(std::string_view text) {
  Number number{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Value value_from(const Key& key, const std::string& word) {
  Configuration scratch;
  const Slot slot = key.slot(scratch);
  if (std::holds_alternative<std::string*>(slot) || std::holds_alternative<std::filesystem::path*>(slot))
    return word;
  if (const auto whole = number_from<std::int64_t>(word)) return *whole;
  if (const auto real = number_from<double>(word)) return *real;
  return std::monostate{};
}

std::string meant(std::string_view given, const Words& known) {
  const std::string near = nearest(given, known);
  if (!near.empty()) return fmt::format("; did you mean \"{}\"?", near);
  return fmt::format(": expected one of {}", fmt::join(known, ", "));
}

tl::unexpected<Error> no_section(std::string_view given) {
  const auto sections = configuration_sections();
  return fail(ErrorCode::invalid_input, fmt::format("there is no section \"{}\"{}", shown(given),
                                                    meant(given, Words(sections.begin(), sections.end()))));
}

bool is_section(std::string_view name) {
  const std::vector<std::string_view> sections = all_sections();
  return std::find(sections.begin(), sections.end(), name) != sections.end();
}

Result<const Key*> key_at(const std::string& section, const std::string& name) {
  if (!is_section(section)) return no_section(section);
  if (const Key* key = find_key(fmt::format("{}.{}", section, name))) return key;
  Words known;
  for (const Key& key : all_keys()) {
    if (key.section == section) known.emplace_back(key.name);
  }
  return fail(ErrorCode::invalid_input,
              fmt::format("{} has no key \"{}\"{}", section, shown(name), meant(name, known)));
}

Result<int> lane_number(const std::string& word) {
  const auto number = number_from<int>(word);
  if (number && *number >= 1 && *number <= most_lanes) return *number;
  return fail(ErrorCode::invalid_input,
              fmt::format("lane \"{}\" is no lane's number, expected a whole number from 1 to {}",
                          shown(word), most_lanes));
}

// "0,0" "0.5,0" ..., or as TOML has them: [[0, 0], [0.5, 0]].
std::optional<Polygon> polygon_from(std::span<const std::string> words) {
  std::string text = fmt::format("{}", fmt::join(words, " "));
  std::string_view between = " ";
  std::string_view rest = text;
  if (text.starts_with('[')) {
    std::erase(text, ' ');
    between = "],[";
    rest = text;
    if (!rest.starts_with("[[") || !rest.ends_with("]]")) return std::nullopt;
    rest = rest.substr(2, rest.size() - 4);
  }
  Polygon polygon;
  for (;;) {
    const std::size_t end = std::min(rest.find(between), rest.size());
    const std::string_view point = rest.substr(0, end);
    const std::size_t comma = std::min(point.find(','), point.size());
    const auto x = number_from<double>(point.substr(0, comma));
    const auto y = number_from<double>(point.substr(std::min(comma + 1, point.size())));
    if (!x || !y) return std::nullopt;
    polygon.emplace_back(*x, *y);
    if (end == rest.size()) return polygon;
    rest.remove_prefix(end + between.size());
  }
}

Status set_lane(Draft& draft, std::span<const std::string> words) {
  if (words.size() < 3 || words[1] != "polygon") {
    return fail(ErrorCode::invalid_input,
                "a lane is set as lane NUMBER polygon X,Y X,Y X,Y ..., fractions of the picture from 0 to 1");
  }
  const Result<int> number = lane_number(words[0]);
  if (!number) return fail(number.error());
  std::optional<Polygon> polygon = polygon_from(words.subspan(2));
  if (!polygon || !is_lane(*polygon)) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("lane.{}.polygon is not one, expected 3 to 64 points x,y, fractions of the picture "
                    "from 0 to 1 that enclose an area: 0,0 0.5,0 0.5,1 0,1",
                    *number));
  }
  std::vector<LaneSetting>& lanes = draft.values.lanes;
  const auto at = std::lower_bound(lanes.begin(), lanes.end(), *number,
                                   [](const LaneSetting& lane, int wanted) { return lane.number < wanted; });
  if (at != lanes.end() && at->number == *number) {
    at->polygon = std::move(*polygon);
  } else {
    lanes.insert(at, {*number, std::move(*polygon)});
  }
  return {};
}

Status unset_lane(Draft& draft, std::span<const std::string> words) {
  std::vector<LaneSetting>& lanes = draft.values.lanes;
  if (words.empty()) {
    if (lanes.empty()) return fail(ErrorCode::not_found, "there is no lane to unset");
    lanes.clear();
    return {};
  }
  const Result<int> number = lane_number(words[0]);
  if (!number) return fail(number.error());
  if (words.size() > 2 || (words.size() == 2 && words[1] != "polygon"))
    return fail(ErrorCode::invalid_input, "a lane is unset as lane NUMBER");
  if (std::erase_if(lanes, [&](const LaneSetting& lane) { return lane.number == *number; }) == 0)
    return fail(ErrorCode::not_found, fmt::format("there is no lane {} to unset", *number));
  return {};
}

void put_default(Draft& draft, const Key& key) {
  Configuration defaults;
  const Slot of_defaults = key.slot(defaults);
  std::visit([&](auto* slot) { *slot = *std::get<decltype(slot)>(of_defaults); }, key.slot(draft.values));
  draft.given.erase(path_of(key));
}

}  // namespace

Status set_words(Draft& draft, std::span<const std::string> typed) {
  const Words words = path_first(typed);
  if (words.empty()) return fail(ErrorCode::invalid_input, "name a key and its value: site name \"A14 J31\"");
  if (words[0] == "lane") return set_lane(draft, std::span(words).subspan(1));
  if (!is_section(words[0])) return no_section(words[0]);
  if (words.size() < 2)
    return fail(ErrorCode::invalid_input, fmt::format("name a key of {} and its value", words[0]));
  const Result<const Key*> found = key_at(words[0], words[1]);
  if (!found) return fail(found.error());
  const Key& key = **found;
  if (words.size() != 3) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} takes one value, {}{}", path_of(key), expected_form(key, Paths::absolute),
                            words.size() > 3 ? ": put a text with spaces into quotes" : ""));
  }
  if (!is_utf8(words[2]) || !set_value(key, value_from(key, words[2]), {}, draft.values)) {
    return fail(ErrorCode::invalid_input, fmt::format("{} is \"{}\", expected {}", path_of(key),
                                                      shown(words[2]), expected_form(key, Paths::absolute)));
  }
  draft.given.insert(path_of(key));
  return {};
}

Status unset_words(Draft& draft, std::span<const std::string> typed) {
  const Words words = path_first(typed);
  if (words.empty()) return fail(ErrorCode::invalid_input, "name a key, a lane or a section");
  if (words[0] == "lane") return unset_lane(draft, std::span(words).subspan(1));
  if (!is_section(words[0])) return no_section(words[0]);
  if (words.size() > 2)
    return fail(ErrorCode::invalid_input,
                fmt::format("unset {} {} takes no value", words[0], shown(words[1])));
  if (words.size() == 2) {
    const Result<const Key*> key = key_at(words[0], words[1]);
    if (!key) return fail(key.error());
    if (!draft.given.contains(path_of(**key)))
      return fail(ErrorCode::not_found, fmt::format("{} is not set", path_of(**key)));
    put_default(draft, **key);
    return {};
  }
  bool any = false;
  for (const Key& key : all_keys()) {
    if (key.section != words[0] || !draft.given.contains(path_of(key))) continue;
    put_default(draft, key);
    any = true;
  }
  if (!any) return fail(ErrorCode::not_found, fmt::format("nothing of {} is set", words[0]));
  return {};
}

}  // namespace wayside::config
