// Cameras and two ingests around a broker of three nodes (toolchains/fleet.sh), whose leader is killed in the
// middle. Skipped where there is no nats-server.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wayside/backoffice/export.hpp"
#include "wayside/backoffice/ingest.hpp"

#include "tests/doubles/back_office_double.hpp"
#include "tests/doubles/mqtt_camera.hpp"

namespace wayside {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto patience = 240s;

bool nats_is_here() {
  for (const char* path : {"/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"})
    if (std::filesystem::exists(path)) return true;
  return false;
}

struct Node {
  std::uint16_t port = 0;
  pid_t process = -1;
  bool leads = false;
};

// The script, until the end of the test.
class Fleet {
 public:
  explicit Fleet(const std::vector<std::string>& arguments) {
    std::vector<std::string> words = {std::string(std::getenv("WAYSIDE_SOURCE_DIR")) +
                                      "/toolchains/fleet.sh"};
    words.insert(words.end(), arguments.begin(), arguments.end());
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
  ~Fleet() {
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
    ::close(output_);
  }
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  // As the script says them, once there is a leader; fewer than three where it failed.
  std::vector<Node> nodes() {
    const auto deadline = Clock::now() + patience;
    const std::regex line(R"(mqtts://127\.0\.0\.1:(\d+) process (\d+)( leader)?\n)");
    std::vector<Node> found;
    while (found.size() < 3 && Clock::now() < deadline) {
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

TEST(FleetOfBrokers, LosesNothingAndStoresNothingTwiceWhenItsLeaderIsKilled) {
  if (!nats_is_here()) GTEST_SKIP() << "no nats-server here: apt-get install nats-server";
  std::signal(SIGPIPE, SIG_IGN);
  doubles::BackOfficeDouble office;
  const auto certificates = office.folder() / "broker";
  ASSERT_TRUE(office.authority().make_broker_certificate({"127.0.0.1"}, certificates,
                                                         doubles::BackOfficeDouble::now()));
  const std::vector<Identity> identities = {office.new_camera("one"), office.new_camera("two"),
                                            office.new_camera("three")};
  std::vector<std::string> arguments = {"--port", std::to_string(20'000 + ::getpid() % 1000 * 32),
                                        certificates.string()};
  for (const Identity& identity : identities)
    arguments.push_back(identity.device_id);
  Fleet fleet(arguments);
  std::vector<Node> nodes = fleet.nodes();
  ASSERT_EQ(nodes.size(), 3U) << fleet.said();
  const auto leader = std::find_if(nodes.begin(), nodes.end(), [](const Node& node) { return node.leads; });
  ASSERT_NE(leader, nodes.end()) << fleet.said();
  const pid_t victim = leader->process;
  nodes.erase(leader);

  std::atomic<int> stored{0};
  const auto second_store = backoffice::Store::open_existing(office.authority().database());
  ASSERT_TRUE(second_store);
  std::vector<std::unique_ptr<backoffice::Ingest>> ingests;
  for (backoffice::Store* store : {&office.store(), second_store->get()}) {
    auto started = backoffice::Ingest::start(
        office.authority(), *store,
        {"mqtts://127.0.0.1:" + std::to_string(nodes[1].port), [&](const std::string&) { ++stored; }});
    ASSERT_TRUE(started) << started.error().message;
    ingests.push_back(std::move(*started));
  }
  std::vector<std::unique_ptr<doubles::MqttCamera>> cameras;
  for (const Identity& identity : identities) {
    cameras.push_back(std::make_unique<doubles::MqttCamera>(identity, office.recipients(), nodes[0].port,
                                                            MqttOptions::Protocol::mqtt_3_1_1));
  }
  constexpr int rounds = 20;
  constexpr int a_round = 5;
  const auto deadline = Clock::now() + patience;
  bool killed = false;
  for (int round = 0; round < rounds; ++round) {
    for (const auto& camera : cameras)
      camera->append(a_round);
    if (killed || round < rounds / 2) continue;
    while (stored == 0 && Clock::now() < deadline)
      std::this_thread::sleep_for(10ms);
    ASSERT_GT(stored, 0) << "nothing came through";
    ::kill(victim, SIGKILL);
    killed = true;
  }
  EXPECT_TRUE(killed);
  for (const auto& camera : cameras) {
    EXPECT_TRUE(camera->wait_drained(patience));
    EXPECT_EQ(camera->waiting(), 0U);
  }
  EXPECT_EQ(stored, 3 * rounds * a_round) << "each once, by one of the two";
  int complete = 0;
  ASSERT_TRUE(office.store().visit({}, [&](const backoffice::StoredRecord& record) -> Status {
    if (record.complete()) ++complete;
    return {};
  }));
  EXPECT_EQ(complete, 3 * rounds * a_round);
  const auto report = backoffice::check(office.store());
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->damaged.empty());
}

}  // namespace
}  // namespace wayside
