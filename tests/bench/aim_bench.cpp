// What aiming costs beside the pipeline: a second of it, 25 frames and ten reports, as a share of one core,
// with a second of recognition of the same frames in the same run to compare it with.
#include <benchmark/benchmark.h>
#include <opencv2/core.hpp>

#include "wayside/anpr/locate/plate_locator.hpp"
#include "wayside/anpr/read/plate_reader.hpp"
#include "wayside/roadsim/scene/scene.hpp"

#include "src/app/aiming.hpp"
#include "tests/doubles/installed_models.hpp"

namespace {

using namespace wayside;

constexpr int frames_a_second = 25;

struct Subject {
  std::unique_ptr<PlateLocator> locator = make_network_locator({}, doubles::installed_models()).value();
  std::unique_ptr<PlateReader> reader =
      make_tesseract_reader({}, doubles::installed_models(), doubles::installed_syntax()).value();
  std::vector<FramePtr> frames;
};

Subject& subject() {
  static Subject made = [] {
    Subject all;
    const auto press = roadsim::PlatePress::load(doubles::source_folder() / "models/plates").value();
    auto scenario = roadsim::preset_scenario("day").value();
    scenario.seed = 11;
    scenario.width = 1920;
    scenario.height = 1080;
    const auto scene = roadsim::Scene::make(scenario, press).value();
    for (int k = 0; k < frames_a_second; ++k)
      all.frames.push_back(make_frame({}, scene.render(100 + k, scene.planned_exposure())).value());
    return all;
  }();
  return made;
}

FrameInfo at(std::int64_t number) {
  FrameInfo info;
  info.number = FrameNumber(static_cast<std::uint64_t>(number));
  info.monotonic = MonotonicTime{number * 1'000'000'000 / frames_a_second};
  return info;
}

void recognise(benchmark::State& state) {
  for (auto _ : state) {
    for (const FramePtr& frame : subject().frames)
      benchmark::DoNotOptimize(subject().reader->read({frame, subject().locator->locate(*frame)}, true));
  }
}

void aim(benchmark::State& state) {
  app::Aiming aiming{AimOptions{}};
  aiming.begin();
  std::vector<FrameReads> reads;
  for (const FramePtr& frame : subject().frames)
    reads.push_back(subject().reader->read({frame, subject().locator->locate(*frame)}, false));
  const std::vector<PlateBrightness> light = {{180, 40, 0.02}};
  std::int64_t number = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < subject().frames.size(); ++i, ++number) {
      aiming.saw_frame(Frame(at(number), subject().frames[i]->luma(), {}));
      FrameReads seen = reads[i];
      seen.frame = at(number);
      aiming.saw_reads(seen);
      aiming.saw_light(90, light);
      if (i % 5 < 2) benchmark::DoNotOptimize(aiming.report(true).dump());
    }
  }
  state.counters["share_of_a_core"] = benchmark::Counter(
      static_cast<double>(state.iterations()), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// Nobody aims: what every frame costs then.
void nobody_aims(benchmark::State& state) {
  app::Aiming aiming{AimOptions{}};
  for (auto _ : state) {
    for (const FramePtr& frame : subject().frames)
      aiming.saw_frame(*frame);
  }
}

}  // namespace

int main(int argc, char** argv) {
  cv::setNumThreads(1);
  benchmark::RegisterBenchmark("baseline: a second of recognition", recognise)->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("a second of aiming", aim)->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("a second of nobody aiming", nobody_aims)->Unit(benchmark::kMillisecond);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
