// How fast a camera that was cut off for long delivers what waits: records a second from a real queue through
// the real uploader over loopback TLS to the real back office, and the memory that the camera's side takes
// for it; and, since vehicles go on passing meanwhile, how long it takes to keep one record more, six times a
// second.
//
//   drain_bench [--dir DIR] [--records N] [--bytes N] [--seconds N]
//
// --dir: an empty folder on the device to be measured (a folder of the system's for temporary files
// otherwise); queue and office take --bytes (30,000) a record each. --seconds: how long it may deliver, for a
// queue that is to be measured rather than emptied. Filling and delivering are processes of their own,
// so that neither the office nor the filling is in the delivery's memory; all share the machine's cores. As a
// test it is run as briefly as it can be (--benchmark_min_time, as for the others).
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "wayside/base/log.hpp"
#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/delivery/upload/uploader.hpp"

#include "tests/backoffice/sealing_camera.hpp"
#include "tests/doubles/back_office_double.hpp"

extern char** environ;

namespace {

using namespace wayside;
namespace fs = std::filesystem;

constexpr std::size_t plate_bytes = 3'000;
constexpr std::size_t text_and_seal_bytes = 2'100;
constexpr std::uint64_t segment_bytes = 8'388'608;
constexpr auto between_vehicles = std::chrono::milliseconds(167);

struct Work {
  std::uint64_t records = 2000;
  std::size_t bytes = 30'000;
  int seconds = 7200;
};

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "drain_bench: %s\n", result.error().message.c_str());
  std::exit(1);
}

RecordParts record_of(std::size_t bytes, const std::string& device_id) {
  backoffice::SampleRecord sample = backoffice::sample_record(device_id);
  const auto grow = [&](const char* name, std::string& picture, std::size_t size) {
    picture = backoffice::sample_jpeg(std::string(size, '.'));
    sample.document["images"][name]["bytes"] = picture.size();
    sample.document["images"][name]["sha256"] = backoffice::hash_of(picture);
  };
  grow("plate", sample.plate, plate_bytes);
  grow("overview", sample.overview, bytes - plate_bytes - text_and_seal_bytes);
  return backoffice::parts_of(sample);
}

// What the other two processes are: a camera.
struct Camera {
  Camera(const fs::path& folder, const fs::path& directory, const Work& work)
      : identity(must(load_identity(folder))),
        sealer(make_record_sealer({identity.device_id,
                                   must(load_signing_seed(folder)),
                                   must(load_recipients(folder / "recipients")),
                                   {}})) {
    QueueOptions options;
    options.directory = directory;
    const std::uint64_t a_segment = segment_bytes * 29 / 30 / work.bytes;
    options.segments = static_cast<std::uint32_t>(work.records / a_segment + 8);
    options.group_records = 256;
    options.sealer = sealer.get();
    queue = must(open_record_queue(options));
  }
  Identity identity;
  std::unique_ptr<ReplaceableSealer> sealer;
  std::unique_ptr<RecordQueue> queue;
};

void fill(Camera& camera, const Work& work) {
  const std::vector<RecordParts> group(256, record_of(work.bytes, camera.identity.device_id));
  for (std::uint64_t i = 0; i < work.records;)
    i += must(camera.queue->append(
                  std::span(group).first(std::min<std::uint64_t>(group.size(), work.records - i))))
             .size();
}

// How long each took to be kept, until `stop`.
std::vector<double> vehicles_go_on(Camera& camera, const Work& work, const std::stop_token& stop) {
  const std::vector<RecordParts> one(1, record_of(work.bytes, camera.identity.device_id));
  std::vector<double> ms;
  for (auto next = std::chrono::steady_clock::now(); !stop.stop_requested(); next += between_vehicles) {
    std::this_thread::sleep_until(next);
    const auto start = std::chrono::steady_clock::now();
    must(camera.queue->append(one));
    ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(ms.begin(), ms.end());
  return ms;
}

// Of this process alone: getrusage() would tell of the parent before the exec too.
double peak_memory_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib / 1024;
  }
  return 0;
}

void drain(Camera& camera, const std::string& url, const Work& work) {
  const std::uint64_t before = camera.queue->depth().unacknowledged;
  HttpsOptions https;
  https.url = url;
  https.ca_certificate = camera.identity.back_office_ca;
  https.certificate = camera.identity.certificate;
  https.private_key = camera.identity.private_key;
  const auto office = must(make_https_back_office(https));
  UploaderOptions options;
  options.device_id = camera.identity.device_id;
  CounterSet counters;
  const auto uploader = make_uploader(options, *camera.queue, *office, counters);
  std::vector<double> kept_ms;
  const auto start = std::chrono::steady_clock::now();
  std::jthread upload([&](const std::stop_token& stop) { uploader->run(stop); });
  std::jthread road([&](const std::stop_token& stop) { kept_ms = vehicles_go_on(camera, work, stop); });
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  // Empty but for what came just now.
  while (camera.queue->depth().unacknowledged > 16 && seconds() < work.seconds)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const double took = seconds();
  road.request_stop();
  road.join();
  const double delivered =
      static_cast<double>(before + kept_ms.size() - camera.queue->depth().unacknowledged);
  upload.request_stop();
  upload.join();
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto cpu = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  std::printf(
      "%.0f of %llu records of %zu bytes delivered in %.1f s: %.0f records/s, %.1f MB/s; the delivering side "
      "took %.2f ms of CPU a record and %.1f MB of memory at its peak\n",
      delivered, static_cast<unsigned long long>(before), work.bytes, took, delivered / took,
      delivered * static_cast<double>(work.bytes) / 1e6 / took,
      1000 * (cpu(used.ru_utime) + cpu(used.ru_stime)) / delivered, peak_memory_mb());
  std::printf("one record more, 6 a second meanwhile, n = %zu: kept within %.1f ms at p50, %.1f ms at p99\n",
              kept_ms.size(), kept_ms[kept_ms.size() / 2], kept_ms[kept_ms.size() * 99 / 100]);
}

void run_self(std::vector<std::string> arguments) {
  std::vector<char*> words;
  for (std::string& argument : arguments)
    words.push_back(argument.data());
  words.push_back(nullptr);
  pid_t child = 0;
  int status = 1;
  if (posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, words.data(), environ) == 0)
    ::waitpid(child, &status, 0);
  if (status != 0) std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  log::start(log::Level::error, log::Format::console);
  std::string directory;
  Work work;
  const auto number = [](const char* text) { return std::strtoull(text, nullptr, 10); };
  if (argc == 8) {  // as run_self() calls it
    work = {number(argv[5]), number(argv[6]), static_cast<int>(number(argv[7]))};
    Camera camera(argv[2], argv[3], work);
    if (std::string(argv[1]) == "fill")
      fill(camera, work);
    else
      drain(camera, argv[4], work);
    return 0;
  }
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name.rfind("--benchmark_min_time", 0) == 0) {
      work.records = 64;
    } else if (name == "--dir" && i + 1 < argc) {
      directory = argv[++i];
    } else if (name == "--records" && i + 1 < argc) {
      work.records = number(argv[++i]);
    } else if (name == "--bytes" && i + 1 < argc) {
      work.bytes = std::max<std::size_t>(number(argv[++i]), 8'000);
    } else if (name == "--seconds" && i + 1 < argc) {
      work.seconds = static_cast<int>(number(argv[++i]));
    } else {
      std::fprintf(stderr, "drain_bench: see the head of tests/bench/drain_bench.cpp\n");
      return 1;
    }
  }
  if (!directory.empty()) ::setenv("TMPDIR", directory.c_str(), 1);
  doubles::BackOfficeDouble office;
  const std::string identity = office.new_camera().private_key.parent_path().string();
  const std::string queue = (office.folder() / "queue").string();
  office.start();
  for (const char* step : {"fill", "drain"})
    run_self({argv[0], step, identity, queue, office.server().url(), std::to_string(work.records),
              std::to_string(work.bytes), std::to_string(work.seconds)});
  return 0;
}
