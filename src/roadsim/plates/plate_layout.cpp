#include "src/roadsim/plates/plate_layout.hpp"

#include <algorithm>
#include <string>

namespace wayside::roadsim {

namespace {

using Line = std::vector<std::string>;  // groups

std::vector<Line> lines_of(const PlateSpec& spec) {
  Line groups = groups_of(spec.vrm, spec.format);
  if (spec.lines == 1) return {std::move(groups)};
  if (groups.size() == 1) {  // nothing says where it splits: the longer half goes below
    const std::size_t half = spec.vrm.size() / 2;
    return {{spec.vrm.substr(0, half)}, {spec.vrm.substr(half)}};
  }
  return {{groups.front()}, Line(groups.begin() + 1, groups.end())};
}

double width_of(const Line& line, const GlyphSet& glyphs, const CharacterSize& size) {
  double width = 0;
  for (const std::string& group : line) {
    if (&group != &line.front()) width += size.between_groups;
    for (const char character : group)
      width += glyphs.width(character, size);
    width += size.between_characters * static_cast<double>(group.size() - 1);
  }
  return width;
}

}  // namespace

PlateLayout lay_out(const PlateSpec& spec, const GlyphSet& glyphs) {
  PlateLayout layout;
  layout.characters = spec.motorcycle ? motorcycle_size : spec.before_2001 ? before_2001_size : current_size;
  const CharacterSize& size = layout.characters;
  const std::vector<Line> lines = lines_of(spec);

  double text_width = 0;
  for (const Line& line : lines)
    text_width = std::max(text_width, width_of(line, glyphs, size));
  const double text_height =
      static_cast<double>(lines.size()) * (size.height + size.between_lines) - size.between_lines;
  const double band = spec.band == SideBand::none ? 0 : band_width;
  const bool two = lines.size() == 2;
  const cv::Size2d usual = spec.motorcycle && two ? cv::Size2d(motorcycle_width, motorcycle_height)
                           : two                  ? cv::Size2d(two_line_width, two_line_height)
                           : spec.motorcycle ? cv::Size2d(0, 0)  // one small line: as large as its text needs
                                             : cv::Size2d(one_line_width, one_line_height);
  layout.size_mm = {std::max(usual.width, band + text_width + 2 * size.side_margin),
                    std::max(usual.height, text_height + 2 * size.margin)};

  double y = (layout.size_mm.height - text_height) / 2;
  for (const Line& line : lines) {
    double x = band + (layout.size_mm.width - band - width_of(line, glyphs, size)) / 2;
    for (const std::string& group : line) {
      for (const char character : group) {
        const double width = glyphs.width(character, size);
        layout.glyphs.push_back({character, cv::Rect2d(x, y, width, size.height)});
        x += width + size.between_characters;
      }
      x += size.between_groups - size.between_characters;
    }
    y += size.height + size.between_lines;
  }
  return layout;
}

}  // namespace wayside::roadsim
