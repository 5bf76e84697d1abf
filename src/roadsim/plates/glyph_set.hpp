// The 36 characters of our own: read from models/plates/glyphs.json, made into pieces at any character size.
//
// Threads: immutable after load(). Units: millimetres from the character's top left corner, y down.
// Failure of load(): names the file and the field, and the form it should have.
#pragma once

#include <array>
#include <filesystem>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"

#include "src/roadsim/plates/plate_geometry.hpp"
#include "src/roadsim/plates/strokes.hpp"

namespace wayside::roadsim {

inline constexpr std::string_view glyph_characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

class GlyphSet {
 public:
  static Result<GlyphSet> load(const std::filesystem::path& file);

  [[nodiscard]] static bool has(char character) {
    return glyph_characters.find(character) != std::string_view::npos;
  }
  // The narrow characters, 1 and I, are one stroke wide.
  [[nodiscard]] double width(char character, const CharacterSize& size) const;
  // Centre lines are stretched to the size, the stroke is the size's own; spread widens every edge (print
  // irregularity). Requires has(character).
  [[nodiscard]] std::vector<Piece> pieces(char character, const CharacterSize& size, double spread = 0) const;

 private:
  struct Glyph {
    double width = 0;
    std::vector<Stroke> strokes;
  };
  friend class GlyphReader;
  [[nodiscard]] const Glyph& glyph(char character) const;

  double height_ = 0;
  double stroke_ = 0;
  double full_width_ = 0;
  std::array<Glyph, glyph_characters.size()> glyphs_;
};

}  // namespace wayside::roadsim
