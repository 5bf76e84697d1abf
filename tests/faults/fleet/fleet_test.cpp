// Cameras and two ingests around a broker of three nodes (toolchains/fleet.sh), whose leader is killed in the
// middle. Skipped where there is no nats-server.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "wayside/backoffice/export.hpp"
#include "wayside/backoffice/ingest.hpp"
#include "wayside/base/files.hpp"

#include "tests/doubles/back_office_double.hpp"
#include "tests/doubles/broker_fleet.hpp"
#include "tests/doubles/mqtt_camera.hpp"

namespace wayside {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto patience = 240s;

TEST(FleetOfBrokers, LosesNothingAndStoresNothingTwiceWhenItsLeaderIsKilled) {
  if (!doubles::nats_is_here()) GTEST_SKIP() << "no nats-server here: apt-get install nats-server";
  std::signal(SIGPIPE, SIG_IGN);
  doubles::BackOfficeDouble office;
  const auto certificates = office.folder() / "broker";
  ASSERT_TRUE(office.authority().make_broker_certificate({"127.0.0.1"}, certificates,
                                                         doubles::BackOfficeDouble::now()));
  const std::vector<Identity> identities = {office.new_camera("one"), office.new_camera("two"),
                                            office.new_camera("three")};
  std::vector<std::string> devices;
  for (const Identity& identity : identities)
    devices.push_back(identity.device_id);
  doubles::BrokerFleet fleet(certificates, devices);
  std::vector<doubles::BrokerNode> nodes = fleet.nodes();
  ASSERT_EQ(nodes.size(), 3U) << fleet.said();
  const auto leader =
      std::find_if(nodes.begin(), nodes.end(), [](const doubles::BrokerNode& node) { return node.leads; });
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

// Whoever takes a camera has its certificate, which is of the same authority as the nodes' own. A node reads
// and writes every topic, so receipts for every camera could be made up.
TEST(FleetOfBrokers, LetsNoCameraInAsANode) {
  if (!doubles::nats_is_here()) GTEST_SKIP() << "no nats-server here: apt-get install nats-server";
  doubles::BackOfficeDouble office;
  const auto certificates = office.folder() / "broker";
  ASSERT_TRUE(office.authority().make_broker_certificate({"127.0.0.1"}, certificates,
                                                         doubles::BackOfficeDouble::now()));
  const Identity camera = office.new_camera("stolen");
  doubles::BrokerFleet fleet(certificates, {camera.device_id});
  const std::vector<doubles::BrokerNode> nodes = fleet.nodes();
  ASSERT_EQ(nodes.size(), 3U) << fleet.said();
  const std::string tls = "tls { cert_file: \"" + camera.certificate.string() + "\", key_file: \"" +
                          camera.private_key.string() + "\", ca_file: \"" + camera.back_office_ca.string() +
                          "\" }\n";
  const auto configuration = office.folder() / "rogue.conf";
  std::ofstream(configuration) << "server_name: rogue\nlisten: \"127.0.0.1:-1\"\ncluster {\n  name: wayside\n"
                               << "  listen: \"127.0.0.1:-1\"\n  " << tls
                               << "  routes: [ \"nats://127.0.0.1:" << nodes.front().port + 20 << "\" ]\n}\n";
  const auto log = office.folder() / "rogue.log";
  const std::string command = "PATH=\"$PATH:/usr/sbin\" timeout 5 nats-server -D -c '" +
                              configuration.string() + "' -l '" + log.string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 124 << 8) << "it ends by the time limit";
  const std::string said = *read_text_file(log);
  EXPECT_NE(said.find("Authorization Violation"), std::string::npos) << said.substr(0, 4000);
}

}  // namespace
}  // namespace wayside
