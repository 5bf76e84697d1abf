// The one file that calls the TOML library, and catches what it throws.
#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/line_errors.hpp"
#include "wayside/base/nearest.hpp"

#include "src/device/config/draft.hpp"
#include "src/device/config/keys.hpp"
#include "src/device/config/rules.hpp"
#include "src/device/config/values.hpp"

namespace wayside {

using config::shown;

namespace {

std::string found_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return fmt::format("\"{}\"", shown(text->get()));
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  if (node.is_array()) return "a list";
  if (node.is_table()) return "a section";
  return "a date or time";
}

config::Value value_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  return std::monostate{};
}

// What a migration makes of a value that it moves.
void put(toml::table& section, std::string_view name, const config::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) section.insert_or_assign(name, *text);
  if (const auto* number = std::get_if<std::int64_t>(&value)) section.insert_or_assign(name, *number);
  if (const auto* number = std::get_if<double>(&value)) section.insert_or_assign(name, *number);
}

void migrate(toml::table& root, const config::Migration& step) {
  const auto halves = [](std::string_view path) {
    const std::size_t dot = path.find('.');
    return std::pair(path.substr(0, dot), path.substr(dot + 1));
  };
  for (const config::KeyMove& move : step) {
    const auto [section, name] = halves(move.from);
    toml::table* from = root[section].as_table();
    const toml::node* node = from == nullptr ? nullptr : from->get(name);
    if (node == nullptr) continue;
    const config::Value value = move.convert == nullptr ? value_of(*node) : move.convert(value_of(*node));
    from->erase(name);
    if (from->empty()) root.erase(section);
    if (move.to.empty()) continue;
    const auto [new_section, new_name] = halves(move.to);
    if (!root.contains(new_section)) root.insert(new_section, toml::table{});
    toml::table* to = root[new_section].as_table();
    if (to != nullptr && !to->contains(new_name)) put(*to, new_name, value);
  }
}

class Loader {
 public:
  // folder: what relative paths are relative to; empty: they are refused.
  Loader(std::string name, std::filesystem::path folder)
      : name_(std::move(name)), folder_(std::move(folder)) {}

  // Every key that is there.
  void read(const toml::table& root) {
    refuse_unknown_sections(root);
    for (const std::string_view section : config::all_sections())
      read_section(root, section);
    read_lanes(root);
  }

  // What one key alone does not tell.
  void demand_the_rest(const toml::table& root) {
    for (const config::Key& key : config::all_keys()) {
      const toml::node* section = root.get(key.section);
      if (!key.required || root[key.section][key.name] || (section != nullptr && !section->is_table()))
        continue;
      error(section == nullptr ? 0 : section->source().begin.line,
            fmt::format("{}.{} is missing: add {} = {} below [{}]; expected {}", key.section, key.name,
                        key.name, key.example, key.section, config::expected_form(key)));
    }
    for (config::Complaint& complaint : config::complaints_about(draft_.values))
      error(line_of(root, complaint.keys), std::move(complaint.text));
  }

  Result<config::Draft> taken() {
    if (!errors_.empty()) return fail(ErrorCode::invalid_input, errors_.text(name_));
    return std::move(draft_);
  }

 private:
  void error(toml::source_index line, std::string text) { errors_.add(line, std::move(text)); }
  void error(const toml::node& node, std::string text) { error(node.source().begin.line, std::move(text)); }

  void refuse_unknown_sections(const toml::table& root) {
    std::vector<std::string> known = {"lane"};
    for (const std::string_view section : config::all_sections())
      known.emplace_back(section);
    for (const auto& [key, node] : root) {
      const std::string_view name = key.str();
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const std::string home = home_of(name);
      error(key.source().begin.line,
            fmt::format("there is no section \"{}\"{}", shown(name),
                        home.empty() || node.is_table() ? meant(name, known) : home));
    }
  }

  static std::string meant(std::string_view given, const std::vector<std::string>& known) {
    const std::string near = nearest(given, known);
    return near.empty() ? std::string("; remove it") : fmt::format("; did you mean \"{}\"?", near);
  }
  // For a key that is right but in the wrong place.
  static std::string home_of(std::string_view name) {
    for (const config::Key& key : config::all_keys()) {
      if (key.name == name) return fmt::format("; it belongs below [{}]", key.section);
    }
    return {};
  }

  void read_section(const toml::table& root, std::string_view section) {
    const toml::node* node = root.get(section);
    const toml::table* table = node == nullptr ? nullptr : node->as_table();
    if (node != nullptr && table == nullptr) {
      error(*node, fmt::format("\"{}\" is {}, expected a section [{}]", section, found_text(*node), section));
      return;
    }
    std::vector<std::string> known;
    for (const config::Key& key : config::all_keys()) {
      if (key.section != section) continue;
      known.emplace_back(key.name);
      if (table == nullptr) continue;
      if (const toml::node* value = table->get(key.name)) read_key(key, *value);
    }
    if (table == nullptr) return;
    for (const auto& [key, value] : *table) {
      const std::string_view name = key.str();
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const std::string home = home_of(name);
      error(key.source().begin.line, fmt::format("[{}] has no key \"{}\"{}", section, shown(name),
                                                 home.empty() ? meant(name, known) : home));
    }
  }

  void read_key(const config::Key& key, const toml::node& node) {
    if (config::set_value(key, value_of(node), folder_, draft_.values)) {
      draft_.given.insert(config::path_of(key));
      return;
    }
    const config::Paths paths = folder_.empty() ? config::Paths::absolute : config::Paths::any;
    error(node, fmt::format("{}.{} is {}, expected {}", key.section, key.name, found_text(node),
                            config::expected_form(key, paths)));
  }

  void read_lanes(const toml::table& root) {
    const toml::node* node = root.get("lane");
    if (node == nullptr) return;
    const toml::array* lanes = node->as_array();
    if (lanes == nullptr) {
      error(*node, fmt::format("\"lane\" is {}, expected sections headed [[lane]] with two brackets",
                               found_text(*node)));
      return;
    }
    std::set<int> numbers;
    for (const toml::node& element : *lanes) {
      const toml::table* lane = element.as_table();
      if (lane == nullptr) {
        error(element, "a lane is no section, expected sections headed [[lane]]");
        continue;
      }
      LaneSetting setting;
      const auto number = (*lane)["number"].value_exact<std::int64_t>();
      if (!number || *number < 1 || *number > config::most_lanes) {
        const toml::node* found = lane->get("number");
        error(found == nullptr ? *lane : *found,
              fmt::format("lane.number is {}, expected a whole number from 1 to 99",
                          found == nullptr ? "missing" : found_text(*found)));
      } else if (!numbers.insert(setting.number = static_cast<int>(*number)).second) {
        error(*lane, fmt::format("lane.number {} is there twice, expected each lane once", *number));
      }
      read_polygon(*lane, setting);
      for (const auto& [key, value] : *lane) {
        if (key.str() == "number" || key.str() == "polygon") continue;
        error(key.source().begin.line, fmt::format("[[lane]] has no key \"{}\"{}", shown(key.str()),
                                                   meant(key.str(), {"number", "polygon"})));
      }
      draft_.values.lanes.push_back(std::move(setting));
    }
  }

  void read_polygon(const toml::table& lane, LaneSetting& setting) {
    constexpr std::string_view expected = config::polygon_form;
    const toml::node* node = lane.get("polygon");
    const toml::array* points = node == nullptr ? nullptr : node->as_array();
    if (points == nullptr) {
      error(node == nullptr ? lane : *node,
            fmt::format("lane.polygon is {}, {}", node == nullptr ? "missing" : found_text(*node), expected));
      return;
    }
    for (const toml::node& element : *points) {
      const toml::array* point = element.as_array();
      std::vector<double> both;
      if (point != nullptr && point->size() == 2) {
        for (const toml::node& coordinate : *point) {
          const std::optional<double> value = coordinate.value<double>();
          if (coordinate.is_number() && value && *value >= 0 && *value <= 1) both.push_back(*value);
        }
      }
      if (both.size() != 2) {
        error(element, fmt::format("lane.polygon has a point that is none, {}", expected));
        return;
      }
      setting.polygon.emplace_back(both[0], both[1]);
    }
    if (!config::is_lane(setting.polygon)) {
      error(*node, fmt::format("lane.polygon has {} points, {}", setting.polygon.size(), expected));
    }
  }

  // 0: the file has none of them.
  static toml::source_index line_of(const toml::table& root, const std::vector<std::string>& keys) {
    for (const std::string& path : keys) {
      const std::size_t dot = path.find('.');
      const toml::node* node = root[path.substr(0, dot)][path.substr(dot + 1)].node();
      if (node != nullptr) return node->source().begin.line;
    }
    return 0;
  }

  std::string name_;
  std::filesystem::path folder_;
  config::Draft draft_;
  LineErrors errors_;
};

template <class Work>
auto with_toml(std::string_view text, const std::string& name, const Work& work)
    -> decltype(work(std::declval<toml::table&>())) {
  try {
    toml::table root = toml::parse(text);
    return work(root);
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{}: line {}: this is no TOML: {}", name, error.source().begin.line,
                            json_escape(error.description())));
  } catch (const std::exception& error) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{}: cannot be read as TOML: {}", name, json_escape(error.what())));
  }
}

}  // namespace

Result<Configuration> load_configuration(const std::filesystem::path& file) {
  const Result<std::string> text = read_text_file(file, config::most_file_bytes);
  if (!text) return fail(text.error().context("the configuration"));
  const std::string name = json_escape(file.string());
  return with_toml(*text, name, [&](const toml::table& root) -> Result<Configuration> {
    Loader loader(name, std::filesystem::absolute(file).parent_path());
    loader.read(root);
    loader.demand_the_rest(root);
    Result<config::Draft> draft = loader.taken();
    if (!draft) return fail(draft.error());
    return config::configuration_of(*draft);
  });
}

namespace config {

std::span<const Migration> migrations() {
  return {};
}

Result<Draft> draft_from(std::string_view toml, const Origin& origin) {
  if (toml.size() > most_file_bytes) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} is longer than the {} bytes that a configuration may have", origin.name,
                            most_file_bytes));
  }
  return with_toml(toml, origin.name, [&](toml::table& root) -> Result<Draft> {
    for (std::size_t i = origin.format - 1; i < origin.steps.size(); ++i)
      migrate(root, origin.steps[i]);
    Loader loader(origin.name, {});
    loader.read(root);
    return loader.taken();
  });
}

}  // namespace config

}  // namespace wayside
