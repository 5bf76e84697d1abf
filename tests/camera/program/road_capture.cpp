// A capture process whose camera is a drawn road: it stands where wayside-capture would, beside waysided, and
// exposes as it is told. The file "road" beside it says which: preset, seed, frames a second, width,
// vehicles; what it exposes with until it is told, us; and how it lets itself be told: "told", or "fixed".
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <opencv2/imgproc.hpp>
#include <poll.h>

#include "wayside/roadsim/scene/scene.hpp"

#include "drivers/capture_link/channel.hpp"
#include "drivers/capture_link/messages.hpp"
#include "drivers/capture_link/slot_memory.hpp"

namespace {

using namespace wayside;
using namespace wayside::capture_link;

constexpr std::uint8_t slots = 12;

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

struct Road {
  std::string preset;
  std::uint64_t seed = 1;
  double fps = 12.5;
  int width = 1280;
  int vehicles = 4;
  std::int32_t exposure_us = 0;  // 0: as the scene has it
  std::string told;
};

class RoadCamera {
 public:
  RoadCamera(Road road, roadsim::Scene scene)
      : road_(std::move(road)), scene_(std::move(scene)), channel_(Descriptor(3)) {
    const roadsim::Exposure planned = scene_.planned_exposure();
    exposure_us_ = road_.exposure_us > 0 ? road_.exposure_us : planned.exposure_us;
    if (road_.exposure_us == 0)
      gain_thousandths_ = static_cast<std::int32_t>(1000 * std::pow(10, planned.gain_db / 20));
  }

  void run() {
    const auto width = static_cast<std::uint32_t>(scene_.scenario().width);
    const auto height = static_cast<std::uint32_t>(scene_.scenario().height);
    const std::uint64_t bytes = std::uint64_t{width} * height;
    Stream stream{width, height, slots, false, "R8", "a drawn road", road_.preset};
    if (road_.told == "told") {
      stream.exposure_us = Range{20, 10'000};
      stream.gain_thousandths = Range{1000, 16'000};
    }
    say(stream);
    for (std::uint8_t slot = 0; slot < slots; ++slot) {
      memory_.push_back(make_memory(bytes).value());
      const std::array<int, 1> descriptor{memory_.back().descriptor.get()};
      channel_.send(encode(Slot{slot, 1, {bytes, 0, 0}}), descriptor);
      free_.push_back(slot);
    }
    const std::int64_t begin = now_ns();
    const auto period_ns = static_cast<std::int64_t>(1e9 / road_.fps);
    for (std::int64_t frame = 0;;) {
      hear(begin + frame * period_ns);
      give(static_cast<int>(frame));
      // What takes too long to draw was not seen.
      frame = std::max(frame + 1, (now_ns() - begin + period_ns - 1) / period_ns);
    }
  }

 private:
  void give(int number) {
    const auto sequence = static_cast<std::uint32_t>(number);
    if (free_.empty()) return say(Skipped{sequence, SkipReason::no_slot});
    const std::uint8_t slot = free_.back();
    free_.pop_back();
    FrameReady ready;
    ready.timestamp_ns = now_ns();
    const double gain_db = 20 * std::log10(gain_thousandths_ / 1000.0);
    const cv::Mat drawn = scene_.render(number, {exposure_us_, gain_db, 0});
    cv::Mat grey(drawn.rows, drawn.cols, CV_8UC1, memory_[slot].mapping.data());
    cv::cvtColor(drawn, grey, cv::COLOR_BGR2GRAY);
    ready.slot = slot;
    ready.sequence = sequence;
    ready.exposure_us = exposure_us_;
    ready.gain_thousandths = gain_thousandths_;
    ready.picture.width = static_cast<std::uint32_t>(drawn.cols);
    ready.picture.height = static_cast<std::uint32_t>(drawn.rows);
    ready.picture.luma = {0, 0, ready.picture.width};
    say(ready);
  }

  void say(const Message& message) {
    if (channel_.send(encode(message)) == Sent::closed) std::_Exit(0);
  }

  void hear(std::int64_t until_ns) {
    for (;;) {
      const std::int64_t left_ns = std::max<std::int64_t>(0, until_ns - now_ns());
      pollfd readable{channel_.descriptor(), POLLIN, 0};
      if (::poll(&readable, 1, static_cast<int>(left_ns / 1'000'000)) != 1) return;
      const auto received = channel_.receive();
      if (!received) std::_Exit(0);
      if (!*received) continue;
      const auto message = decode((*received)->message);
      if (!message) std::_Exit(9);
      if (const auto* back = std::get_if<Return>(&*message)) free_.push_back(back->slot);
      if (const auto* controls = std::get_if<Controls>(&*message)) {
        exposure_us_ = controls->exposure_us.value_or(exposure_us_);
        gain_thousandths_ = controls->gain_thousandths.value_or(gain_thousandths_);
      }
    }
  }

  const Road road_;
  const roadsim::Scene scene_;
  Channel channel_;
  std::vector<OwnMemory> memory_;
  std::vector<std::uint8_t> free_;
  std::int32_t exposure_us_ = 500;
  std::int32_t gain_thousandths_ = 1000;
};

int run() {
  const std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  Road road;
  std::ifstream(here / "road") >> road.preset >> road.seed >> road.fps >> road.width >> road.vehicles >>
      road.exposure_us >> road.told;
  const auto press = roadsim::PlatePress::load(here.parent_path() / "share/wayside/models/plates");
  auto scenario = roadsim::preset_scenario(road.preset);
  if (!press || !scenario) return 3;
  scenario->seed = road.seed;
  scenario->fps = road.fps;
  scenario->height = scenario->height * road.width / scenario->width;
  scenario->width = road.width;
  scenario->vehicles = road.vehicles;
  scenario->sensor.row_us_at_720 = 0;
  auto scene = roadsim::Scene::make(*scenario, *press);
  if (!scene) return 4;
  RoadCamera(std::move(road), std::move(*scene)).run();
  return 0;
}

}  // namespace

int main() {
  return run();
}
