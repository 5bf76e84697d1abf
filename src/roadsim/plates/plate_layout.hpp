// Where each character of a plate stands.
//
// Threads: pure function. Units: millimetres from the plate's top left corner.
#pragma once

#include <vector>

#include <opencv2/core/types.hpp>

#include "wayside/roadsim/plates/plate_press.hpp"

#include "src/roadsim/plates/glyph_set.hpp"
#include "src/roadsim/plates/plate_geometry.hpp"

namespace wayside::roadsim {

struct PlateLayout {
  CharacterSize characters;
  cv::Size2d size_mm;
  std::vector<GlyphBox> glyphs;  // in reading order
};

// Lines are centred in what the side band leaves free; the plate grows where text and margins need more than
// its usual size. Requires a VRM whose characters all have glyphs.
[[nodiscard]] PlateLayout lay_out(const PlateSpec& spec, const GlyphSet& glyphs);

}  // namespace wayside::roadsim
