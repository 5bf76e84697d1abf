#include "src/roadsim/plates/plate_dressing.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

namespace wayside::roadsim {

namespace {

const Paint band_blue{{150, 62, 10}, 0.30, 1};
const Paint band_green{{62, 142, 40}, 0.35, 1};
const Paint white{{232, 234, 232}, 0.95, 1};
const Paint star_yellow{{40, 205, 240}, 0.9, 1};
const Paint flag_red{{40, 24, 190}, 0.4, 1};

CharacterSize small_size(double height, double weight) {
  return {height, height * 0.62, height * weight, height * 0.16, height * 0.5, 0, 0, 0};
}

double text_width(std::string_view text, const GlyphSet& glyphs, const CharacterSize& size) {
  double width = 0;
  for (const char character : text) {
    width += character == ' ' ? size.between_groups : glyphs.width(character, size) + size.between_characters;
  }
  return width - size.between_characters;
}

void draw_text(Canvas& canvas, std::string_view text, cv::Point2d at, const GlyphSet& glyphs,
               const CharacterSize& size, const Paint& paint) {
  std::vector<Piece> pieces;
  for (const char character : text) {
    if (character == ' ') {
      at.x += size.between_groups;
      continue;
    }
    for (Piece& piece : glyphs.pieces(character, size)) {
      for (cv::Point2d& point : piece)
        point += at;
      pieces.push_back(std::move(piece));
    }
    at.x += glyphs.width(character, size) + size.between_characters;
  }
  canvas.paint(pieces, paint);
}

std::vector<Piece> line(cv::Point2d from, cv::Point2d to, double width, const cv::Rect2d& within) {
  std::vector<Piece> raw, kept;
  append_pieces(Stroke{{{from}, {to}}, false, 1, {}, {}}, width, raw);
  for (const Piece& piece : raw) {
    if (Piece inside = clipped(piece, within); !inside.empty()) kept.push_back(std::move(inside));
  }
  return kept;
}

// The Union flag as its crosses over each other; the red saltire's offset is too fine to show at this size.
void draw_union_flag(Canvas& canvas, const cv::Rect2d& flag) {
  const cv::Point2d a = flag.tl(), b(flag.x + flag.width, flag.y), c = flag.br(),
                    d(flag.x, flag.y + flag.height);
  const cv::Point2d centre = (a + c) * 0.5;
  const double unit = flag.height / 30;  // the flag's own measure: 30 units high
  const auto stroke = [&](cv::Point2d from, cv::Point2d to, double width, const Paint& paint) {
    canvas.paint(line(from, to, width * unit, flag), paint);
  };
  canvas.paint({rectangle_piece(flag)}, {{110, 33, 1}, 0.3, 1});
  stroke(a, c, 6, white);
  stroke(b, d, 6, white);
  stroke(a, c, 2.4, flag_red);
  stroke(b, d, 2.4, flag_red);
  const cv::Point2d left(flag.x, centre.y), right(b.x, centre.y), top(centre.x, flag.y),
      bottom(centre.x, d.y);
  stroke(left, right, 10, white);
  stroke(top, bottom, 10, white);
  stroke(left, right, 6, flag_red);
  stroke(top, bottom, 6, flag_red);
}

void draw_ring_of_stars(Canvas& canvas, cv::Point2d centre, double radius) {
  std::vector<Piece> stars;
  for (int i = 0; i < 12; ++i) {
    const double angle = std::numbers::pi * i / 6;
    append_star(centre + cv::Point2d(std::cos(angle), std::sin(angle)) * radius, radius * 0.2, stars);
  }
  canvas.paint(stars, star_yellow);
}

constexpr std::uint64_t screw_stream = 5, print_stream = 6;

}  // namespace

bool printable(std::string_view text, bool spaces) {
  return std::all_of(text.begin(), text.end(), [&](char character) {
    return GlyphSet::has(character) || (spaces && character == ' ');
  });
}

void draw_band(Canvas& canvas, const PlateSpec& spec, const PlateLayout& layout, const GlyphSet& glyphs) {
  if (spec.band == SideBand::none) return;
  const double height = layout.size_mm.height;
  const bool blue = spec.band == SideBand::blue;
  canvas.paint({rectangle_piece({0, 0, band_width, height})}, blue ? band_blue : band_green);
  const double middle = height / 2, across = band_width / 2;
  if (!spec.band_text.empty()) {
    const CharacterSize size = small_size(20, 0.2);
    const double width = text_width(spec.band_text, glyphs, size);
    draw_text(canvas, spec.band_text, {across - width / 2, middle + 16}, glyphs, size, white);
  }
  // "UK" came with the Union flag, after the ring of stars had gone; plain green bands carry neither.
  if (spec.band_text == "UK") {
    draw_union_flag(canvas, {across - 15, middle - 27, 30, 20});
  } else if (blue) {
    draw_ring_of_stars(canvas, {across, middle - 17}, 14);
  }
}

void draw_border(Canvas& canvas, const PlateSpec& spec, const PlateLayout& layout, const Paint& ink) {
  if (!spec.border) return;
  const double in = border_inset, w = layout.size_mm.width - in, h = layout.size_mm.height - in;
  const double left = spec.band == SideBand::none ? in : band_width + in / 2;
  const double r = corner_radius - border_inset / 2;
  std::vector<Piece> pieces;
  append_pieces(Stroke{{{{left, in}, r}, {{w, in}, r}, {{w, h}, r}, {{left, h}, r}}, true, 1, {}, {}},
                border_line_width, pieces);
  canvas.paint(pieces, ink);
}

void draw_small_print(Canvas& canvas, const PlateSpec& spec, const PlateLayout& layout,
                      const GlyphSet& glyphs, const Paint& field, const Paint& ink) {
  if (spec.maker.empty()) return;
  Random random = Random(spec.seed).split(print_stream);
  const double band = spec.band == SideBand::none ? 0 : band_width;
  const double room = layout.size_mm.width - band;
  CharacterSize size = small_size(small_print_height * random.uniform(0.85, 1.15), 0.2);
  double width = text_width(spec.maker, glyphs, size);
  if (width > room * 0.6) {
    size = small_size(size.height * room * 0.6 / width, 0.2);
    width = room * 0.6;
  }
  // On the border line where there is one, which it interrupts.
  const double foot = layout.size_mm.height - (spec.border ? border_inset - size.height / 2 : 3.2);
  const cv::Point2d at(band + (room - width) / 2, foot - size.height);
  if (spec.border) {
    canvas.paint({rectangle_piece({at.x - 3, at.y - 0.5, width + 6, size.height + 1})}, field);
  }
  draw_text(canvas, spec.maker, at, glyphs, size, ink);
  if (spec.field == PlateField::black) return;  // older than the marking
  const CharacterSize fine = small_size(2.2, 0.18);
  constexpr std::string_view marking = "BS AU 145E";
  draw_text(canvas, marking,
            {layout.size_mm.width - 14 - text_width(marking, glyphs, fine),
             layout.size_mm.height - 7 - fine.height},
            glyphs, fine, ink);
}

void draw_screws(Canvas& canvas, const PlateSpec& spec, const PlateLayout& layout, const Paint& field) {
  if (spec.screws == 0) return;
  Random random = Random(spec.seed).split(screw_stream);
  const double w = layout.size_mm.width, h = layout.size_mm.height;
  // Near the ends, or at the fixings of the car, a quarter of the way in, where a head sits in or between
  // characters.
  const double inset = random.chance(0.5) ? random.uniform(16, 26) : w * random.uniform(0.22, 0.3);
  std::vector<cv::Point2d> places;
  if (spec.screws == 1) {
    places = {{random.chance(0.5) ? inset : w - inset, h / 2}};
  } else if (spec.screws == 2) {
    places = {{inset, h / 2}, {w - inset, h / 2}};
  } else {
    places = {{18, 16}, {w - 18, 16}, {18, h - 16}, {w - 18, h - 16}};
  }
  const int kind = random.below(10);  // a cap in the field's colour, a dark one, or bare metal
  const cv::Vec3b base = kind < 5 ? field.bgr : kind < 8 ? cv::Vec3b(34, 32, 32) : cv::Vec3b(150, 152, 154);
  const double radius = screw_head_radius * random.uniform(0.8, 1.1);
  const auto shade = [&](double factor) {
    return cv::Vec3b(cv::saturate_cast<uchar>(base[0] * factor + 6),
                     cv::saturate_cast<uchar>(base[1] * factor + 6),
                     cv::saturate_cast<uchar>(base[2] * factor + 6));
  };
  for (cv::Point2d at : places) {
    at += {random.normal(0, 1.5), random.normal(0, 2.5)};
    canvas.paint({disc_piece(at + cv::Point2d(0.8, 1.6), radius * 1.08)},
                 {{20, 20, 20}, 0.3, 0.45});  // its shadow
    canvas.paint({disc_piece(at, radius)}, {shade(0.78), 0, 1});
    canvas.paint({disc_piece(at - cv::Point2d(0.15, 0.3) * radius, radius * 0.8)}, {shade(0.98), 0, 0.9});
    canvas.paint({disc_piece(at - cv::Point2d(0.3, 0.42) * radius, radius * 0.3)},
                 {{250, 250, 250}, 0, 0.35});
    if (kind >= 8) {  // a cross recess
      const double angle = random.uniform(0, std::numbers::pi);
      const cv::Point2d along = cv::Point2d(std::cos(angle), std::sin(angle)) * (radius * 0.5);
      const cv::Point2d over(-along.y, along.x);
      std::vector<Piece> cross;
      append_pieces(Stroke{{{at - along}, {at + along}}, false, 1, {}, {}}, radius * 0.25, cross);
      append_pieces(Stroke{{{at - over}, {at + over}}, false, 1, {}, {}}, radius * 0.25, cross);
      canvas.paint(cross, {{40, 40, 40}, 0, 0.9});
    }
  }
}

}  // namespace wayside::roadsim
