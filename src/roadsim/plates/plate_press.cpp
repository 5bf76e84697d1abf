#include "wayside/roadsim/plates/plate_press.hpp"

#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "src/roadsim/plates/canvas.hpp"
#include "src/roadsim/plates/glyph_set.hpp"
#include "src/roadsim/plates/plate_dressing.hpp"
#include "src/roadsim/plates/plate_layout.hpp"
#include "src/roadsim/plates/plate_wear.hpp"

namespace wayside::roadsim {

namespace {

constexpr std::uint64_t print_spread_stream = 1, shade_stream = 2;
constexpr double least_px_per_mm = 0.2, most_px_per_mm = 10;
constexpr int most_glyph_height_px = 2000;

Status check(const PlateSpec& spec, double px_per_mm) {
  const auto bad = [](std::string message) { return fail(ErrorCode::invalid_input, std::move(message)); };
  if (spec.vrm.size() < 2 || spec.vrm.size() > 8) {
    return bad(
        fmt::format("the plate's mark has {} characters: give 2 to 8, without spaces", spec.vrm.size()));
  }
  for (std::size_t i = 0; i < spec.vrm.size(); ++i) {
    if (!GlyphSet::has(spec.vrm[i])) {
      return bad(
          fmt::format("character {} of the plate's mark has no glyph: use 0-9 and capital A-Z only", i + 1));
    }
  }
  if (!(px_per_mm >= least_px_per_mm && px_per_mm <= most_px_per_mm)) {
    return bad(fmt::format("the plate's scale is {} px/mm: give {} to {}", px_per_mm, least_px_per_mm,
                           most_px_per_mm));
  }
  if (spec.lines != 1 && spec.lines != 2)
    return bad(fmt::format("the plate has {} lines: give 1 or 2", spec.lines));
  if (spec.screws != 0 && spec.screws != 1 && spec.screws != 2 && spec.screws != 4) {
    return bad(fmt::format("the plate has {} screws: give 0, 1, 2 or 4", spec.screws));
  }
  if (!(spec.dirt >= 0 && spec.dirt <= 1))
    return bad(fmt::format("the plate's dirt is {}: give 0 to 1", spec.dirt));
  if (spec.band_text.size() > 3 || !printable(spec.band_text, false)) {
    return bad("the side band's text must be at most 3 of 0-9 and capital A-Z: shorten or correct it");
  }
  if (spec.maker.size() > 60 || !printable(spec.maker, true)) {
    return bad("the maker's name must be at most 60 of 0-9, capital A-Z and spaces: shorten or correct it");
  }
  return {};
}

struct Colours {
  Paint field, ink;
};

// Sheetings and inks differ between makers and fade: a few per cent either way.
Colours colours_of(const PlateSpec& spec) {
  Random random = Random(spec.seed).split(shade_stream);
  const auto shade = [&](double b, double g, double r, double retro) {
    const double fade = random.uniform(0.93, 1.04);
    const auto channel = [&](double value) {
      return cv::saturate_cast<uchar>(value * fade * random.normal(1, 0.009));
    };
    return Paint{{channel(b), channel(g), channel(r)}, retro, 1};
  };
  if (spec.field == PlateField::black) return {shade(26, 25, 25, 0), shade(196, 200, 202, 0)};
  const Paint ink = shade(34, 31, 30, 0);
  if (spec.field == PlateField::white) return {shade(222, 224, 224, 1), ink};
  return {shade(random.uniform(10, 40), random.uniform(174, 196), 234, 1), ink};
}

void draw_mark(Canvas& canvas, const PlateSpec& spec, const PlateLayout& layout, const GlyphSet& glyphs,
               const Paint& ink) {
  Random random = Random(spec.seed).split(print_spread_stream);
  const double spread = std::clamp(random.normal(0, 0.12), -0.2, 0.2);
  for (const GlyphBox& box : layout.glyphs) {
    const cv::Point2d at(box.mm.x + random.uniform(-0.1, 0.1), box.mm.y + random.uniform(-0.1, 0.1));
    std::vector<Piece> pieces = glyphs.pieces(box.character, layout.characters, spread);
    for (Piece& piece : pieces) {
      for (cv::Point2d& point : piece)
        point += at;
    }
    canvas.paint(pieces, ink);
  }
}

// Only the corners need looking at: the rest is plate.
cv::Mat rounded_plate(const Canvas& canvas, const cv::Size2d& size_mm) {
  cv::Mat alpha(canvas.bgr.size(), CV_8UC1, cv::Scalar(255));
  const double r = corner_radius, far_x = size_mm.width - r, far_y = size_mm.height - r;
  const int side = static_cast<int>(std::ceil(r * canvas.px_per_mm()));
  for (const cv::Point2d& centre : {cv::Point2d(r, r), {far_x, r}, {far_x, far_y}, {r, far_y}}) {
    const cv::Rect corner(centre.x > r ? alpha.cols - side : 0, centre.y > r ? alpha.rows - side : 0, side,
                          side);
    coverage({disc_piece(centre, r, 36)}, corner, canvas.px_per_mm()).copyTo(alpha(corner));
  }
  return alpha;
}

}  // namespace

struct PlatePress::Parts {
  GlyphSet glyphs;
};

PlatePress::PlatePress(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
PlatePress::PlatePress(PlatePress&&) noexcept = default;
PlatePress& PlatePress::operator=(PlatePress&&) noexcept = default;
PlatePress::~PlatePress() = default;

Result<PlatePress> PlatePress::load(const std::filesystem::path& folder) {
  auto glyphs = GlyphSet::load(folder / "glyphs.json");
  if (!glyphs) return fail(std::move(glyphs.error()));
  return PlatePress(std::make_unique<Parts>(Parts{std::move(*glyphs)}));
}

Result<PlateArtwork> PlatePress::draw(const PlateSpec& spec, double px_per_mm) const {
  if (auto status = check(spec, px_per_mm); !status) return fail(std::move(status.error()));
  const GlyphSet& glyphs = parts_->glyphs;
  const PlateLayout layout = lay_out(spec, glyphs);
  const Colours colours = colours_of(spec);

  Canvas canvas(layout.size_mm, px_per_mm, colours.field);
  draw_band(canvas, spec, layout, glyphs);
  draw_border(canvas, spec, layout, colours.ink);
  draw_small_print(canvas, spec, layout, glyphs, colours.field, colours.ink);
  draw_mark(canvas, spec, layout, glyphs, colours.ink);
  draw_screws(canvas, spec, layout, colours.field);
  add_texture(canvas, spec.seed);
  add_dirt(canvas, spec.dirt, spec.seed);

  PlateArtwork artwork{canvas.bgr,     canvas.retro, rounded_plate(canvas, layout.size_mm),
                       layout.size_mm, px_per_mm,    layout.glyphs};
  artwork.bgr.setTo(cv::Scalar(28, 28, 28), artwork.alpha < 128);
  artwork.retro.setTo(0, artwork.alpha < 128);
  return artwork;
}

Result<cv::Mat> PlatePress::draw_glyph(char character, int height_px) const {
  if (!GlyphSet::has(character)) {
    return fail(ErrorCode::invalid_input, "the character has no glyph: use 0-9 and capital A-Z only");
  }
  if (height_px < 4 || height_px > most_glyph_height_px) {
    return fail(ErrorCode::invalid_input,
                fmt::format("the glyph's height is {} px: give 4 to {}", height_px, most_glyph_height_px));
  }
  const double px_per_mm = height_px / current_size.height;
  const double width = parts_->glyphs.width(character, current_size);
  const cv::Size pixels(std::max(1, static_cast<int>(std::lround(width * px_per_mm))), height_px);
  return coverage(parts_->glyphs.pieces(character, current_size), cv::Rect({}, pixels), px_per_mm);
}

}  // namespace wayside::roadsim
