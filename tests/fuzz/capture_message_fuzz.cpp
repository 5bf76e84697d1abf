// What the capture process says to the daemon, and the daemon to it.
#include "drivers/capture_link/messages.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::capture_link;
  using wayside::fuzz::require;
  const ByteView bytes(data, size);
  const Result<Message> message = decode(bytes);
  if (!message) {
    wayside::fuzz::require_good(message.error());
    return 0;
  }
  const Bytes again = encode(*message);
  require(std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()),
          "a message encoded again is the same");
  if (const auto* frame = std::get_if<FrameReady>(&*message)) {
    const Picture& picture = frame->picture;
    require(picture.width <= most_side_px && picture.height <= most_side_px && picture.luma.part < most_parts,
            "a picture has an extent and lies in a part");
    require(picture.luma.offset + std::uint64_t{picture.luma.stride} * (picture.height - 1) + picture.width <=
                most_part_bytes,
            "a picture lies in what a part can be");
  }
  return 0;
}
