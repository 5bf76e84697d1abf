// How long after a vehicle's vote has settled the back office has it on disk, of hits and of other passes:
// the pipeline from the tracker on, the matcher, sealing, a real queue, the uploader and a real back office
// over loopback TLS, six vehicles a second of which every third fits an entry of a list.
//
//   hit_bench [--entries N] [--hits N] [--dir DIR]
//
// --entries: of the list (1,000,000). --dir: where queue and office lie (a folder of the system's for
// temporary files otherwise). All share the machine's cores. As a test it is run as briefly as it can be
// (--benchmark_min_time, as for the others), and fails where a hit is later than a second at p95.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>

#include "wayside/backoffice/given_lists.hpp"
#include "wayside/backoffice/watch_lists.hpp"
#include "wayside/base/log.hpp"
#include "wayside/delivery/queue/record_queue.hpp"

#include "src/app/pipeline.hpp"
#include "src/app/uplink.hpp"
#include "src/app/watch_list_keeper.hpp"
#include "tests/app/pipeline_doubles.hpp"
#include "tests/doubles/back_office_double.hpp"

namespace {

using namespace wayside;
using namespace wayside::app;
using namespace std::chrono_literals;
using Moment = std::chrono::steady_clock::time_point;

constexpr auto between_vehicles = 167ms;
constexpr std::uint64_t one_in = 3;
constexpr double limit_ms = 1000;

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "hit_bench: %s\n", result.error().message.c_str());
  std::exit(1);
}
void must(const Status& status) {
  if (status) return;
  std::fprintf(stderr, "hit_bench: %s\n", status.error().message.c_str());
  std::exit(1);
}

// When each vehicle's vote settled, and when the office had it; by the number of its frame.
struct Times {
  std::mutex mutex;
  std::map<std::uint64_t, Moment> settled;
  std::map<std::uint64_t, double> hit_ms, other_ms;
};

// A vehicle a frame, of which every third is on the list.
class Votes final : public PassTracker {
 public:
  explicit Votes(Times& times) : times_(times) {}
  std::vector<VehiclePass> update(const FrameReads& frame) override {
    std::vector<VehiclePass> passes = made_.update(frame);
    const std::uint64_t number = frame.frame.number.value();
    for (VehiclePass& pass : passes) {
      pass.vrm = number % one_in == 0 ? "AB12CDE" : "ZZ99ZZZ";
      cv::Mat overview(450, 800, CV_8UC3);
      cv::randu(overview, 0, 255);  // as many bytes as a picture may have
      pass.evidence.overview_bgr = std::make_shared<const cv::Mat>(std::move(overview));
      const std::lock_guard lock(times_.mutex);
      times_.settled[number] = std::chrono::steady_clock::now();
    }
    return passes;
  }
  std::vector<VehiclePass> finish() override { return {}; }
  [[nodiscard]] Counts counts() const override { return made_.counts(); }

 private:
  Times& times_;
  std::vector<std::uint64_t> seen_;
  doubles::FakeTracker made_{seen_};
};

void issue(doubles::BackOfficeDouble& office, std::uint64_t entries) {
  const auto file = office.folder() / "entries.csv";
  {
    std::ofstream out(file);
    out << "vrm,pnc_id,action\nAB12CDE,N1,STOP\n";
    for (std::uint64_t i = 1; i < entries; ++i)
      out << "Q" << i << ",N" << i << ",SILENT\n";
  }
  const UtcTime now = doubles::BackOfficeDouble::now();
  must(backoffice::issue_watch_list(office.authority().watch_lists(), "north", file, now, now + -1min,
                                    now + 24h));
  must(backoffice::GivenLists(office.authority().watch_lists()).give("north", "all", now));
}

double at_share(const std::map<std::uint64_t, double>& of, double share) {
  std::vector<double> ms;
  for (const auto& [number, one] : of)
    ms.push_back(one);
  std::sort(ms.begin(), ms.end());
  return ms.empty()
             ? -1
             : ms[std::min(ms.size() - 1, static_cast<std::size_t>(share * static_cast<double>(ms.size())))];
}

int run(std::uint64_t entries, std::uint64_t hits) {
  Times times;
  doubles::BackOfficeDouble office;
  backoffice::ServerOptions serving;
  serving.on_record = [&](const std::string& document) {
    const auto now = std::chrono::steady_clock::now();
    const auto json = nlohmann::json::parse(document);
    const std::uint64_t number = json.at("frames").at("best").at("number");
    const std::lock_guard lock(times.mutex);
    const double ms = std::chrono::duration<double, std::milli>(now - times.settled.at(number)).count();
    (json.contains("hits") ? times.hit_ms : times.other_ms)[number] = ms;
  };
  office.start(serving);
  issue(office, entries);
  const Identity camera = office.new_camera();
  const auto folder = camera.private_key.parent_path();
  const auto sealer = make_record_sealer(
      {camera.device_id, must(load_signing_seed(folder)), must(load_recipients(folder / "recipients")), {}});
  QueueOptions queue_options;
  queue_options.directory = office.folder() / "queue";
  queue_options.segments = 8;
  queue_options.sealer = sealer.get();
  const auto queue = must(open_record_queue(queue_options));

  HttpsOptions https;
  https.url = office.server().url();
  https.ca_certificate = camera.back_office_ca;
  https.certificate = camera.certificate;
  https.private_key = camera.private_key;
  const auto clock = make_system_clock();
  Health health;
  CounterSet counters;
  WatchListKeeperOptions keeping;
  keeping.device_id = camera.device_id;
  keeping.folder = folder / "watchlists";
  keeping.recording = true;
  WatchListKeeper lists(
      keeping, [&] { return make_list_office(https, camera.device_id); }, *clock, health, counters);
  UplinkOptions uplink_options;
  uplink_options.uploader.device_id = camera.device_id;
  uplink_options.heartbeat_every = 500ms;
  uplink_options.watch_lists_held = [&] { return lists.held(); };
  uplink_options.on_watch_lists = [&](std::span<const ListOffer> offers) { lists.offered(offers); };
  Uplink uplink(
      uplink_options, [&] { return make_https_back_office(https); }, *queue, *clock, health, counters);
  const Moment asked = std::chrono::steady_clock::now();
  lists.start();
  uplink.start();
  while (lists.lists().empty() && std::chrono::steady_clock::now() - asked < 300s)
    std::this_thread::sleep_for(10ms);
  std::printf("list of %llu entries in force %.1f s after the start\n",
              static_cast<unsigned long long>(entries),
              std::chrono::duration<double>(std::chrono::steady_clock::now() - asked).count());

  Stages stages;
  std::vector<doubles::ScriptedSource::Step> script;
  for (std::uint64_t n = 0; n < hits * one_in; ++n) {
    script.emplace_back([n] {
      std::this_thread::sleep_for(between_vehicles);
      return NextFrame(doubles::numbered_frame(n));
    });
  }
  stages.source = std::make_unique<doubles::ScriptedSource>(std::move(script), true);
  stages.locator = std::make_unique<doubles::FakeLocator>(0);
  stages.readers.push_back(std::make_unique<doubles::FakeReader>());
  stages.tracker = std::make_unique<Votes>(times);
  PipelineOptions options;
  options.origin.device_id = camera.device_id;
  options.origin.site_name = "Loopback";
  options.origin.firmware_version = options.origin.model_version = "bench";
  options.origin.configuration_version = "0123456789abcdef";
  options.date = [](VehiclePass& pass) {
    pass.best_frame.utc = pass.first_frame.utc = pass.last_frame.utc = doubles::BackOfficeDouble::now();
    return TimeQuality{TimeSource::ntp, 10, 1};
  };
  options.hits = [&](const VehiclePass& pass, const TimeQuality& time) { return lists.match(pass, time); };
  options.on_stored = [&] { uplink.wake(); };
  Pipeline pipeline(std::move(stages), std::move(options), *queue, *clock, counters);
  pipeline.start();
  pipeline.wait();
  const bool drained = uplink.wait_drained(60s);
  lists.stop();
  uplink.stop();
  for (const auto& [what, of] :
       {std::pair{"hits", &times.hit_ms}, std::pair{"other passes", &times.other_ms}}) {
    std::printf(
        "%s, from the settled vote to the back office's disk: %zu, p50 %.0f ms, p95 %.0f ms, most %.0f ms\n",
        what, of->size(), at_share(*of, 0.5), at_share(*of, 0.95), at_share(*of, 1));
  }
  if (!drained || times.hit_ms.size() != hits || times.other_ms.size() != hits * (one_in - 1)) {
    std::fprintf(stderr, "hit_bench: not all arrived\n");
    return 1;
  }
  return at_share(times.hit_ms, 0.95) <= limit_ms ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  log::start(log::Level::error, log::Format::console);
  std::uint64_t entries = 1'000'000, hits = 60;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const auto value = [&] { return i + 1 < argc ? argv[++i] : ""; };
    if (option.starts_with("--benchmark_min_time")) {
      entries = 1000;
      hits = 5;
    } else if (option == "--entries") {
      entries = std::strtoull(value(), nullptr, 10);
    } else if (option == "--hits") {
      hits = std::strtoull(value(), nullptr, 10);
    } else if (option == "--dir") {
      ::setenv("TMPDIR", value(), 1);
    } else {
      std::fprintf(stderr, "hit_bench [--entries N] [--hits N] [--dir DIR]\n");
      return 2;
    }
  }
  return run(entries, hits);
}
