// Pictures of a camera that sends JPEG.
#include <vector>

#include "drivers/libcamera_capture/jpeg_planes.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::libcamera_capture;
  using wayside::fuzz::require;
  static JpegPlanes decoder;
  for (const auto& [width, height] : {std::pair<std::uint32_t, std::uint32_t>{64, 48}, {33, 17}}) {
    std::vector<std::uint8_t> slot(planes_bytes(width, height));
    const auto picture = decoder.decode({data, size}, width, height, slot);
    if (!picture) continue;
    require(picture->width == width && picture->height == height, "a picture has the size that was agreed");
    capture_link::FrameReady ready;
    ready.picture = *picture;
    require(capture_link::decode(capture_link::encode(ready)).has_value(), "the link carries it");
    require(capture_link::lies_within(picture->luma, width, height, slot.size()), "it lies in its slot");
    if (picture->chroma == capture_link::Chroma::none) continue;
    for (const auto& plane : {picture->first, picture->second})
      require(capture_link::lies_within(plane, picture->chroma_width, picture->chroma_height, slot.size()),
              "so does its chroma");
  }
  return 0;
}
