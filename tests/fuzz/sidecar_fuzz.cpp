// What a camera knew about each frame: the sidecar of a video, and of a folder.
#include "drivers/replay_source/sidecar.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  for (const bool with_files : {false, true}) {
    const Result<replay::Sidecar> sidecar =
        replay::parse_sidecar(text_of(data, size), "frames.csv", with_files);
    if (!sidecar) {
      require_good(sidecar.error());
      continue;
    }
    require(!sidecar->rows.empty(), "a sidecar has rows");
    for (std::size_t i = 0; i < sidecar->rows.size(); ++i) {
      const replay::SidecarRow& row = sidecar->rows[i];
      require(row.line >= 2, "a row knows its line");
      require(row.file.empty() != with_files && row.file.find('/') == std::string::npos,
              "a file is of this folder");
      require(row.info.utc.ms >= 0 && row.info.monotonic.ns >= 0, "times are not negative");
      require(!row.info.strobe_level || (*row.info.strobe_level >= 0 && *row.info.strobe_level <= 1),
              "a strobe is between dark and full");
      if (i == 0) continue;
      const replay::SidecarRow& before = sidecar->rows[i - 1];
      require(row.info.number > before.info.number && row.info.monotonic > before.info.monotonic,
              "numbers and times rise");
    }
  }
  return 0;
}
