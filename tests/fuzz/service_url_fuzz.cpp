// Addresses of services, as a configuration and a command line give them.
#include "wayside/base/service_url.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const std::string_view text = text_of(data, size);
  const auto url = service_url_from(text);
  if (!url) return 0;
  const bool ipv6 = url->host.find(':') != std::string::npos;
  const std::string host = ipv6 ? "[" + url->host + "]" : url->host;
  require(text.substr(0, url->scheme.size() + 3 + host.size()) == url->scheme + "://" + host,
          "nothing stands before the host, and what was understood is what was written");
  require(host.find_first_of("/@?#\\ \"") == std::string::npos, "a host holds nothing of a path or a user");
  return 0;
}
