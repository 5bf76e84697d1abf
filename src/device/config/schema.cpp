#include "wayside/device/config/schema.hpp"

#include <algorithm>

#include "src/device/config/keys.hpp"
#include "src/device/config/values.hpp"

namespace wayside {

namespace {

constexpr std::string_view lane_pattern = "lane.N.polygon";

KeyDescription description_of(const config::Key& key) {
  static const Configuration defaults;
  KeyDescription out;
  out.path = config::path_of(key);
  out.section = key.section;
  out.name = key.name;
  out.help = key.help;
  out.form = config::expected_form(key, config::Paths::absolute);
  out.unit = key.unit;
  out.choices.assign(key.choices.begin(), key.choices.end());
  if (key.example.empty()) out.default_value = config::value_text(key, defaults);
  out.required = key.required;
  out.since = key.since;
  out.effect = key.effect;
  return out;
}

KeyDescription lane_description() {
  KeyDescription out;
  out.path = lane_pattern;
  out.section = "lane";
  out.name = "polygon";
  out.help =
      "A lane by its number, 1 to 99: a pass is given the number of the lane that its plate was read in. "
      "Points "
      "are fractions of the picture's width and height from its top left corner.";
  out.form = "3 to 64 points x,y from 0 to 1 that enclose an area: 0,0 0.5,0 0.5,1 0,1";
  out.since = "0.1";
  return out;
}

bool is_lane_path(std::string_view path) {
  constexpr std::string_view begin = "lane.";
  constexpr std::string_view end = ".polygon";
  if (!path.starts_with(begin) || !path.ends_with(end) || path.size() <= begin.size() + end.size())
    return false;
  const std::string_view number = path.substr(begin.size(), path.size() - begin.size() - end.size());
  return number.size() <= 2 && number.front() != '0' &&
         std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string_view to_string(Effect effect) {
  switch (effect) {
    case Effect::at_once:
      return "at once";
    case Effect::remade:
      return "at once, its part is made anew";
    case Effect::restart:
      break;
  }
  return "the camera begins anew";
}

std::span<const KeyDescription> configuration_keys() {
  static const std::vector<KeyDescription> keys = [] {
    std::vector<KeyDescription> all;
    for (const config::Key& key : config::all_keys())
      all.push_back(description_of(key));
    all.push_back(lane_description());
    return all;
  }();
  return keys;
}

std::span<const std::string> configuration_sections() {
  static const std::vector<std::string> sections = [] {
    const std::vector<std::string_view> known = config::all_sections();
    std::vector<std::string> all(known.begin(), known.end());
    all.emplace_back("lane");
    return all;
  }();
  return sections;
}

const KeyDescription* configuration_key(std::string_view path) {
  if (is_lane_path(path)) path = lane_pattern;
  const auto keys = configuration_keys();
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const KeyDescription& key) { return key.path == path; });
  return found == keys.end() ? nullptr : &*found;
}

Effect effect_of(std::span<const ConfigurationChange> changes) {
  Effect most = Effect::at_once;
  for (const ConfigurationChange& change : changes)
    most = std::max(most, change.effect);
  return most;
}

}  // namespace wayside
