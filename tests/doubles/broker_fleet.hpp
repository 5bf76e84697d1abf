// Three real brokers on loopback, by toolchains/fleet.sh, for as long as a test needs them.
//
// Threads: one at a time. Failure: an exception, which fails the test; fewer than three nodes where the
// script failed, which said() explains.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace wayside::doubles {

inline bool nats_is_here() {
  for (const char* path : {"/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"})
    if (std::filesystem::exists(path)) return true;
  return false;
}

struct BrokerNode {
  std::uint16_t port = 0;
  pid_t process = -1;
  bool leads = false;
};

class BrokerFleet {
 public:
  // `certificates` as wayside-backoffice broker-certificate makes them; `devices` may use their own topics.
  BrokerFleet(const std::filesystem::path& certificates, const std::vector<std::string>& devices) {
    // Below the ports that the system gives out, and another place for each process.
    const int first_port = 12'000 + ::getpid() % 600 * 32;
    std::vector<std::string> words = {std::string(std::getenv("WAYSIDE_SOURCE_DIR")) + "/toolchains/fleet.sh",
                                      "--port", std::to_string(first_port), certificates.string()};
    words.insert(words.end(), devices.begin(), devices.end());
    std::vector<char*> argv;
    for (std::string& word : words)
      argv.push_back(word.data());
    argv.push_back(nullptr);
    int ends[2] = {};
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    const int failed = ::posix_spawn(&process_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    output_ = ends[0];
    if (failed != 0) throw std::runtime_error("fleet.sh cannot be started");
  }
  ~BrokerFleet() {
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
    ::close(output_);
  }
  BrokerFleet(const BrokerFleet&) = delete;
  BrokerFleet& operator=(const BrokerFleet&) = delete;

  // As the script says them, once there is a leader; fewer than three where it failed.
  std::vector<BrokerNode> nodes() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(4);
    const std::regex line(R"(mqtts://127\.0\.0\.1:(\d+) process (\d+)( leader)?\n)");
    std::vector<BrokerNode> found;
    while (found.size() < 3 && std::chrono::steady_clock::now() < deadline) {
      pollfd ready{output_, POLLIN, 0};
      if (::poll(&ready, 1, 100) <= 0) continue;
      char bytes[4096];
      const ssize_t got = ::read(output_, bytes, sizeof bytes);
      if (got <= 0) break;
      text_.append(bytes, static_cast<std::size_t>(got));
      found.clear();
      for (std::sregex_iterator it(text_.begin(), text_.end(), line), end; it != end; ++it)
        found.push_back(
            {static_cast<std::uint16_t>(std::stoi((*it)[1])), std::stoi((*it)[2]), (*it)[3].matched});
    }
    return found;
  }
  [[nodiscard]] const std::string& said() const { return text_; }

 private:
  pid_t process_ = -1;
  int output_ = -1;
  std::string text_;
};

}  // namespace wayside::doubles
