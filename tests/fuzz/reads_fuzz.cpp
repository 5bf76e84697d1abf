// The lines of reads that wayside-eval writes and reads again.
#include "wayside/eval/images.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const auto reads = eval::parse_reads(text_of(data, size), "reads.jsonl");
  if (!reads) {
    require_good(reads.error());
    return 0;
  }
  for (const eval::PictureReads& one : *reads) {
    const std::string line = eval::json_line(one, size % 2 == 0);
    require(line.find('\n') == std::string::npos, "a line is one line");
    const auto again = eval::parse_reads(line, "reads.jsonl");
    if (!again) std::fprintf(stderr, "%s\n%s\n", line.c_str(), again.error().message.c_str());
    require(again && again->size() == 1 && again->front().file == one.file &&
                again->front().plates.size() == one.plates.size(),
            "a line written again is read again");
  }
  static_cast<void>(eval::table(eval::score_pictures(*reads, {})));
  return 0;
}
