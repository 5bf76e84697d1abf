// What a plate carries besides its mark: side band, border line, small print, screws.
//
// Threads: pure functions on the caller's canvas. Units: millimetres.
#pragma once

#include "wayside/roadsim/plates/plate_press.hpp"

#include "src/roadsim/plates/canvas.hpp"
#include "src/roadsim/plates/glyph_set.hpp"
#include "src/roadsim/plates/plate_layout.hpp"

namespace wayside::roadsim {

// Everything below reads PlateSpec for what is wanted and draws nothing where nothing is.
void draw_band(Canvas& canvas, const PlateSpec& spec, const PlateLayout& layout, const GlyphSet& glyphs);
void draw_border(Canvas& canvas, const PlateSpec& spec, const PlateLayout& layout, const Paint& ink);
void draw_small_print(Canvas& canvas, const PlateSpec& spec, const PlateLayout& layout,
                      const GlyphSet& glyphs, const Paint& field, const Paint& ink);
void draw_screws(Canvas& canvas, const PlateSpec& spec, const PlateLayout& layout, const Paint& field);

// What a maker's name and a band's text may be made of: glyphs and, in names, spaces.
[[nodiscard]] bool printable(std::string_view text, bool spaces);

}  // namespace wayside::roadsim
