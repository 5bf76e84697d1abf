// What it costs to hold a VOI list of a million entries, 10,000 of them with wild cards, and to ask it about
// a read: every time as a multiple of one named piece of work measured in the same run, an exact look into a
// std::unordered_set of the same VRMs, because machines differ and one machine differs by the hour. Then
// memory, and what it takes to take a list in and to open it.
#include <cstdio>
#include <ctime>
#include <random>
#include <unordered_set>

#include <benchmark/benchmark.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wayside/base/files.hpp"

#include "tests/doubles/temporary_folder.hpp"
#include "tests/doubles/watch_lists.hpp"

namespace {

using namespace wayside;
using namespace wayside::doubles;

constexpr std::size_t entries = 1'000'000, wild = 10'000;

class Marks {
 public:
  std::string next() {
    std::string vrm = letters(2);
    vrm += static_cast<char>('0' + random_() % 8);
    vrm += static_cast<char>('0' + random_() % 10);
    return vrm + letters(3);
  }
  // Of every form that costs something: a place open, an end open, both.
  std::string next_wild() {
    std::string vrm = next();
    const auto kind = random_() % 4;
    if (kind == 0) vrm[random_() % 7] = '?';
    if (kind == 1) vrm = vrm.substr(0, 4) + "*";
    if (kind == 2) vrm = "*" + vrm.substr(3);
    if (kind == 3) vrm = "*" + vrm.substr(2, 3) + "*";
    return vrm;
  }

 private:
  std::string letters(std::size_t count) {
    constexpr std::string_view all = "ABCDEFGHJKLMNOPRSTUVWXY";
    std::string out;
    for (std::size_t i = 0; i < count; ++i)
      out += all[random_() % all.size()];
    return out;
  }
  std::mt19937 random_{1};
};

std::size_t heap_bytes() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}
// Of this process, whatever else the machine does.
double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

WatchEntry usual_entry(std::string vrm, std::size_t number) {
  WatchEntry entry = watched(vrm, "N" + std::to_string(number));
  entry[WatchField::model] = "TRANSIT";
  entry[WatchField::colour] = "WHITE";
  entry[WatchField::reason] = "DISQUALIFIED DRIVER";
  entry[WatchField::nim_code] = "A1 E41";
  entry[WatchField::force_area] = "42 WEST";
  return entry;
}

struct Subject {
  TemporaryFolder folder;
  ListOffice office;
  std::unordered_set<std::string> vrms;
  std::string document;
  std::unique_ptr<WatchListStore> store;
  std::shared_ptr<const WatchList> list;
  std::vector<std::string> asked;

  Subject() {
    document = issued();
    store = open_store(folder.path(), office);
    take(document, "taking the full list in");
    list = store->current();
    Marks marks;
    for (std::size_t i = 0; i < entries; ++i) {
      if (i < wild)
        static_cast<void>(marks.next_wild());
      else
        vrms.insert(marks.next());
    }
    for (std::size_t i = 0; i < 4096; ++i)
      asked.push_back(marks.next());
  }

  // By another process, whose million pieces of memory, given back, would slow this one's.
  std::string issued() {
    const std::filesystem::path file = folder.path() / "document";
    const pid_t child = ::fork();
    if (child == 0) {
      Marks marks;
      ListMaker maker;
      for (std::size_t i = 0; i < entries; ++i)
        maker.add(usual_entry(i < wild ? marks.next_wild() : marks.next(), i), i);
      const auto made = maker.full(office.facts(1), office.seed);
      ::_exit(made && replace_file(file, as_bytes(*made)) ? 0 : 1);
    }
    int status = 0;
    if (::waitpid(child, &status, 0) != child || status != 0) std::abort();
    return read_text_file(file, std::size_t{1} << 30U).value();
  }

  // With the most memory that it needs meanwhile; the document lies elsewhere.
  void take(const std::string& text, const char* what) {
    const std::size_t before = heap_bytes();
    std::size_t most = 0;
    const double start = cpu_seconds();
    ListUpdate update = store->begin_update();
    for (std::size_t i = 0; i < text.size(); i += 65536) {
      if (!update.append(as_bytes(std::string_view(text).substr(i, 65536)))) std::abort();
      most = std::max(most, heap_bytes() - before);
    }
    const auto taken = update.finish();
    if (!taken) std::abort();
    const double took = cpu_seconds() - start;
    std::printf("%s: %.2f s of CPU time, %zu bytes; %.1f MB of memory at most\n", what, took, text.size(),
                static_cast<double>(std::max(most, heap_bytes() - before)) / 1e6);
  }
};
Subject& subject() {
  static Subject made;
  return made;
}

void baseline(benchmark::State& state) {
  std::size_t i = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(subject().vrms.contains(subject().asked[i++ % subject().asked.size()]));
}

// Its own text and the four alternatives that a pass has at most.
WatchedRead doubtful(std::size_t i) {
  WatchedRead read = read_of(subject().asked[i % subject().asked.size()], 0.3F);
  for (std::size_t k = 1; k <= 4; ++k)
    read.texts.push_back({subject().asked[(i + k) % subject().asked.size()], 0.15F});
  return read;
}

void match(benchmark::State& state, bool sure, double least) {
  std::size_t i = 0;
  for (auto _ : state) {
    WatchedRead read = doubtful(i++);
    if (sure) {
      read.texts.resize(1);
      read.texts[0].probability = 0.97F;
    }
    benchmark::DoNotOptimize(subject().list->match(read, today, {least}));
  }
}

void look_at_entry(benchmark::State& state) {
  const auto hits = subject().list->match(read_of(*subject().vrms.begin()), today).hits;
  for (auto _ : state)
    benchmark::DoNotOptimize(subject().list->entry(hits.at(0).place));
}

// Google Benchmark's table without its columns for computers, with the multiple of the baseline before it.
class Multiples final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override {
    std::printf("%-72s %10s %10s\n", "CPU time, one thread", "us", "multiple");
    return true;
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const double us = run.GetAdjustedCPUTime();
      if (run.benchmark_name().rfind("baseline", 0) == 0) baseline_us_ = us;
      std::printf("%-72s %10.2f %10.1f\n", run.benchmark_name().c_str(), us, us / baseline_us_);
    }
  }

 private:
  double baseline_us_ = 0;
};

void measure_opening() {
  subject().store.reset();
  subject().list.reset();
  const std::size_t before = heap_bytes();
  const double start = cpu_seconds();
  subject().store = open_store(subject().folder.path(), subject().office);
  std::printf("opening it after a restart, all of it checked: %.2f s of CPU time\n", cpu_seconds() - start);
  const auto list = subject().store->current();
  std::printf("memory: %.1f MB held for %zu entries, %.1f bytes each\n",
              static_cast<double>(heap_bytes() - before) / 1e6, entries,
              static_cast<double>(list->memory_bytes()) / entries);

  std::vector keys = {verifying_key(subject().office.seed)};
  const ListText full = full_list_from(subject().document, keys).value();
  std::string later(full.lines);
  // Less by the first, more by one at the end: as many as the camera takes.
  later.erase(0, later.find('\n') + 1);
  later += to_line(usual_entry("ZZZZZZZ", 1)) + "\n";
  const std::string next = subject().office.document(subject().office.facts(2), later);
  subject().take(subject().office.delta(subject().document, next), "a delta of two changes");
}

}  // namespace

int main(int argc, char** argv) {
  static_cast<void>(subject());
  const auto unit = benchmark::kMicrosecond;
  benchmark::RegisterBenchmark("baseline: exact look into a std::unordered_set", baseline)->Unit(unit);
  benchmark::RegisterBenchmark("a sure read", match, true, 0.02)->Unit(unit);
  benchmark::RegisterBenchmark("a doubtful read, five texts", match, false, 0.02)->Unit(unit);
  benchmark::RegisterBenchmark("a doubtful read, five texts, every neighbour looked for", match, false, 0.0)
      ->Unit(unit);
  benchmark::RegisterBenchmark("an entry's fields from the sealed file", look_at_entry)->Unit(unit);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  Multiples multiples;
  benchmark::RunSpecifiedBenchmarks(&multiples);
  measure_opening();
  return 0;
}
