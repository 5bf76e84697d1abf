#include "src/device/config/keys.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "wayside/base/json_text.hpp"

#include "src/device/config/key_table.hpp"

namespace wayside::config {

namespace {

const std::vector<Key>& table() {
  static const std::vector<Key> keys = [] {
    std::vector<Key> all = camera_keys();
    all.insert(all.end(), service_keys().begin(), service_keys().end());
    return all;
  }();
  return keys;
}

std::string number_form(const Key& key, std::string_view kind) {
  const std::string unit = key.unit.empty() ? std::string{} : fmt::format(" {}", key.unit);
  if (key.most == most_count) return fmt::format("{} from 0 to 4294967295{}", kind, unit);
  return fmt::format("{} from {} to {}{}", kind, key.least, key.most, unit);
}

}  // namespace

std::string in_quotes(std::string_view text) {
  return '"' + json_escape(text) + '"';
}

std::span<const Key> all_keys() {
  return table();
}

std::string path_of(const Key& key) {
  return fmt::format("{}.{}", key.section, key.name);
}

const Key* find_key(std::string_view path) {
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const auto found = std::find_if(table().begin(), table().end(), [&](const Key& key) {
    return key.section == path.substr(0, dot) && key.name == path.substr(dot + 1);
  });
  return found == table().end() ? nullptr : &*found;
}

std::vector<std::string_view> all_sections() {
  std::vector<std::string_view> sections;
  for (const Key& key : table()) {
    if (std::find(sections.begin(), sections.end(), key.section) == sections.end())
      sections.push_back(key.section);
  }
  return sections;
}

std::string expected_form(const Key& key, Paths paths) {
  Configuration defaults;
  struct Form {
    const Key& key;
    std::string_view path;
    std::string operator()(const std::string*) const {
      if (!key.choices.empty()) {
        std::vector<std::string> words;
        for (const std::string_view choice : key.choices)
          words.push_back(in_quotes(choice));
        return fmt::format("one of {}", fmt::join(words, ", "));
      }
      if (key.form == TextForm::camera_source)
        return fmt::format(
            "\"libcamera\", or \"replay:PATH\" with the {} of a recorded video or of a folder of pictures",
            path);
      if (key.form == TextForm::office_url) {
        return "\"https://HOST\", \"https://HOST:PORT\", the same with \"mqtts\" for a profile of MQTT, or "
               "an empty "
               "text";
      }
      if (key.form == TextForm::https_url) return "\"https://HOST\", \"https://HOST:PORT\", or an empty text";
      if (key.form == TextForm::polygons) {
        return fmt::format(
            "at most {} polygons as in \"0,0 0.3,0 0.3,0.4; 0.7,0 1,0 1,0.2\", each of 3 to 64 points x,y, "
            "fractions of the picture from 0 to 1 that enclose an area; or an empty text",
            most_masks);
      }
      if (key.form == TextForm::hosts) {
        return fmt::format(
            "at most {} names or addresses, each once, as in \"ntp1.example 192.0.2.1\", or an "
            "empty text",
            most_time_servers);
      }
      if (key.form == TextForm::url_path) {
        return fmt::format(
            "a path that begins with a slash, of letters, digits and . _ ~ / -, at most {} bytes", key.most);
      }
      return fmt::format("a text of one line, at most {} bytes", key.most);
    }
    std::string operator()(const std::uint32_t*) const { return number_form(key, "a whole number"); }
    std::string operator()(const double*) const { return number_form(key, "a number"); }
    std::string operator()(const std::optional<double>*) const { return number_form(key, "a number"); }
    std::string operator()(const std::filesystem::path*) const {
      return fmt::format("{} {} in quotes{}", path == "path" ? "a" : "an", path,
                         key.may_be_empty ? ", or an empty text" : "");
    }
  };
  return std::visit(Form{key, paths == Paths::absolute ? "absolute path" : "path"}, key.slot(defaults));
}

std::string value_text(const Key& key, const Configuration& configuration) {
  struct Text {
    std::string operator()(const std::string* text) const { return in_quotes(*text); }
    std::string operator()(const std::uint32_t* number) const { return fmt::format("{}", *number); }
    std::string operator()(const double* number) const { return fmt::format("{}", *number); }
    std::string operator()(const std::optional<double>* number) const {
      return *number ? fmt::format("{}", **number) : std::string{};
    }
    std::string operator()(const std::filesystem::path* path) const { return in_quotes(path->string()); }
  };
  Configuration copy = configuration;  // slots point into something mutable
  return std::visit(Text{}, key.slot(copy));
}

}  // namespace wayside::config
