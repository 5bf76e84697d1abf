// The one file that calls the TOML library, and catches what it throws.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/line_errors.hpp"
#include "wayside/base/nearest.hpp"

#include "src/device/config/keys.hpp"
#include "src/device/config/values.hpp"

namespace wayside {

namespace {

// Room for ten times what there is to say, and TOML of this length cannot nest deeply enough to exhaust the
// stack.
constexpr std::size_t most_file_bytes = std::size_t{32} << 10;

// A key of this file as the file has it: what a person would have to type, cut where it would fill the
// screen.
std::string shown(std::string_view text) {
  constexpr std::size_t most = 60;
  return text.size() > most ? json_escape(text.substr(0, most)) + "..." : json_escape(text);
}

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

class Loader {
 public:
  explicit Loader(const std::filesystem::path& file)
      : name_(json_escape(file.string())), folder_(std::filesystem::absolute(file).parent_path()) {}

  Result<Configuration> load(const toml::table& root) {
    refuse_unknown_sections(root);
    for (const std::string_view section : config::all_sections())
      read_section(root, section);
    read_lanes(root);
    check_together(root);
    if (!errors_.empty()) return fail(ErrorCode::invalid_input, errors_.text(name_));
    configuration_.version = config::version_of(configuration_);
    return std::move(configuration_);
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
      const toml::node* value = table == nullptr ? nullptr : table->get(key.name);
      if (value != nullptr) {
        read_key(key, *value);
      } else if (key.required) {
        error(table == nullptr ? 0 : table->source().begin.line,
              fmt::format("{}.{} is missing: add {} = {} below [{}]; expected {}", section, key.name,
                          key.name, key.example, section, config::expected_form(key)));
      }
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
    if (!config::set_value(key, value_of(node), folder_, configuration_)) {
      error(node, fmt::format("{}.{} is {}, expected {}", key.section, key.name, found_text(node),
                              config::expected_form(key)));
    }
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
      if (!number || *number < 1 || *number > 99) {
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
      configuration_.lanes.push_back(std::move(setting));
    }
  }

  void read_polygon(const toml::table& lane, LaneSetting& setting) {
    static constexpr std::string_view expected =
        "expected 3 to 64 points [x, y], fractions of the picture from 0 to 1 that enclose an area";
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
    if (setting.polygon.size() < 3 || setting.polygon.size() > 64 ||
        config::area_of(setting.polygon) < 1e-6) {
      error(*node, fmt::format("lane.polygon has {} points, {}", setting.polygon.size(), expected));
    }
  }

  // Rules over more than one key. Only told apart from the rest by needing every value first.
  void check_together(const toml::table& root) {
    const auto line_of = [&](std::string_view section, std::string_view key) -> toml::source_index {
      const toml::node* node = root[section][key].node();
      return node == nullptr ? 0 : node->source().begin.line;
    };
    const Configuration& c = configuration_;
    if (c.site.latitude.has_value() != c.site.longitude.has_value()) {
      const bool has_latitude = c.site.latitude.has_value();
      const std::string_view there = has_latitude ? "latitude" : "longitude";
      error(line_of("site", there), fmt::format("site.{} is there without site.{}, expected both or neither",
                                                there, has_latitude ? "longitude" : "latitude"));
    }
    if (c.clock.gpsd_port != 0 && !c.site.latitude && !c.site.longitude) {
      error(line_of("clock", "gpsd_port"),
            fmt::format("clock.gpsd_port is {} and site.latitude and site.longitude are missing, expected "
                        "them: gpsd's place is compared with theirs",
                        c.clock.gpsd_port));
    }
    if (c.recognition.min_plate_width_px >= c.recognition.max_plate_width_px) {
      const toml::source_index least = line_of("recognition", "min_plate_width_px");
      error(least != 0 ? least : line_of("recognition", "max_plate_width_px"),
            fmt::format(
                "recognition.min_plate_width_px is {} and recognition.max_plate_width_px is {}, expected the "
                "first to be the smaller",
                c.recognition.min_plate_width_px, c.recognition.max_plate_width_px));
    }
    if (c.queue.protected_segments > c.queue.segments - 2) {
      error(line_of("queue", "protected_segments"),
            fmt::format(
                "queue.protected_segments is {} and queue.segments is {}, expected at least 2 segments more",
                c.queue.protected_segments, c.queue.segments));
    }
    if (c.passes.suppress_repeat_s > 0 && c.passes.suppress_repeat_s < c.passes.close_after_s) {
      error(
          line_of("passes", "suppress_repeat_s"),
          fmt::format(
              "passes.suppress_repeat_s is {} and passes.close_after_s is {}, expected the first to be 0 or "
              "not the smaller",
              c.passes.suppress_repeat_s, c.passes.close_after_s));
    }
    const std::string_view scheme = c.upload.profile == "wayside" || c.upload.profile == "bof2"
                                        ? config::https_scheme
                                        : config::mqtts_scheme;
    if (!c.upload.url.empty() && c.upload.url.rfind(fmt::format("{}://", scheme), 0) != 0) {
      error(line_of("upload", "url"),
            fmt::format("upload.url is \"{}\" and upload.profile is \"{}\", expected an address that begins "
                        "with {}://",
                        shown(c.upload.url), c.upload.profile, scheme));
    }
    check_illuminator(line_of);
    check_contacts(line_of);
    check_camera(line_of);
    check_profile(line_of);
    if (overlap(c.queue.directory, c.identity.directory)) {
      const toml::source_index queue = line_of("queue", "directory");
      error(queue != 0 ? queue : line_of("identity", "directory"),
            fmt::format("queue.directory is \"{}\" and identity.directory is \"{}\", expected two folders, "
                        "neither of them within the other",
                        shown(c.queue.directory.string()), shown(c.identity.directory.string())));
    }
  }

  template <class LineOf>
  void check_illuminator(LineOf line_of) {
    const Configuration::Illuminator& illuminator = configuration_.illuminator;
    if (illuminator.kind == "none") return;
    if (illuminator.temperature.empty()) {
      error(line_of("illuminator", "kind"),
            fmt::format("illuminator.temperature is empty, and illuminator.kind \"{}\" needs it: it never "
                        "flashes without knowing how hot it is",
                        illuminator.kind));
    }
    if (configuration_.exposure.by != "plan") {
      error(line_of("exposure", "by"),
            fmt::format("exposure.by is \"{}\" and illuminator.kind is \"{}\", expected exposure.by "
                        "\"plan\": nobody else says when to flash",
                        configuration_.exposure.by, illuminator.kind));
    }
  }

  // A line is one thing's, and a contact that lacks its chip is meant to be watched and would not be.
  template <class LineOf>
  void check_contacts(LineOf line_of) {
    const Configuration::Board& board = configuration_.board;
    const Configuration::Illuminator& illuminator = configuration_.illuminator;
    struct Line {
      std::string_view section, key;
      const std::filesystem::path& chip;
      std::uint32_t number;
    };
    std::vector<Line> lines = {{"board", "door_line", board.door_chip, board.door_line},
                               {"board", "tamper_line", board.tamper_chip, board.tamper_line}};
    if (illuminator.kind != "none")
      lines.push_back({"illuminator", "enable_line", illuminator.gpio_chip, illuminator.enable_line});
    for (std::size_t i = 0; i < lines.size(); ++i) {
      for (std::size_t k = i + 1; k < lines.size(); ++k) {
        if (lines[i].chip.empty() || lines[i].chip != lines[k].chip || lines[i].number != lines[k].number)
          continue;
        error(line_of(lines[i].section, lines[i].key),
              fmt::format("{}.{} and {}.{} are both line {} of \"{}\", expected a line each",
                          lines[i].section, lines[i].key, lines[k].section, lines[k].key, lines[i].number,
                          shown(lines[i].chip.string())));
      }
    }
    const Configuration::Board defaults;
    if (board.door_chip.empty() &&
        (board.door_line != defaults.door_line || board.door_open != defaults.door_open))
      contact_without_chip(line_of("board", "door_line"), line_of("board", "door_open"), "door");
    if (board.tamper_chip.empty() &&
        (board.tamper_line != defaults.tamper_line || board.tamper_open != defaults.tamper_open))
      contact_without_chip(line_of("board", "tamper_line"), line_of("board", "tamper_open"), "tamper");
  }
  void contact_without_chip(toml::source_index line, toml::source_index level, std::string_view name) {
    error(
        line != 0 ? line : level,
        fmt::format("board.{0}_chip is empty, and board.{0}_line or board.{0}_open is set: name the chip, or "
                    "remove them",
                    name));
  }

  // A key of the one kind of source says nothing to the other.
  template <class LineOf>
  void check_camera(LineOf line_of) {
    const bool recording = configuration_.camera.source != config::camera_through_libcamera;
    const Configuration defaults;
    for (const config::Key& key : config::all_keys()) {
      if (key.section != "camera" || key.name == "source") continue;
      const bool of_a_recording = key.name == "pace" || key.name == "repeat";
      if (of_a_recording == recording ||
          config::value_text(key, configuration_) == config::value_text(key, defaults))
        continue;
      error(line_of("camera", key.name),
            fmt::format("camera.{} is for camera.source \"{}\": remove it, or set the source", key.name,
                        of_a_recording ? "replay:PATH" : config::camera_through_libcamera));
    }
  }

  template <class LineOf>
  void check_profile(LineOf line_of) {
    const Configuration::Upload& upload = configuration_.upload;
    const Configuration defaults;
    for (const config::Key& key : config::all_keys()) {
      if (key.only_profile.empty() || key.only_profile == upload.profile ||
          config::value_text(key, configuration_) == config::value_text(key, defaults))
        continue;
      error(line_of("upload", key.name),
            fmt::format(
                "upload.{} is for upload.profile \"{}\" and upload.profile is \"{}\": remove it, or set the "
                "profile",
                key.name, key.only_profile, upload.profile));
    }
    if (upload.profile != "bof2") return;
    if (upload.certificate.empty() != upload.private_key.empty()) {
      const std::string_view there = upload.certificate.empty() ? "private_key" : "certificate";
      error(line_of("upload", there),
            fmt::format("upload.{} is there without upload.{}, expected both or neither", there,
                        upload.certificate.empty() ? "certificate" : "private_key"));
    }
    if (upload.url.empty()) return;
    for (const auto& [key, value] :
         {std::pair<std::string_view, const std::string&>{"username", upload.username},
          {"unlock_url", upload.unlock_url}}) {
      if (value.empty()) {
        error(line_of("upload", "profile"),
              fmt::format("upload.{} is empty, and upload.profile \"bof2\" needs it", key));
      }
    }
  }

  std::string name_;
  std::filesystem::path folder_;
  Configuration configuration_;
  LineErrors errors_;
};

}  // namespace

Result<Configuration> load_configuration(const std::filesystem::path& file) {
  const Result<std::string> text = read_text_file(file, most_file_bytes);
  if (!text) return fail(text.error().context("the configuration"));
  try {
    return Loader(file).load(toml::parse(*text));
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{}: line {}: this is no TOML: {}", json_escape(file.string()),
                            error.source().begin.line, json_escape(error.description())));
  } catch (const std::exception& error) {
    return fail(ErrorCode::invalid_input, fmt::format("{}: cannot be read as TOML: {}",
                                                      json_escape(file.string()), json_escape(error.what())));
  }
}

}  // namespace wayside
