#include "src/device/config/values.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/service_url.hpp"

namespace wayside::config {

namespace {

constexpr std::size_t longest_path = 4000;

// No control character, C0, C1 (0xc2 0x80 to 0x9f in UTF-8) or DEL: whatever shows it would be driven by it.
bool of_one_line(std::string_view text, std::size_t longest) {
  unsigned char before = 0;
  const auto good = [&before](char c) {
    const auto byte = static_cast<unsigned char>(c);
    const bool c1 = std::exchange(before, byte) == 0xc2 && byte < 0xa0;
    return byte >= 0x20 && byte != 0x7f && !c1;
  };
  return text.size() <= longest && std::all_of(text.begin(), text.end(), good);
}

std::filesystem::path absolute_below(const std::filesystem::path& folder, std::string_view text) {
  return (folder / std::filesystem::path(text)).lexically_normal();
}

bool is_office_url(std::string_view text) {
  const auto url = service_url_from(text);
  return url && (url->scheme == https_scheme || url->scheme == mqtts_scheme);
}

bool is_https_url(std::string_view text) {
  const auto url = service_url_from(text);
  return url && url->scheme == https_scheme;
}

bool is_url_path(std::string_view text) {
  return !text.empty() && text.front() == '/' && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '~' || c == '/' || c == '-';
  });
}

struct Setter {
  const Key& key;
  const Value& value;
  const std::filesystem::path& folder;

  bool operator()(std::string* slot) const {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr || (text->empty() && !key.may_be_empty)) return false;
    if (key.choices.empty() && !of_one_line(*text, static_cast<std::size_t>(key.most))) return false;
    if (!key.choices.empty() &&
        std::find(key.choices.begin(), key.choices.end(), *text) == key.choices.end()) {
      return false;
    }
    std::string taken = *text;
    if (key.form == TextForm::office_url && !taken.empty() && !is_office_url(taken)) return false;
    if (key.form == TextForm::https_url && !taken.empty() && !is_https_url(taken)) return false;
    if (key.form == TextForm::url_path && !is_url_path(taken)) return false;
    if (key.form == TextForm::polygons && !polygons_from(taken)) return false;
    if (key.form == TextForm::hosts && !hosts_from(taken, most_time_servers)) return false;
    if (key.form == TextForm::camera_source && taken != camera_through_libcamera) {
      constexpr std::string_view replay = "replay:";
      if (taken.rfind(replay, 0) != 0 || taken.size() == replay.size()) return false;
      if (has_no_place(std::string_view(taken).substr(replay.size()))) return false;
      taken = std::string(replay) +
              absolute_below(folder, std::string_view(taken).substr(replay.size())).string();
    }
    *slot = std::move(taken);
    return true;
  }
  bool operator()(std::uint32_t* slot) const {
    const auto* number = std::get_if<std::int64_t>(&value);
    if (number == nullptr || static_cast<double>(*number) < key.least ||
        static_cast<double>(*number) > key.most) {
      return false;
    }
    *slot = static_cast<std::uint32_t>(*number);
    return true;
  }
  bool operator()(double* slot) const {
    double number = 0;
    if (const auto* whole = std::get_if<std::int64_t>(&value)) {
      number = static_cast<double>(*whole);
    } else if (const auto* real = std::get_if<double>(&value)) {
      number = *real;
    } else {
      return false;
    }
    if (!std::isfinite(number) || number < key.least || number > key.most) return false;
    *slot = number;
    return true;
  }
  bool operator()(std::optional<double>* slot) const {
    double number = 0;
    if (!(*this)(&number)) return false;
    *slot = number;
    return true;
  }
  bool operator()(std::filesystem::path* slot) const {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr || !of_one_line(*text, longest_path) || (text->empty() && !key.may_be_empty))
      return false;
    if (!text->empty() && has_no_place(*text)) return false;
    *slot = text->empty() ? std::filesystem::path{} : absolute_below(folder, *text);
    return true;
  }

  [[nodiscard]] bool has_no_place(std::string_view path) const {
    return folder.empty() && !std::filesystem::path(path).is_absolute();
  }
};

}  // namespace

bool set_value(const Key& key, const Value& value, const std::filesystem::path& folder,
               Configuration& configuration) {
  return std::visit(Setter{key, value, folder}, key.slot(configuration));
}

double area_of(const std::vector<std::pair<double, double>>& polygon) {
  double twice = 0;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const auto& [x0, y0] = polygon[i];
    const auto& [x1, y1] = polygon[(i + 1) % polygon.size()];
    twice += x0 * y1 - x1 * y0;
  }
  return std::abs(twice) / 2;
}

bool is_lane(const std::vector<std::pair<double, double>>& polygon) {
  const auto within = [](double fraction) { return fraction >= 0 && fraction <= 1; };
  return polygon.size() >= 3 && polygon.size() <= 64 &&
         std::all_of(polygon.begin(), polygon.end(),
                     [&](const auto& point) { return within(point.first) && within(point.second); }) &&
         area_of(polygon) >= 1e-6;
}

std::string version_of(const Configuration& configuration) {
  std::string lines;
  for (const Key& key : all_keys()) {
    lines += fmt::format("{}.{}={}\n", key.section, key.name, value_text(key, configuration));
  }
  for (const LaneSetting& lane : configuration.lanes) {
    lines += fmt::format("lane.{}=", lane.number);
    for (const auto& [x, y] : lane.polygon)
      lines += fmt::format("{},{};", x, y);
    lines += '\n';
  }
  return to_hex(sha256(as_bytes(lines))).substr(0, 16);
}

}  // namespace wayside::config
