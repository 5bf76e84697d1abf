// Whom a camera says it speaks to, and the network's time servers, as root reads them.
#include "wayside/base/service_url.hpp"
#include "wayside/device/network/outside.hpp"
#include "wayside/device/network/reach.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const std::string_view text = text_of(data, size);
  for (const std::string& server : servers_of_network(text))
    require(is_host(server), "chronyd is told of hosts alone");
  const auto outside = outside_from(text);
  if (!outside) return 0;
  require(outside_from(to_text(*outside)).value() == *outside, "what is understood is written as it is read");
  for (const std::string& server : outside->time_servers)
    require(server.find_first_of(" \n;{}#\"'\\$`") == std::string::npos, "a server is one word");
  for (const Outside::Office& office : outside->offices)
    require(is_host(office.host) && office.port != 0, "an office is a host and its port");
  return 0;
}
