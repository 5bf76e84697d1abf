// What sealing a record costs, and opening it again: every time as a multiple of one named piece of work
// measured in the same run, the SHA-256 of as many bytes, because machines differ and one machine differs by
// the hour. And what it takes of memory.
#include <cstdio>
#include <map>

#include <benchmark/benchmark.h>
#include <malloc.h>

#include "wayside/delivery/seal/record_sealer.hpp"

#include "tests/doubles/test_sealer.hpp"

namespace {

using namespace wayside;

// Of a usual capture record, and of one as large as they come.
constexpr std::size_t usual = 30'000, large = 100'000;

RecordParts capture(std::size_t bytes) {
  RecordParts parts;
  parts.document = Bytes(1'500, 1);
  parts.plate = Bytes(3'500, 2);
  parts.overview = Bytes(bytes - 5'000, 3);
  return parts;
}

struct Subject {
  doubles::TestSealer sealer;
  RecordParts parts;
  SealedRecord record;
  Bytes plain;

  explicit Subject(std::size_t bytes)
      : parts(capture(bytes)), record(sealer.seal(place(), parts).value()), plain(bytes, 4) {}
  static RecordPlace place() {
    RecordPlace at;
    at.number = SequenceNumber(1);
    return at;
  }
};
Subject& subject(std::size_t bytes) {
  static std::map<std::size_t, Subject> made;
  return made.try_emplace(bytes, bytes).first->second;
}

void hash(benchmark::State& state, std::size_t bytes) {
  for (auto _ : state)
    benchmark::DoNotOptimize(sha256(subject(bytes).plain));
}
void seal(benchmark::State& state, std::size_t bytes) {
  for (auto _ : state)
    benchmark::DoNotOptimize(subject(bytes).sealer.seal(Subject::place(), subject(bytes).parts));
}
void check_signature(benchmark::State& state, std::size_t bytes) {
  for (auto _ : state)
    benchmark::DoNotOptimize(signature_good(subject(bytes).record.head, subject(bytes).sealer.device_key()));
}
void open(benchmark::State& state, std::size_t bytes) {
  for (auto _ : state)
    benchmark::DoNotOptimize(subject(bytes).sealer.open(subject(bytes).record));
}

// Google Benchmark's table without its columns for computers, with the multiple of the baseline before it.
class Multiples final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override {
    std::printf("%-56s %12s %10s\n", "CPU time, one thread", "us", "multiple");
    return true;
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const double us = run.GetAdjustedCPUTime();
      if (run.benchmark_name().rfind("baseline", 0) == 0) baseline_us_ = us;
      std::printf("%-56s %12.1f %10.2f\n", run.benchmark_name().c_str(), us, us / baseline_us_);
    }
  }

 private:
  double baseline_us_ = 0;
};

// What one record in the making holds: the sealed bytes, and little beside them.
void measure_memory(std::size_t bytes) {
  static_cast<void>(subject(bytes));
  const std::size_t before = ::mallinfo2().uordblks;
  const auto record = subject(bytes).sealer.seal(Subject::place(), subject(bytes).parts);
  const double held = static_cast<double>(::mallinfo2().uordblks - before);
  std::printf("memory: %.1f kB held by a sealed record of %.0f kB: %.3f times as much\n", held / 1e3,
              static_cast<double>(bytes) / 1e3, held / static_cast<double>(bytes));
}

}  // namespace

int main(int argc, char** argv) {
  for (const std::size_t bytes : {usual, large}) {
    const std::string size = std::to_string(bytes / 1000) + " kB";
    const auto unit = benchmark::kMicrosecond;
    benchmark::RegisterBenchmark(("baseline: SHA-256 of " + size).c_str(), hash, bytes)->Unit(unit);
    benchmark::RegisterBenchmark(("sealing and signing, " + size).c_str(), seal, bytes)->Unit(unit);
    benchmark::RegisterBenchmark(("checking the signature, " + size).c_str(), check_signature, bytes)
        ->Unit(unit);
    benchmark::RegisterBenchmark(("checking and opening everything, " + size).c_str(), open, bytes)
        ->Unit(unit);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  Multiples multiples;
  benchmark::RunSpecifiedBenchmarks(&multiples);
  for (const std::size_t bytes : {usual, large})
    measure_memory(bytes);
  return 0;
}
