// What a commit of the configuration costs on this disk, as a multiple of one named piece of work measured in
// the same run: a file of the same size replaced safely (replace_file), twice, which is what a commit cannot
// do without. Then what the daemon pays each second to see whether anything changed.
#include <cstdio>
#include <filesystem>

#include <benchmark/benchmark.h>

#include "wayside/base/files.hpp"
#include "wayside/device/config/store/configuration_store.hpp"

#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace {

using namespace wayside;

// On the disk of the build, for a folder in memory flushes nothing.
class Bench {
 public:
  Bench() {
    auto opened = ConfigurationStore::open(folder_.path() / "config", clock_, std::string(32, 'a'));
    store_ = std::make_unique<ConfigurationStore>(std::move(*opened));
    static_cast<void>(store_->edit("bench"));
    static_cast<void>(
        store_->load("[site]\nname = \"x\"\nfeed_id = 1\nsource_id = 2\ncamera_id = 3\n[camera]\nsource = "
                     "\"libcamera\"\n[[lane]]\nnumber = 1\npolygon = [[0, 0], [0.5, 0], [0.5, 1]]\n"));
    commit();
  }
  void set(const std::string& name) {
    static_cast<void>(store_->set(std::vector<std::string>{"site", "name", name}));
  }
  void commit() {
    if (!store_->commit({"bench", "", {}})) std::abort();
  }
  ConfigurationStore& store() { return *store_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  doubles::TemporaryFolder folder_{std::filesystem::current_path()};
  doubles::HandClock clock_{UtcTime{1'790'000'000'000}};
  std::unique_ptr<ConfigurationStore> store_;
};

void two_files_replaced(benchmark::State& state) {
  Bench bench;
  const std::string text(600, 'x');
  for (auto _ : state) {
    for (const char* name : {"a", "b"}) {
      if (!replace_file(bench.folder() / name, as_bytes(text))) std::abort();
    }
  }
}

void commit(benchmark::State& state) {
  Bench bench;
  int n = 0;
  for (auto _ : state) {
    state.PauseTiming();
    bench.set(std::to_string(++n));
    state.ResumeTiming();
    bench.commit();
  }
}

void set_and_commit(benchmark::State& state) {
  Bench bench;
  int n = 0;
  for (auto _ : state) {
    bench.set(std::to_string(++n));
    bench.commit();
  }
}

void look_of_the_daemon(benchmark::State& state) {
  Bench bench;
  for (auto _ : state) {
    benchmark::DoNotOptimize(bench.store().tick());
    benchmark::DoNotOptimize(bench.store().running_version());
    benchmark::DoNotOptimize(bench.store().problems());
  }
}

BENCHMARK(two_files_replaced)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(commit)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(set_and_commit)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(look_of_the_daemon)->Unit(benchmark::kMillisecond);

class Ratios final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.error_occurred) continue;
      const double ms = run.GetAdjustedRealTime();
      if (run.benchmark_name().starts_with("two_files_replaced")) base_ms_ = ms;
      if (run.benchmark_name().starts_with("commit")) commit_ms_ = ms;
    }
  }
  void Finalize() override {
    if (base_ms_ > 0 && commit_ms_ > 0)
      std::printf("a commit is %.1f times two files replaced safely\n", commit_ms_ / base_ms_);
  }

 private:
  double base_ms_ = 0;
  double commit_ms_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  Ratios ratios;
  benchmark::RunSpecifiedBenchmarks(&ratios);
  return 0;
}
