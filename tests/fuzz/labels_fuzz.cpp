// Label files of pictures and of clips.
#include "wayside/eval/labels.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const std::string_view text = text_of(data, size);
  if (const auto plates = eval::parse_plate_labels(text, "labels.csv"); !plates) {
    require_good(plates.error());
  } else {
    for (const eval::PlateLabel& label : *plates) {
      require(!label.file.empty() && label.file.front() != '/', "a file is below the measured folder");
      require(!label.text.empty() && eval::normal_text(label.text) == label.text, "a text is normal");
      require(label.box.width >= 1 && label.box.height >= 1, "a box is no point");
      static_cast<void>(label.core());
    }
  }
  if (const auto clips = eval::parse_clip_labels(text, "labels.csv"); !clips) {
    require_good(clips.error());
  } else {
    for (const eval::ClipLabel& label : *clips) {
      for (const std::string& vrm : label.vrms)
        require(!vrm.empty() && eval::normal_text(vrm) == vrm, "a mark is normal");
    }
  }
  return 0;
}
