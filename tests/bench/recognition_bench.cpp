// What recognition costs, step by step, on drawn roads of 1280 x 720: every time as a multiple of one named
// piece of work of OpenCV, measured in the same run, because machines differ and one machine differs by the
// hour. Then what the localiser finds beside a classical pre-selector, and what the models take of memory.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include <benchmark/benchmark.h>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "wayside/anpr/locate/plate_locator.hpp"
#include "wayside/anpr/read/plate_reader.hpp"
#include "wayside/roadsim/scene/scene.hpp"

#include "src/anpr/locate/localiser_net.hpp"
#include "src/anpr/locate/refiner_net.hpp"
#include "src/app/process.hpp"
#include "tests/bench/morphology.hpp"
#include "tests/doubles/installed_models.hpp"

namespace {

using namespace wayside;

constexpr const char* baseline = "baseline: 5 x 5 blur of a frame";
constexpr double legible_px = 80;

struct View {
  FramePtr frame;
  std::vector<roadsim::PlateView> plates;  // wholly in view
};

// A frame of every third second, so that each shows other vehicles.
std::vector<View> draw_views(const std::string& preset, int count) {
  const auto press = roadsim::PlatePress::load(doubles::source_folder() / "models/plates");
  auto scenario = roadsim::preset_scenario(preset);
  if (!press || !scenario) throw std::runtime_error("the road cannot be drawn");
  scenario->seed = 11;
  scenario->seconds = 3.0 * count + 2;
  const auto scene = roadsim::Scene::make(*scenario, *press);
  if (!scene) throw std::runtime_error(scene.error().message);
  std::vector<View> views;
  for (int k = 0; k < count; ++k) {
    const int number = static_cast<int>((3.0 * k + 1) * scenario->fps);
    View view{make_frame({}, scene->render(number, scene->planned_exposure())).value(), {}};
    for (const roadsim::SeenPlate& plate : scene->plates_at(number)) {
      if (plate.view.visible > 0.99 && plate.view.width_px >= legible_px) view.plates.push_back(plate.view);
    }
    views.push_back(std::move(view));
  }
  return views;
}

struct Subject {
  ModelStore models = doubles::installed_models();
  std::vector<View> views;
  std::unique_ptr<locate::LocaliserNet> localiser = locate::LocaliserNet::make(models).value();
  std::unique_ptr<locate::RefinerNet> refiner = locate::RefinerNet::make(models).value();
  std::unique_ptr<PlateLocator> locator = make_network_locator({}, models).value();
  std::unique_ptr<PlateReader> reader =
      make_tesseract_reader({}, models, doubles::installed_syntax()).value();
  FramePtr frame;        // one with a plate
  PlateCandidate plate;  // in it
};

Subject& subject() {
  static Subject made = [] {
    Subject all;
    for (const char* preset : {"day", "dense", "night-ir"}) {
      for (View& view : draw_views(preset, 10))
        all.views.push_back(std::move(view));
    }
    for (const View& view : all.views) {
      all.locator->forget();
      const auto found = all.locator->locate(*view.frame);
      if (all.frame || found.empty() || view.plates.empty()) continue;
      all.frame = view.frame;
      all.plate = found.front();
    }
    if (!all.frame) throw std::runtime_error("no plate was found in any drawn frame");
    return all;
  }();
  return made;
}

void blur(benchmark::State& state) {
  cv::Mat out;
  for (auto _ : state)
    cv::GaussianBlur(subject().frame->luma(), out, {5, 5}, 1);
}
void preselect(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(bench::bars(subject().frame->luma(), LocatorOptions{}.min_plate_width_px));
}
void search(benchmark::State& state) {
  const double scale = static_cast<double>(locate::narrowest_found_px) / LocatorOptions{}.min_plate_width_px;
  for (auto _ : state)
    benchmark::DoNotOptimize(subject().localiser->search(subject().frame->luma(), scale));
}
void closer_look(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(subject().refiner->look(subject().frame->luma(), subject().plate.quad));
}
void read(benchmark::State& state) {
  const FrameCandidates one{subject().frame, {subject().plate}};
  for (auto _ : state)
    benchmark::DoNotOptimize(subject().reader->read(one, false));
}
void new_frame(benchmark::State& state) {
  for (auto _ : state) {
    subject().locator->forget();
    benchmark::DoNotOptimize(
        subject().reader->read({subject().frame, subject().locator->locate(*subject().frame)}, false));
  }
}
void still_frame(benchmark::State& state) {
  subject().locator->forget();
  for (auto _ : state)
    benchmark::DoNotOptimize(subject().locator->locate(*subject().frame));
}

// Google Benchmark's table without its columns for computers, with the multiple of the baseline.
class Multiples final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override {
    std::printf("%-48s %12s %10s\n", "CPU time, one thread, 1280 x 720", "ms", "multiple");
    return true;
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const double ms = run.GetAdjustedCPUTime();
      if (run.benchmark_name() == baseline) baseline_ms_ = ms;
      std::printf("%-48s %12.3f %10.2f\n", run.benchmark_name().c_str(), ms, ms / baseline_ms_);
    }
  }

 private:
  double baseline_ms_ = 0;
};

bool shows(const cv::Rect2d& box, const roadsim::PlateView& plate) {
  const std::vector<cv::Point2f> corners(plate.quad.begin(), plate.quad.end());
  const cv::Rect2d truth = cv::boundingRect(corners);
  const double common = (box & truth).area();
  return common > 0.3 * (box.area() + truth.area() - common);
}

void compare_finds() {
  std::size_t plates = 0, by_network = 0, by_locator = 0, by_bars = 0, peaks = 0, located = 0, boxes = 0;
  const double scale = static_cast<double>(locate::narrowest_found_px) / LocatorOptions{}.min_plate_width_px;
  for (const View& view : subject().views) {
    const cv::Mat& luma = view.frame->luma();
    auto found = subject().localiser->search(luma, scale);
    locate::keep_each_place_once(found);
    subject().locator->forget();
    const auto sure = subject().locator->locate(*view.frame);
    const auto classical = bench::bars(luma, LocatorOptions{}.min_plate_width_px);
    peaks += found.size();
    located += sure.size();
    boxes += classical.size();
    for (const roadsim::PlateView& plate : view.plates) {
      const auto quad_shows = [&](const PlateCandidate& one) { return shows(bounding_box(one.quad), plate); };
      ++plates;
      by_network += std::any_of(found.begin(), found.end(), quad_shows) ? 1 : 0;
      by_locator += std::any_of(sure.begin(), sure.end(), quad_shows) ? 1 : 0;
      by_bars += std::any_of(classical.begin(), classical.end(),
                             [&](const cv::Rect& box) { return shows(box, plate); })
                     ? 1
                     : 0;
    }
  }
  const double frames = static_cast<double>(subject().views.size());
  std::printf("\n%zu plates of %g px or more in %.0f frames (day, dense, night-ir)\n", plates, legible_px,
              frames);
  std::printf("%-48s %12s %10s\n", "", "plates found", "a frame");
  std::printf("%-48s %12zu %10.2f\n", "morphological pre-selector", by_bars, double(boxes) / frames);
  std::printf("%-48s %12zu %10.2f\n", "localiser", by_network, double(peaks) / frames);
  std::printf("%-48s %12zu %10.2f\n", "localiser and closer look", by_locator, double(located) / frames);
}

double mib(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

void measure_memory() {
  const FramePtr frame =
      make_frame({}, doubles::draw_frame(doubles::plate_of("AB12CDE"), 140, 0, {1280, 720}).picture).value();
  const double bare = mib(app::memory_bytes());
  const ModelStore models = doubles::installed_models();
  const auto locator = make_network_locator({}, models).value();
  const auto reader = make_tesseract_reader({}, models, doubles::installed_syntax()).value();
  const FrameReads reads = reader->read({frame, locator->locate(*frame)}, false);
  std::printf(
      "memory: %.0f MiB with a frame, %.0f MiB when its %zu plate has been read: %.1f times as much\n\n",
      bare, mib(app::memory_bytes()), reads.reads.size(), mib(app::memory_bytes()) / bare);
}

}  // namespace

int main(int argc, char** argv) {
  ::setenv("OMP_THREAD_LIMIT", "1", 1);
  cv::setNumThreads(1);
  const auto unit = benchmark::kMillisecond;
  benchmark::RegisterBenchmark(baseline, blur)->Unit(unit);
  benchmark::RegisterBenchmark("morphological pre-selector, whole frame", preselect)->Unit(unit);
  benchmark::RegisterBenchmark("localiser, whole frame", search)->Unit(unit);
  benchmark::RegisterBenchmark("a closer look", closer_look)->Unit(unit);
  benchmark::RegisterBenchmark("reading a plate", read)->Unit(unit);
  benchmark::RegisterBenchmark("a first frame, all of it", new_frame)->Unit(unit);
  benchmark::RegisterBenchmark("a frame in which nothing moves", still_frame)->Unit(unit);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  measure_memory();
  std::printf("drawing the road...\n");
  static_cast<void>(subject());
  Multiples multiples;
  benchmark::RunSpecifiedBenchmarks(&multiples);
  compare_finds();
  return 0;
}
