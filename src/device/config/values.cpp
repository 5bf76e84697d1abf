#include "src/device/config/values.hpp"

#include <algorithm>
#include <cmath>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "wayside/base/bytes.hpp"

namespace wayside::config {

namespace {

constexpr std::size_t longest_path = 4000;

bool of_one_line(std::string_view text, std::size_t longest) {
  return text.size() <= longest && std::all_of(text.begin(), text.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte >= 0x20 && byte != 0x7f;
         });
}

std::filesystem::path absolute_below(const std::filesystem::path& folder, std::string_view text) {
  return (folder / std::filesystem::path(text)).lexically_normal();
}

bool is_address(int family, std::string_view text) {
  in6_addr address{};  // the longer of the two
  return ::inet_pton(family, std::string(text).c_str(), &address) == 1;
}

// RFC 1123: letters, digits and hyphens, with none of those at either end.
bool is_label(std::string_view label) {
  const auto of_a_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), of_a_name);
}

bool is_host(std::string_view name) {
  constexpr std::string_view digits = "0123456789";
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);  // as DNS writes a whole name
  if (name.size() > 253) return false;
  // No name ends in a number, so that this is an IPv4 address or a mistyped one.
  const std::string_view last = name.substr(name.rfind('.') + 1);
  if (last.find_first_not_of(digits) == std::string_view::npos) return is_address(AF_INET, name);
  for (;;) {
    const std::size_t dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

bool is_port(std::string_view text) {
  unsigned number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || number > 65535) return false;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return number >= 1 && number <= 65535;
}

// "https://HOST" or "https://HOST:PORT", HOST a name, an IPv4 address or an IPv6 address in brackets, nothing
// after it.
bool is_https_url(std::string_view text) {
  constexpr std::string_view scheme = "https://";
  if (text.rfind(scheme, 0) != 0) return false;
  text.remove_prefix(scheme.size());
  const bool bracketed = !text.empty() && text.front() == '[';  // an IPv6 address has colons of its own
  const std::size_t end = bracketed ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == std::string_view::npos) return false;
  const std::string_view rest = text.substr(bracketed ? end + 1 : end);
  if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return false;
  return bracketed ? is_address(AF_INET6, text.substr(1, end - 1)) : is_host(text.substr(0, end));
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
    if (key.form == TextForm::https_url && !taken.empty() && !is_https_url(taken)) return false;
    if (key.form == TextForm::camera_source) {
      constexpr std::string_view replay = "replay:";
      if (taken.rfind(replay, 0) != 0 || taken.size() == replay.size()) return false;
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
    *slot = text->empty() ? std::filesystem::path{} : absolute_below(folder, *text);
    return true;
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
