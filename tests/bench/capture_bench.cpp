// What a camera's frame costs before the localiser sees it: the link between the two processes, and the
// decoding where the camera sends JPEG. Both ends run in one thread here, so the link's figure is that of
// both processes together, without their waking each other.
#include <array>
#include <stdexcept>
#include <vector>

#include <benchmark/benchmark.h>
#include <turbojpeg.h>

#include "drivers/capture_link/slot_memory.hpp"
#include "drivers/libcamera_capture/jpeg_planes.hpp"
#include "drivers/libcamera_source/lent_frames.hpp"

namespace wayside {
namespace {

using namespace capture_link;

constexpr std::uint32_t width = 1920;
constexpr std::uint32_t height = 1080;

void lend_a_frame(benchmark::State& state) {
  auto ends = Channel::make_pair().value();
  const Channel camera = std::move(ends.second);
  libcamera_source::LentFrames frames(std::move(ends.first));
  const OwnMemory memory = make_memory(libcamera_capture::planes_bytes(width, height)).value();
  camera.send(encode(Stream{width, height, 1, true, "NV12", "id", "model"}));
  const std::array<int, 1> descriptor{memory.descriptor.get()};
  camera.send(encode(Slot{0, 1, {memory.mapping.bytes(), 0, 0}}), descriptor);
  benchmark::DoNotOptimize(frames.next());
  FrameReady ready;
  ready.picture.width = width;
  ready.picture.height = height;
  ready.picture.luma = {0, 0, width};
  ready.picture.chroma = Chroma::interleaved;
  ready.picture.chroma_width = width / 2;
  ready.picture.chroma_height = height / 2;
  ready.picture.first = ready.picture.second = {0, width * height, width};
  for (auto _ : state) {
    ++ready.sequence;
    camera.send(encode(ready));
    {
      const auto event = frames.next();
      if (!event || !*event) throw std::runtime_error("no frame came");
    }
    if (!camera.receive().value()) throw std::runtime_error("the slot did not come back");
  }
}
BENCHMARK(lend_a_frame);

void decode_a_frame(benchmark::State& state) {
  std::vector<unsigned char> picture(std::size_t{width} * height * 3);
  for (std::size_t i = 0; i < picture.size(); ++i)
    picture[i] = static_cast<unsigned char>((i / 3 % width / 8 + i / (3 * width) / 8) * 5 + i % 7);
  tjhandle compressor = tjInitCompress();
  unsigned char* out = nullptr;
  unsigned long bytes = 0;
  tjCompress2(compressor, picture.data(), width, 0, height, TJPF_RGB, &out, &bytes, TJSAMP_422, 85, 0);
  tjDestroy(compressor);
  std::vector<std::uint8_t> slot(libcamera_capture::planes_bytes(width, height));
  libcamera_capture::JpegPlanes decoder;
  for (auto _ : state) {
    if (!decoder.decode({out, bytes}, width, height, slot)) throw std::runtime_error("not decoded");
  }
  state.counters["bytes"] = static_cast<double>(bytes);
  tjFree(out);
}
BENCHMARK(decode_a_frame)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wayside

BENCHMARK_MAIN();
