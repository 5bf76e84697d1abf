// Values of keys, free of the file format: checked against the table, put into the configuration, hashed.
//
// Threads: pure.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "src/device/config/keys.hpp"

namespace wayside::config {

// What a file can give a key; monostate: something that no key takes.
using Value = std::variant<std::monostate, std::string, std::int64_t, double>;

// False, and nothing set: the value is not of the key's expected_form(). Relative paths become absolute below
// folder, and are refused where that is empty.
[[nodiscard]] bool set_value(const Key& key, const Value& value, const std::filesystem::path& folder,
                             Configuration& configuration);

// Of a polygon that does not cut itself, by the shoelace formula.
[[nodiscard]] double area_of(const std::vector<std::pair<double, double>>& polygon);

inline constexpr std::string_view polygon_form =
    "expected 3 to 64 points [x, y], fractions of the picture from 0 to 1 that enclose an area";
[[nodiscard]] bool is_lane(const std::vector<std::pair<double, double>>& polygon);
inline constexpr int most_lanes = 99;

// sha256 over every key and value, first 16 hex digits.
[[nodiscard]] std::string version_of(const Configuration& configuration);

}  // namespace wayside::config
