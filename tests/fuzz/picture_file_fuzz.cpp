// Picture files of a replayed folder.
#include "drivers/replay_source/picture_file.hpp"
#include "drivers/replay_source/picture_size.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  static const InputFile file;
  const Result<cv::Mat> picture = replay::read_picture(file.write(data, size));
  if (!picture) {
    require_good(picture.error());
  } else {
    require(!picture->empty() && (picture->type() == CV_8UC1 || picture->type() == CV_8UC3),
            "a picture has 8 bits in 1 or 3 channels");
    const auto promised = replay::promised_size({data, size});
    require(promised && promised->pixels() == picture->total() && picture->total() <= 100'000'000,
            "a picture has the size that its header promised");
  }
  const std::string_view text = text_of(data, size);
  const std::string_view a = text.substr(0, text.size() / 2);
  const std::string_view b = text.substr(text.size() / 2);
  require(!(replay::in_natural_order(a, b) && replay::in_natural_order(b, a)) &&
              !replay::in_natural_order(a, a) &&
              (a == b || replay::in_natural_order(a, b) || replay::in_natural_order(b, a)),
          "the natural order is an order");
  return 0;
}
