#include "src/device/config/draft.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "src/device/config/keys.hpp"
#include "src/device/config/rules.hpp"
#include "src/device/config/values.hpp"

namespace wayside::config {

namespace {

// What is required and was not given has nothing to show.
std::string value_in(const Draft& draft, const Key& key) {
  if (key.required && !draft.given.contains(path_of(key))) return {};
  return value_text(key, draft.values);
}

std::string lane_path(int number) {
  return fmt::format("lane.{}.polygon", number);
}

std::string lane_in(const Draft& draft, int number) {
  for (const LaneSetting& lane : draft.values.lanes) {
    if (lane.number == number) return polygon_text(lane);
  }
  return {};
}

Draft with_all_given(const Configuration& configuration) {
  Draft draft{configuration, {}};
  for (const Key& key : all_keys())
    draft.given.insert(path_of(key));
  return draft;
}

}  // namespace

std::string polygon_text(const LaneSetting& lane) {
  std::string out;
  for (const auto& [x, y] : lane.polygon)
    out += fmt::format("{}[{}, {}]", out.empty() ? "" : ", ", x, y);
  return '[' + out + ']';
}

std::string toml_of(const Draft& draft) {
  std::string out;
  for (const std::string_view section : all_sections()) {
    std::string rows;
    for (const Key& key : all_keys()) {
      if (key.section != section || !draft.given.contains(path_of(key))) continue;
      rows += fmt::format("{} = {}\n", key.name, value_text(key, draft.values));
    }
    if (!rows.empty()) out += fmt::format("{}[{}]\n{}", out.empty() ? "" : "\n", section, rows);
  }
  for (const LaneSetting& lane : draft.values.lanes) {
    out += fmt::format("{}[[lane]]\nnumber = {}\npolygon = {}\n", out.empty() ? "" : "\n", lane.number,
                       polygon_text(lane));
  }
  return out;
}

std::vector<std::string> complaints_about(const Draft& draft) {
  std::vector<std::string> out;
  for (const Key& key : all_keys()) {
    if (!key.required || draft.given.contains(path_of(key))) continue;
    out.push_back(
        fmt::format("{} is missing, expected {}", path_of(key), expected_form(key, Paths::absolute)));
  }
  for (Complaint& complaint : complaints_about(draft.values))
    out.push_back(std::move(complaint.text));
  return out;
}

Configuration configuration_of(const Draft& draft) {
  Configuration configuration = draft.values;
  configuration.version = version_of(configuration);
  return configuration;
}

std::vector<std::pair<std::string, std::string>> settings_of(const Draft& draft) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Key& key : all_keys()) {
    if (draft.given.contains(path_of(key))) out.emplace_back(path_of(key), value_text(key, draft.values));
  }
  for (const LaneSetting& lane : draft.values.lanes)
    out.emplace_back(lane_path(lane.number), polygon_text(lane));
  return out;
}

std::vector<ConfigurationChange> changes_between(const Draft& before, const Draft& after) {
  std::vector<ConfigurationChange> out;
  for (const Key& key : all_keys()) {
    std::string was = value_in(before, key);
    std::string is = value_in(after, key);
    if (was != is) out.push_back({path_of(key), std::move(was), std::move(is), key.effect});
  }
  std::set<int> numbers;
  for (const Draft* draft : {&before, &after}) {
    for (const LaneSetting& lane : draft->values.lanes)
      numbers.insert(lane.number);
  }
  for (const int number : numbers) {
    std::string was = lane_in(before, number);
    std::string is = lane_in(after, number);
    if (was != is) out.push_back({lane_path(number), std::move(was), std::move(is), Effect::restart});
  }
  return out;
}

}  // namespace wayside::config

namespace wayside {

std::vector<ConfigurationChange> changes_between(const Configuration& before, const Configuration& after) {
  return config::changes_between(config::with_all_given(before), config::with_all_given(after));
}

}  // namespace wayside
