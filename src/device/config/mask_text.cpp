// privacy.masks as it is written.
#include <charconv>
#include <string_view>

#include "wayside/device/config/configuration.hpp"

#include "src/device/config/values.hpp"

namespace wayside {

namespace {

constexpr double least_area = 1e-6;
constexpr std::size_t least_points = 3;
constexpr std::size_t most_points = 64;

// What stands before the next `separator`, which goes too.
std::string_view taken_until(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return part;
}

std::optional<double> fraction_from(std::string_view text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0 && value <= 1))
    return std::nullopt;
  return value;
}

std::optional<MaskPolygon> polygon_from(std::string_view text) {
  MaskPolygon polygon;
  while (!text.empty()) {
    std::string_view point = taken_until(text, ' ');
    if (point.empty()) continue;
    const std::optional<double> x = fraction_from(taken_until(point, ','));
    const std::optional<double> y = fraction_from(point);
    if (!x || !y || polygon.size() == most_points) return std::nullopt;
    polygon.emplace_back(*x, *y);
  }
  if (polygon.size() < least_points || config::area_of(polygon) < least_area) return std::nullopt;
  return polygon;
}

}  // namespace

std::optional<std::vector<MaskPolygon>> polygons_from(std::string_view text) {
  std::vector<MaskPolygon> polygons;
  while (!text.empty()) {
    std::optional<MaskPolygon> polygon = polygon_from(taken_until(text, ';'));
    if (!polygon || polygons.size() == most_masks) return std::nullopt;
    polygons.push_back(std::move(*polygon));
  }
  return polygons;
}

}  // namespace wayside
