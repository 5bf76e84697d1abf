#include "wayside/device/network/outside.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "wayside/base/service_url.hpp"

namespace wayside {

namespace {

std::optional<std::uint16_t> port_from(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  if (text.front() == '0') return std::nullopt;
  return port;
}

// Each once.
template <class T>
bool add(std::vector<T>& all, T one, std::size_t most) {
  if (all.size() == most || std::find(all.begin(), all.end(), one) != all.end()) return false;
  all.push_back(std::move(one));
  return true;
}

bool take_line(std::string_view line, Outside& outside) {
  constexpr std::string_view time = "time ";
  constexpr std::string_view office = "office ";
  if (line.substr(0, time.size()) == time) {
    line.remove_prefix(time.size());
    return is_host(line) && add(outside.time_servers, std::string(line), most_outside_servers);
  }
  if (line.substr(0, office.size()) != office) return false;
  line.remove_prefix(office.size());
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos || !is_host(line.substr(0, blank))) return false;
  const auto port = port_from(line.substr(blank + 1));
  return port && add(outside.offices, {std::string(line.substr(0, blank)), *port}, most_outside_offices);
}

}  // namespace

std::string to_text(const Outside& outside) {
  std::string text;
  for (const std::string& server : outside.time_servers)
    text += fmt::format("time {}\n", server);
  for (const Outside::Office& office : outside.offices)
    text += fmt::format("office {} {}\n", office.host, office.port);
  return text;
}

Result<Outside> outside_from(std::string_view text) {
  Outside outside;
  if (text.size() > longest_outside)
    return fail(ErrorCode::invalid_input, "the camera's word on whom it speaks to is too long");
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    // Of what stands there nothing is said: whoever wrote it may have meant it for a log.
    if (end == std::string_view::npos || !take_line(text.substr(0, end), outside)) {
      return fail(
          ErrorCode::invalid_input,
          fmt::format("line {} of the camera's word on whom it speaks to is no \"time HOST\" or \"office "
                      "HOST PORT\", is there twice or is one too many",
                      number));
    }
    text.remove_prefix(end + 1);
  }
  return outside;
}

}  // namespace wayside
