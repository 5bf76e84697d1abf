// A document as the fields of the police service: what comes out can be written, and can be split again.
#include <algorithm>

#include "src/delivery/upload/bof2_capture.hpp"
#include "src/delivery/upload/soap_request.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  // Any bytes at all: what was escaped holds no markup.
  WipedBytes escaped;
  if (upload::append_escaped(escaped, {data, size})) {
    const std::string_view text(reinterpret_cast<const char*>(escaped.data()), escaped.size());
    require(text.find_first_of("<>\"'\r\n\t") == std::string_view::npos, "no value becomes markup");
    // XML 1.0 allows DEL and the controls of U+0080 to U+009F, which begin with the byte C2.
    require(is_plain_text(text, "\x7f") || text.find('\xc2') != std::string_view::npos,
            "what is written is UTF-8");
  }
  const auto capture = upload::bof2::capture_from({data, size});
  if (!capture) {
    require_good(capture.error());
    return 0;
  }
  const WipedBytes line = upload::bof2::capture_line(*capture, {"user", {'s'}});
  require(std::count(line.begin(), line.end(), '|') == 14, "a line has fifteen places");
  require(std::all_of(line.begin(), line.end(), [](std::uint8_t c) { return c >= 0x20 && c < 0x7F; }),
          "a line is printable ASCII");
  require(capture->confidence_percent >= 0 && capture->confidence_percent <= 100, "a percentage is one");
  return 0;
}
