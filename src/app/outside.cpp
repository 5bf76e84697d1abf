#include "src/app/outside.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "wayside/base/files.hpp"
#include "wayside/base/log.hpp"
#include "wayside/base/service_url.hpp"

namespace wayside::app {

namespace {

constexpr std::uint16_t https_port = 443;
constexpr std::uint16_t mqtts_port = 8883;
// The group's too: what is in that folder is nobody else's to see in any case.
constexpr unsigned file_mode = 0640;

}  // namespace

Outside outside_of(const Configuration& configuration) {
  Outside outside;
  outside.time_servers =
      hosts_from(configuration.clock.time_servers, most_outside_servers).value_or(std::vector<std::string>{});
  for (const std::string& address : {configuration.upload.url, configuration.upload.unlock_url}) {
    const auto url = service_url_from(address);
    if (!url) continue;
    const std::uint16_t usual = url->scheme == "mqtts" ? mqtts_port : https_port;
    Outside::Office office{url->host, url->port_or_0 == 0 ? usual : url->port_or_0};
    if (std::find(outside.offices.begin(), outside.offices.end(), office) == outside.offices.end())
      outside.offices.push_back(std::move(office));
  }
  return outside;
}

std::optional<std::filesystem::path> runtime_folder() {
  const char* folder = std::getenv("RUNTIME_DIRECTORY");
  if (folder == nullptr || *folder == '\0') return std::nullopt;
  return folder;
}

void tell_outside(const Configuration& configuration) {
  const auto folder = runtime_folder();
  if (!folder) return;
  const Status told =
      replace_file(*folder / "network", as_bytes(to_text(outside_of(configuration))), file_mode);
  if (!told) log::warning("network_not_told", {{"reason", told.error()}});
}

}  // namespace wayside::app
