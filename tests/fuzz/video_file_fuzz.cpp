// Video files: telling them from what the decoder would follow elsewhere, and their first pictures.
#include "drivers/replay_source/recording.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  static const InputFile file;
  const auto video = replay::open_video(file.write(data, size));
  if (!video) {
    require_good(video.error());
    return 0;
  }
  const std::string_view head = text_of(data, size).substr(0, 7);
  require(head != "#EXTM3U" && head != "ffconca", "a list that names other files is no video");
  std::chrono::nanoseconds last{-1};
  for (int i = 0; i < 3; ++i) {
    const auto picture = (*video)->next();
    if (!picture) {
      require_good(picture.error());
      break;
    }
    if (!*picture) break;
    require(!(*picture)->picture.empty() && (*picture)->at > last, "pictures follow one another");
    last = (*picture)->at;
  }
  return 0;
}
