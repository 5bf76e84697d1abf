// What brokers pass on: cameras publish batches of one record, 30 kB, with QoS 1 over loopback TLS, one at a
// time, each awaiting its receipt as the firmware does; one subscriber takes them all and receipts them, as
// an office does, but stores nothing. One mosquitto, which keeps nothing on disk, is the baseline; the fleet
// of toolchains/fleet.sh keeps each message on three nodes.
//
// broker_cpu_ms_a_batch is the processor's time of all of a broker's processes, receipts included, which is
// what a fleet is planned by: cameras and office share the machine, so the rate alone says little. The second
// pair shows what cameras cost that are there and send nothing.
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <mosquitto.h>
#include <unistd.h>

#include "src/delivery/upload/mqtt_client.hpp"
#include "tests/doubles/back_office_double.hpp"
#include "tests/doubles/broker_fleet.hpp"
#include "tests/doubles/mqtt_broker.hpp"

namespace {

using namespace wayside;
using Clock = std::chrono::steady_clock;
using upload::MqttClient;

constexpr int cameras = 8;
constexpr int batches_a_round = 16;  // of each camera
constexpr std::size_t batch_bytes = 31'000;
constexpr std::size_t receipt_bytes = 700;  // for the three parts of a record
constexpr std::chrono::seconds idle{10};
constexpr std::chrono::seconds patience{60};

double cpu_seconds(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  // After the name, which may hold anything: state, eleven others, user time, system time.
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 12; ++i)
    fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double memory_kib(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6));
  return 0;
}

// An office with its cameras, and the broker that a benchmark puts between them.
struct Site {
  Site() {
    if (!office.authority().make_broker_certificate({"127.0.0.1"}, certificates(),
                                                    doubles::BackOfficeDouble::now()))
      throw std::runtime_error("no certificate for the broker");
    for (int i = 0; i < cameras; ++i)
      identities.push_back(office.new_camera("camera" + std::to_string(i)));
  }
  [[nodiscard]] std::filesystem::path certificates() const { return office.folder() / "broker"; }
  [[nodiscard]] std::vector<std::string> devices() const {
    std::vector<std::string> ids;
    for (const Identity& identity : identities)
      ids.push_back(identity.device_id);
    return ids;
  }

  doubles::BackOfficeDouble office;
  std::vector<Identity> identities;
};

struct Broker {
  std::uint16_t camera_port, office_port;  // with a fleet, other nodes
  std::vector<pid_t> processes;

  [[nodiscard]] double sum(double (*of)(pid_t)) const {
    return std::accumulate(processes.begin(), processes.end(), 0.0,
                           [&](double total, pid_t process) { return total + of(process); });
  }
};

std::unique_ptr<MqttClient> connected_camera(const Identity& identity, std::uint16_t port,
                                             const std::string& more = {}) {
  MqttOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  options.protocol = MqttOptions::Protocol::mqtt_3_1_1;
  options.ca_certificate = identity.back_office_ca;
  options.certificate = identity.certificate;
  options.private_key = identity.private_key;
  BrokerRoute route(options.host);
  const auto deadline = Clock::now() + patience;
  // A fleet takes sessions only some time after it has a leader.
  for (;;) {
    auto client = MqttClient::connect(options, route, "wayside-" + identity.device_id + more,
                                      "wayside/v2/" + identity.device_id + "/receipts",
                                      [&] { return Clock::now() > deadline; });
    if (client) return std::move(*client);
    if (Clock::now() > deadline) throw std::runtime_error(client.error().message);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

// Receipts each batch to the camera that its first byte names.
class Office {
 public:
  Office(const Site& site, std::uint16_t port)
      : devices_(site.devices()), client_(mosquitto_new("wayside-office-bench", true, this)) {
    const std::filesystem::path keys = site.office.folder() / "office";
    mosquitto_subscribe_callback_set(client_, [](mosquitto*, void* self, int, int, const int*) {
      static_cast<Office*>(self)->subscribed_ = true;
    });
    mosquitto_connect_callback_set(client_, [](mosquitto* client, void*, int) {
      mosquitto_subscribe(client, nullptr, "wayside/v2/+/batch", 1);
    });
    mosquitto_message_callback_set(
        client_, [](mosquitto* client, void* self, const mosquitto_message* batch) {
          static const Bytes receipt(receipt_bytes, std::uint8_t{'r'});
          const auto which = *static_cast<const std::uint8_t*>(batch->payload);
          const std::string topic = "wayside/v2/" + static_cast<Office*>(self)->devices_[which] + "/receipts";
          mosquitto_publish(client, nullptr, topic.c_str(), static_cast<int>(receipt.size()), receipt.data(),
                            0, false);
        });
    mosquitto_int_option(client_, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_tls_set(client_, (keys / "ca.crt").c_str(), nullptr, (keys / "client.crt").c_str(),
                      (keys / "client.key").c_str(), nullptr);
    mosquitto_connect(client_, "127.0.0.1", port, 60);
    thread_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested())
        if (mosquitto_loop(client_, 10, 1) != MOSQ_ERR_SUCCESS) mosquitto_reconnect(client_);
    });
    while (!subscribed_)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ~Office() {
    thread_ = {};
    mosquitto_destroy(client_);
  }
  Office(const Office&) = delete;
  Office& operator=(const Office&) = delete;

 private:
  std::vector<std::string> devices_;
  mosquitto* client_;
  std::atomic<bool> subscribed_{false};
  std::jthread thread_;
};

void pass_batches(benchmark::State& state, const Site& site, const Broker& broker) {
  const Office office(site, broker.office_port);
  std::vector<std::unique_ptr<MqttClient>> senders;
  for (const Identity& identity : site.identities)
    senders.push_back(connected_camera(identity, broker.camera_port));
  std::atomic<bool> failed{false};
  const auto send = [&](std::size_t which) {
    Bytes batch(batch_bytes, std::uint8_t{0x5A});
    batch.front() = static_cast<std::uint8_t>(which);
    const std::string topic = "wayside/v2/" + site.identities[which].device_id + "/batch";
    const auto deadline = Clock::now() + patience;
    for (int i = 0; i < batches_a_round && !failed; ++i) {
      if (!senders[which]->publish(topic, batch)) failed = true;
      while (senders[which]->take_messages().empty() && !failed)
        if (!senders[which]->turn() || Clock::now() > deadline) failed = true;
    }
  };
  std::int64_t sent = 0;
  const double before = broker.sum(cpu_seconds);
  for (auto _ : state) {
    {
      std::vector<std::jthread> threads;
      for (std::size_t which = 0; which < senders.size(); ++which)
        threads.emplace_back(send, which);
    }
    if (failed) {
      state.SkipWithError("the broker did not pass everything on");
      break;
    }
    sent += cameras * batches_a_round;
  }
  const auto batches = static_cast<double>(sent);
  state.counters["batches_per_s"] = benchmark::Counter(batches, benchmark::Counter::kIsRate);
  state.counters["broker_cpu_ms_a_batch"] = 1000 * (broker.sum(cpu_seconds) - before) / batches;
}

// Once: sessions stay.
void hold_cameras(benchmark::State& state, const Site& site, const Broker& broker) {
  const auto sessions = state.range(0);
  const double memory = broker.sum(memory_kib);
  const double cpu = broker.sum(cpu_seconds);
  std::vector<std::unique_ptr<MqttClient>> held;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < sessions; ++i)
      held.push_back(connected_camera(site.identities[static_cast<std::size_t>(i) % site.identities.size()],
                                      broker.camera_port, "-" + std::to_string(i)));
  }
  const double connected = broker.sum(cpu_seconds);
  std::this_thread::sleep_for(idle);
  const auto each = static_cast<double>(sessions);
  state.counters["kib_a_session"] = (broker.sum(memory_kib) - memory) / each;
  state.counters["connecting_cpu_ms"] = 1000 * (connected - cpu) / each;
  state.counters["idle_cpu_ms_per_s"] =
      1000 * (broker.sum(cpu_seconds) - connected) / each / std::chrono::duration<double>(idle).count();
}

using Measured = void (*)(benchmark::State&, const Site&, const Broker&);

void with_one_mosquitto(benchmark::State& state, Measured measured) {
  if (doubles::MqttBroker::program().empty()) return state.SkipWithError("no mosquitto here");
  const Site site;
  const auto folder = site.certificates();
  const doubles::MqttBroker broker(folder, folder / "ca.crt", {folder / "broker.crt", folder / "broker.key"});
  measured(state, site, {broker.port(), broker.port(), {broker.process()}});
}

void with_fleet_of_three(benchmark::State& state, Measured measured) {
  if (!doubles::nats_is_here()) return state.SkipWithError("no nats-server here");
  const Site site;
  doubles::BrokerFleet fleet(site.certificates(), site.devices());
  const auto nodes = fleet.nodes();
  if (nodes.size() != 3) return state.SkipWithError("the fleet did not start");
  measured(state, site,
           {nodes[0].port, nodes[1].port, {nodes[0].process, nodes[1].process, nodes[2].process}});
}

BENCHMARK_CAPTURE(with_one_mosquitto, passes_batches, pass_batches)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(with_fleet_of_three, passes_batches, pass_batches)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(with_one_mosquitto, holds_cameras, hold_cameras)
    ->Arg(100)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(with_fleet_of_three, holds_cameras, hold_cameras)
    ->Arg(100)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
