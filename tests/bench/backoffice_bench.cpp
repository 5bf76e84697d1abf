// What the office takes a second: a camera that has records waiting sends them over loopback TLS, full
// batches one behind the other, from the same process. A record is a document and two pictures, 30 kB.
#include <benchmark/benchmark.h>

#include "tests/backoffice/sealing_camera.hpp"
#include "tests/doubles/back_office_double.hpp"

namespace wayside::backoffice {
namespace {

constexpr std::size_t overview_bytes = 24'900;
constexpr std::size_t plate_bytes = 3'000;
constexpr int records_a_batch = 21;  // 63 shipments

SampleRecord record_of_30_kb(const std::string& device_id) {
  SampleRecord sample = sample_record(device_id);
  const auto grow = [&](const char* name, std::string& picture, std::size_t size) {
    picture = sample_jpeg(std::string(size, '.'));
    sample.document["images"][name]["bytes"] = picture.size();
    sample.document["images"][name]["sha256"] = hash_of(picture);
  };
  grow("plate", sample.plate, plate_bytes);
  grow("overview", sample.overview, overview_bytes);
  return sample;
}

void office_takes_batches(benchmark::State& state) {
  doubles::BackOfficeDouble office;
  const Identity camera = office.new_camera();
  office.start();
  SealingCamera sealing(camera.device_id, load_signing_seed(camera.certificate.parent_path()).value(),
                        load_recipients(office.recipients()).value());
  const RecordParts parts = parts_of(record_of_30_kb(camera.device_id));
  const auto client = client_of(camera, office.server().port());
  std::int64_t records = 0;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<Sending> sendings;
    for (int i = 0; i < records_a_batch; ++i) {
      for (Sending& sending : sealing.seal(parts).all())
        sendings.push_back(std::move(sending));
    }
    const Bytes body = batch_of(sendings);
    state.ResumeTiming();
    const auto result = client->Post("/v2/batches/" + camera.device_id, std::string(body.begin(), body.end()),
                                     "application/vnd.wayside.batch");
    if (!result || result->status != 200 || result->body.find("refused") != std::string::npos) {
      state.SkipWithError("a batch was not taken");
      break;
    }
    records += records_a_batch;
  }
  state.counters["records_per_s"] =
      benchmark::Counter(static_cast<double>(records), benchmark::Counter::kIsRate);
}
BENCHMARK(office_takes_batches)->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();

}  // namespace
}  // namespace wayside::backoffice

BENCHMARK_MAIN();
