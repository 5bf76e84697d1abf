// Draws number plates from the statutory dimensions, with glyphs of our own (models/plates/glyphs.json).
//
// Threads: PlatePress is immutable after load(); draw() from any thread. Ownership: artwork owns its
// pictures. Units: millimetres on the plate, y down; pictures at px_per_mm. Dimensions: SI 2001/561 as
// amended, as far as known; the constants and their standing are in src/roadsim/plates/plate_geometry.hpp.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "wayside/base/result.hpp"
#include "wayside/roadsim/plates/random.hpp"

namespace wayside::roadsim {

enum class PlateField { white, yellow, black };  // black: light characters, not retroreflective (before 1973)
enum class SideBand { none, blue, green };

struct PlateSpec {
  std::string vrm;  // 2 to 7 of 0-9 A-Z (8 for trailers)
  std::string
      format;  // "current", "prefix", "suffix", "dateless", "ni", "q", "diplomatic", "military", "foreign"
  PlateField field = PlateField::white;
  int lines = 1;             // 2: split where the format's groups split
  bool motorcycle = false;   // smaller characters and plate
  bool before_2001 = false;  // 89 mm characters and wider strokes
  SideBand band = SideBand::none;
  std::string band_text;  // "UK", "GB"
  bool border = false;
  std::string maker;       // small print along the lower edge, empty for none
  int screws = 0;          // 0, 1, 2 or 4 heads, light or dark by the seed
  double dirt = 0;         // 0 clean to 1 barely legible
  std::uint64_t seed = 1;  // small irregularities: screw places, dirt, print spread
};

struct GlyphBox {
  char character;
  cv::Rect2f mm;  // from the plate's top left corner
};

struct PlateArtwork {
  cv::Mat bgr;  // CV_8UC3, diffuse colour under white light
  cv::Mat
      retro;  // CV_8UC1, retroreflection: 255 where the sheeting sends light back, 0 for ink, screws, dirt
  cv::Mat alpha;  // CV_8UC1, 255 on the plate, 0 outside its rounded corners (bgr is dark there, retro 0)
  cv::Size2f size_mm;
  double px_per_mm = 1;
  std::vector<GlyphBox> glyphs;  // in reading order
};

class PlatePress {
 public:
  // folder: models/plates. Fails naming file and field.
  static Result<PlatePress> load(const std::filesystem::path& folder);
  PlatePress(PlatePress&&) noexcept;
  PlatePress& operator=(PlatePress&&) noexcept;
  ~PlatePress();

  // Fails with invalid_input on an empty or too long VRM, or a character that has no glyph.
  [[nodiscard]] Result<PlateArtwork> draw(const PlateSpec& spec, double px_per_mm) const;

  // One glyph on its own, for comparison: CV_8UC1, ink 255 on 0, height_px high, width by the glyph's
  // proportion.
  [[nodiscard]] Result<cv::Mat> draw_glyph(char character, int height_px) const;

 private:
  struct Parts;
  explicit PlatePress(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// A plate as it could be met on the road: format, VRM, colours, band, border, maker, screws and dirt by the
// frequencies stated beside the implementation. rear: yellow instead of white. year: the youngest age
// identifier that may occur.
[[nodiscard]] PlateSpec random_plate(Random& random, bool rear, int year);

// Where the format puts its spaces: "AB12CDE" of "current" gives {"AB12", "CDE"}.
[[nodiscard]] std::vector<std::string> groups_of(std::string_view vrm, std::string_view format);

}  // namespace wayside::roadsim
