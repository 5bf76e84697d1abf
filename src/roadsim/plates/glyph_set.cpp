#include "src/roadsim/plates/glyph_set.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"

namespace wayside::roadsim {

using nlohmann::json;

namespace {

constexpr double farthest =
    60;  // mm that a centre line may run beyond its character before it is surely a slip

constexpr double least_full_width = 1;  // mm

[[nodiscard]] tl::unexpected<Error> bad(const std::string& field, std::string_view wanted) {
  return fail(ErrorCode::invalid_input,
              fmt::format("{} must be {}: correct it or restore the file", field, wanted));
}

Result<double> number(const json& object, const std::string& key, const std::string& where, double least,
                      double most) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number() || found->get<double>() < least ||
      found->get<double>() > most) {
    return bad(where + key, fmt::format("a number from {} to {}", least, most));
  }
  return found->get<double>();
}

Result<PathPoint> path_point(const json& value, const std::string& where) {
  const bool form =
      value.is_array() && (value.size() == 2 || value.size() == 3) &&
      std::all_of(value.begin(), value.end(), [](const json& part) { return part.is_number(); });
  if (!form) return bad(where, "[x, y] or [x, y, corner radius] in millimetres");
  PathPoint point{{value[0].get<double>(), value[1].get<double>()},
                  value.size() == 3 ? value[2].get<double>() : 0};
  const auto near_box = [](double mm) { return mm >= -farthest && mm <= 100 + farthest; };
  if (!near_box(point.at.x) || !near_box(point.at.y) || point.radius < 0 || point.radius > 100) {
    return bad(where, "within 60 mm of the character, with a radius from 0 to 100");
  }
  return point;
}

Result<Stroke> stroke_from(const json& value, const std::string& where) {
  if (!value.is_object()) return bad(where, "an object with a \"path\"");
  Stroke stroke;
  for (const auto& [key, part] : value.items()) {
    if (key == "path") {
      if (!part.is_array() || part.size() > 32) return bad(where + ".path", "a list of at most 32 points");
      for (std::size_t i = 0; i < part.size(); ++i) {
        auto point = path_point(part[i], fmt::format("{}.path[{}]", where, i));
        if (!point) return fail(std::move(point.error()));
        stroke.path.push_back(*point);
      }
    } else if (key == "closed") {
      if (!part.is_boolean()) return bad(where + ".closed", "true or false");
      stroke.closed = part.get<bool>();
    } else if (key == "width") {
      auto width = number(value, key, where + ".", 0.1, 2);
      if (!width) return fail(std::move(width.error()));
      stroke.width = *width;
    } else if (key == "start_cut" || key == "end_cut") {
      auto cut = number(value, key, where + ".", -180, 180);
      if (!cut) return fail(std::move(cut.error()));
      (key == "start_cut" ? stroke.start_cut : stroke.end_cut) = *cut;
    } else {
      return bad(where + "." + json_escape(key),
                 "absent (known are path, closed, width, start_cut, end_cut)");
    }
  }
  if (stroke.path.size() < (stroke.closed ? 3U : 2U)) {
    return bad(where + ".path", stroke.closed ? "at least 3 points" : "at least 2 points");
  }
  return stroke;
}

}  // namespace

class GlyphReader {
 public:
  static Result<GlyphSet> read(const json& root) {
    GlyphSet set;
    if (!root.is_object()) return bad("the whole", "a JSON object");
    auto version = number(root, "version", "", 1, 1);
    if (!version) return fail(std::move(version.error()));
    auto height = number(root, "height", "", 10, 100);
    if (!height) return fail(std::move(height.error()));
    auto stroke = number(root, "stroke", "", 1, *height / 4);
    if (!stroke) return fail(std::move(stroke.error()));
    set.height_ = *height;
    set.stroke_ = *stroke;
    const auto glyphs = root.find("glyphs");
    if (glyphs == root.end() || !glyphs->is_object())
      return bad("glyphs", "an object with one entry a character");
    for (const auto& [key, ignored] : glyphs->items()) {
      if (key.size() != 1 || !GlyphSet::has(key[0]))
        return bad("glyphs." + json_escape(key), "one of 0-9 and A-Z");
    }
    for (std::size_t i = 0; i < glyph_characters.size(); ++i) {
      const std::string name(1, glyph_characters[i]);
      const auto entry = glyphs->find(name);
      if (entry == glyphs->end()) return bad("glyphs." + name, "there, as all of 0-9 and A-Z");
      if (auto status = read_glyph(*entry, "glyphs." + name, *stroke, set.glyphs_[i]); !status) {
        return fail(std::move(status.error()));
      }
      set.full_width_ = std::max(set.full_width_, set.glyphs_[i].width);
    }
    // Every width is a share of what the widest has beyond its stroke.
    if (set.full_width_ - *stroke < least_full_width)
      return bad("glyphs",
                 fmt::format("characters of which one is {} mm wider than the stroke", least_full_width));
    return set;
  }

 private:
  static Status read_glyph(const json& value, const std::string& where, double stroke_mm,
                           GlyphSet::Glyph& glyph) {
    if (!value.is_object()) return bad(where, "an object with \"width\" and \"strokes\"");
    auto width = number(value, "width", where + ".", stroke_mm, 100);
    if (!width) return fail(std::move(width.error()));
    glyph.width = *width;
    const auto strokes = value.find("strokes");
    if (strokes == value.end() || !strokes->is_array() || strokes->empty() || strokes->size() > 16) {
      return bad(where + ".strokes", "a list of 1 to 16 strokes");
    }
    for (std::size_t i = 0; i < strokes->size(); ++i) {
      auto stroke = stroke_from((*strokes)[i], fmt::format("{}.strokes[{}]", where, i));
      if (!stroke) return fail(std::move(stroke.error()));
      glyph.strokes.push_back(std::move(*stroke));
    }
    return {};
  }
};

Result<GlyphSet> GlyphSet::load(const std::filesystem::path& file) {
  auto text = read_text_file(file, std::size_t{1} << 20);
  if (!text) return fail(std::move(text.error()));
  json root;
  try {
    root = json::parse(*text);
  } catch (const json::exception& error) {
    return fail(ErrorCode::invalid_input, fmt::format("{} is not JSON ({}): correct it or restore the file",
                                                      file.string(), json_escape(error.what())));
  }
  auto set = GlyphReader::read(root);
  if (!set) return fail(set.error().context(file.string()));
  return set;
}

const GlyphSet::Glyph& GlyphSet::glyph(char character) const {
  const auto index = glyph_characters.find(character);
  assert(index != std::string_view::npos);
  return glyphs_[index];
}

double GlyphSet::width(char character, const CharacterSize& size) const {
  const double drawn = glyph(character).width;
  const double stretch = (size.width - size.stroke) / (full_width_ - stroke_);
  return size.stroke + (drawn - stroke_) * stretch;
}

std::vector<Piece> GlyphSet::pieces(char character, const CharacterSize& size, double spread) const {
  const double kx = (size.width - size.stroke) / (full_width_ - stroke_);
  const double ky = (size.height - size.stroke) / (height_ - stroke_);
  const double half = size.stroke / 2, drawn_half = stroke_ / 2;
  std::vector<Piece> raw;
  for (Stroke stroke : glyph(character).strokes) {
    for (PathPoint& point : stroke.path) {
      point.at = {half + (point.at.x - drawn_half) * kx, half + (point.at.y - drawn_half) * ky};
      point.radius *= std::min(kx, ky);
    }
    append_pieces(stroke, size.stroke * stroke.width + 2 * spread, raw);
  }
  // Diagonals are drawn beyond the character and end flush with its edges here.
  const cv::Rect2d box(-spread, -spread, width(character, size) + 2 * spread, size.height + 2 * spread);
  std::vector<Piece> pieces;
  pieces.reserve(raw.size());
  for (const Piece& piece : raw) {
    if (Piece kept = clipped(piece, box); !kept.empty()) pieces.push_back(std::move(kept));
  }
  return pieces;
}

}  // namespace wayside::roadsim
