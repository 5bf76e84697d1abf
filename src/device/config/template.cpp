#include <fmt/format.h>

#include "src/device/config/keys.hpp"

namespace wayside {

std::string configuration_template() {
  const Configuration defaults;
  std::string out =
      "# Configuration of a Wayside camera (TOML). Relative paths are relative to this file.\n"
      "# Check a changed file with: waysided --check-config --config FILE\n";
  for (const std::string_view section : config::all_sections()) {
    out += fmt::format("\n[{}]\n", section);
    for (const config::Key& key : config::all_keys()) {
      if (key.section != section) continue;
      out += fmt::format("# {}\n# Takes {}", key.help, config::expected_form(key));
      const bool has_default = key.example.empty();
      const std::string value = has_default ? config::value_text(key, defaults) : std::string(key.example);
      out += has_default    ? fmt::format("; default {}.\n", value)
             : key.required ? "; required.\n"
                            : "; optional.\n";
      out += fmt::format("{}{} = {}\n", has_default || key.required ? "" : "# ", key.name, value);
    }
  }
  out +=
      "\n# Lanes, as many as wanted: a pass is given the number of the lane that its plate was read in.\n"
      "# The polygon's points are fractions of the picture's width and height from its top left corner, at "
      "least 3.\n"
      "# [[lane]]\n"
      "# number = 1\n"
      "# polygon = [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]\n";
  return out;
}

}  // namespace wayside
