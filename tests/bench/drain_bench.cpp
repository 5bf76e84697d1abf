// How fast a camera that was cut off for long delivers what waits: records a second from a real queue through
// the real uploader over loopback TLS to the real back office, and the memory that the camera's side takes
// for it.
//
//   drain_bench [--dir DIR] [--records N]
//
// --dir: an empty folder on the device to be measured (a folder of the system's for temporary files
// otherwise); queue and office take 30 kB a record each. Filling and delivering are processes of their own,
// so that neither the office nor the filling is in the delivery's memory; all share the machine's cores. As a
// test it is run as briefly as it can be (--benchmark_min_time, as for the others).
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
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

constexpr std::size_t overview_bytes = 24'900;
constexpr std::size_t plate_bytes = 3'000;
constexpr std::uint64_t records_a_segment = 270;

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "drain_bench: %s\n", result.error().message.c_str());
  std::exit(1);
}

RecordParts record_of_30_kb(const std::string& device_id) {
  backoffice::SampleRecord sample = backoffice::sample_record(device_id);
  const auto grow = [&](const char* name, std::string& picture, std::size_t size) {
    picture = backoffice::sample_jpeg(std::string(size, '.'));
    sample.document["images"][name]["bytes"] = picture.size();
    sample.document["images"][name]["sha256"] = backoffice::hash_of(picture);
  };
  grow("plate", sample.plate, plate_bytes);
  grow("overview", sample.overview, overview_bytes);
  return backoffice::parts_of(sample);
}

// What the other two processes are: a camera.
struct Camera {
  Camera(const fs::path& folder, const fs::path& directory, std::uint64_t records)
      : identity(must(load_identity(folder))),
        sealer(make_record_sealer({identity.device_id,
                                   must(load_signing_seed(folder)),
                                   must(load_recipients(folder / "recipients")),
                                   {}})) {
    QueueOptions options;
    options.directory = directory;
    options.segments = static_cast<std::uint32_t>(records / records_a_segment + 8);
    options.group_records = 256;
    options.sealer = sealer.get();
    queue = must(open_record_queue(options));
  }
  Identity identity;
  std::unique_ptr<ReplaceableSealer> sealer;
  std::unique_ptr<RecordQueue> queue;
};

void fill(Camera& camera, std::uint64_t records) {
  const std::vector<RecordParts> group(256, record_of_30_kb(camera.identity.device_id));
  for (std::uint64_t i = 0; i < records;)
    i +=
        must(camera.queue->append(std::span(group).first(std::min<std::uint64_t>(group.size(), records - i))))
            .size();
}

int drain(Camera& camera, const std::string& url) {
  const std::uint64_t records = camera.queue->depth().unacknowledged;
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
  const auto start = std::chrono::steady_clock::now();
  std::jthread upload([&](const std::stop_token& stop) { uploader->run(stop); });
  const bool drained = uploader->wait_drained(std::chrono::hours(2));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  upload.request_stop();
  upload.join();
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto cpu = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  std::printf(
      "%llu records of 30 kB delivered in %.1f s: %.0f records/s, %.1f MB/s; the delivering side took %.2f "
      "ms "
      "of CPU a record and %.1f MB of memory at its peak\n",
      static_cast<unsigned long long>(records), seconds, static_cast<double>(records) / seconds,
      static_cast<double>(records) * 0.03 / seconds,
      1000 * (cpu(used.ru_utime) + cpu(used.ru_stime)) / static_cast<double>(records),
      static_cast<double>(used.ru_maxrss) / 1024);
  return drained && camera.queue->depth().unacknowledged == 0 ? 0 : 1;
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
  std::string records = "2000";
  if (argc == 6) {  // as run_self() calls it
    Camera camera(argv[2], argv[3], std::strtoull(argv[4], nullptr, 10));
    if (std::string(argv[1]) == "drain") return drain(camera, argv[5]);
    fill(camera, std::strtoull(argv[4], nullptr, 10));
    return 0;
  }
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name.rfind("--benchmark_min_time", 0) == 0) {
      records = "64";
    } else if (name == "--dir" && i + 1 < argc) {
      directory = argv[++i];
    } else if (name == "--records" && i + 1 < argc) {
      records = argv[++i];
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
    run_self({argv[0], step, identity, queue, records, office.server().url()});
  return 0;
}
