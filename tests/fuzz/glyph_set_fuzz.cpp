// Glyph files, and the pieces that are made of whatever they gave.
#include <cmath>

#include "src/roadsim/plates/glyph_set.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  static const InputFile file;
  const Result<roadsim::GlyphSet> glyphs = roadsim::GlyphSet::load(file.write(data, size));
  if (!glyphs) {
    require_good(glyphs.error());
    return 0;
  }
  roadsim::CharacterSize car{};
  car.height = 79;
  car.width = 50;
  car.stroke = 14;
  for (const char character : roadsim::glyph_characters) {
    const double width = glyphs->width(character, car);
    require(width >= car.stroke - 1e-6 && width <= car.width + 1e-6,
            "a character is as wide as its size allows");
    for (const roadsim::Piece& piece : glyphs->pieces(character, car)) {
      for (const cv::Point2d& point : piece) {
        require(
            point.x >= -1e-6 && point.x <= width + 1e-6 && point.y >= -1e-6 && point.y <= car.height + 1e-6,
            "a character stays in its box");
      }
    }
  }
  return 0;
}
