#include "wayside/device/network/reach.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/run_program.hpp"
#include "wayside/base/service_url.hpp"

namespace wayside {

namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr seconds program_limit{10};
constexpr std::size_t longest_state = 65'536;
constexpr std::size_t most_addresses = 32;  // of a name

bool is_address(const std::string& text) {
  in6_addr address{};  // the longer of the two
  return ::inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

std::vector<std::string> by_the_system(const std::string& name) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::vector<std::string> out;
  for (const addrinfo* one = found; one != nullptr && out.size() < most_addresses; one = one->ai_next) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* address =
        one->ai_family == AF_INET
            ? static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(one->ai_addr)->sin_addr)
            : &reinterpret_cast<sockaddr_in6*>(one->ai_addr)->sin6_addr;
    if (::inet_ntop(one->ai_family, address, text.data(), text.size()) != nullptr)
      out.emplace_back(text.data());
  }
  return out;
}

class Reach {
 public:
  explicit Reach(const ReachPlaces& places) : places_(places) {}

  Status apply() {
    const auto text = read_text_file(places_.said, longest_outside, Links::refused);
    // Nobody has spoken since the machine or the daemon started: what was said before stays, and a network
    // that is not named as a source of time does not set the clock meanwhile.
    if (!text && text.error().code == ErrorCode::not_found) return {};
    const Result<Outside> outside = text ? outside_from(*text) : fail(text.error());
    if (!outside) return fail(outside.error());
    const Status timed = give_time_servers(outside->time_servers);
    const Status opened = open_firewall(outside->offices);
    return timed ? opened : timed;
  }

 private:
  Status give_time_servers(std::vector<std::string> servers) {
    if (servers.empty()) {
      const auto state = read_text_file(places_.leases, longest_state);
      if (state) servers = servers_of_network(*state);
    }
    std::string text;
    for (const std::string& server : servers)
      text += fmt::format("server {} iburst\n", server);
    std::error_code absent;
    const bool none = text.empty() && !fs::exists(places_.sources, absent);
    if (none || is_done("time", text)) return {};
    if (const Status written = replace_file(places_.sources, as_bytes(text)); !written) return written;
    const Status reloaded =
        run(places_.chronyc, {"reload", "sources"}, "chronyd does not take its time servers");
    return reloaded ? done("time", text) : reloaded;
  }

  Status open_firewall(const std::vector<Outside::Office>& offices) {
    const auto there =
        run_program(with(places_.nft, {"list", "set", "inet", "wayside", "office4"}), program_limit);
    if (!there || there->code != 0) return {};  // no firewall of ours
    const std::string said = to_text(Outside{{}, offices});
    std::string script;
    if (!is_done("offices", said))
      script = "flush set inet wayside office4\nflush set inet wayside office6\n";
    for (const Outside::Office& office : offices) {
      for (const std::string& address : addresses_of(office.host))
        script += element(address, office.port);
    }
    if (script.empty()) return {};
    const fs::path file = places_.done / "offices.nft";
    if (const Status written = replace_file(file, as_bytes(script)); !written) return written;
    const Status taken =
        run(places_.nft, {"-f", file.string()}, "the firewall does not take the back offices");
    return taken ? done("offices", said) : taken;
  }

  // One that is there keeps its old time unless it is taken out and put in again, all in one step.
  static std::string element(const std::string& address, std::uint16_t port) {
    const std::string set =
        fmt::format("element inet wayside office{}", address.find(':') == std::string::npos ? 4 : 6);
    const std::string key = fmt::format("{} . {}", address, port);
    return fmt::format("add {0} {{ {1} timeout 1h }}\ndelete {0} {{ {1} }}\nadd {0} {{ {1} timeout 1h }}\n",
                       set, key);
  }

  [[nodiscard]] std::vector<std::string> addresses_of(const std::string& host) const {
    if (is_address(host)) return {host};
    std::vector<std::string> all = places_.resolve ? places_.resolve(host) : by_the_system(host);
    all.erase(
        std::remove_if(all.begin(), all.end(), [](const std::string& text) { return !is_address(text); }),
        all.end());
    return all;
  }

  static std::vector<std::string> with(std::vector<std::string> words, std::vector<std::string> more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  static Status run(const std::vector<std::string>& program, std::vector<std::string> more,
                    std::string_view otherwise) {
    const auto ended = run_program(with(program, std::move(more)), program_limit);
    if (!ended) return fail(ended.error().context(otherwise));
    if (ended->code == 0) return {};
    return fail(ErrorCode::unavailable,
                fmt::format("{} ({}); it is tried again", otherwise, json_escape(ended->complaint)));
  }

  [[nodiscard]] bool is_done(std::string_view what, std::string_view text) const {
    const auto before = read_text_file(places_.done / what, longest_state);
    return before && *before == text;
  }
  [[nodiscard]] Status done(std::string_view what, std::string_view text) const {
    return replace_file(places_.done / what, as_bytes(text));
  }

  const ReachPlaces& places_;
};

}  // namespace

Status apply_outside(const ReachPlaces& places) {
  return Reach(places).apply();
}

std::vector<std::string> servers_of_network(std::string_view state) {
  constexpr std::string_view key = "NTP=";
  std::vector<std::string> servers;
  while (!state.empty()) {
    const std::size_t end = std::min(state.find('\n'), state.size());
    std::string_view line = state.substr(0, end);
    state.remove_prefix(std::min(end + 1, state.size()));
    if (line.substr(0, key.size()) != key) continue;
    line.remove_prefix(key.size());
    while (!line.empty() && servers.size() < most_outside_servers) {
      const std::size_t blank = std::min(line.find(' '), line.size());
      const std::string_view host = line.substr(0, blank);
      if (is_host(host) && std::find(servers.begin(), servers.end(), host) == servers.end())
        servers.emplace_back(host);
      line.remove_prefix(std::min(blank + 1, line.size()));
    }
  }
  return servers;
}

}  // namespace wayside
