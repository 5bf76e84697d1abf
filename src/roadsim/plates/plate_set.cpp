#include "wayside/roadsim/plates/plate_set.hpp"

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "wayside/base/files.hpp"

namespace wayside::roadsim {

namespace {

std::string_view name_of(PlateField field) {
  switch (field) {
    case PlateField::white:
      return "white";
    case PlateField::yellow:
      return "yellow";
    case PlateField::black:
      return "black";
  }
  return "white";
}

Status write_picture(const std::filesystem::path& path, const cv::Mat& picture) {
  std::vector<std::uint8_t> png;
  try {
    cv::imencode(".png", picture, png);
  } catch (const cv::Exception& error) {
    return fail(ErrorCode::io, fmt::format("{} cannot be encoded: {}", path.string(), error.what()));
  }
  return replace_file(path, png);
}

}  // namespace

PlateSpec training_plate(Random& random, int year) {
  // Of a road's plates most have the current form: a model that saw only those would learn the form, not the
  // characters.
  constexpr double current_kept = 0.2;
  PlateSpec spec;
  do {
    spec = random_plate(random, random.chance(0.5), year);
  } while (spec.format == "current" && !random.chance(current_kept));
  const double kind = random.uniform();
  if (kind < 0.14) {
    spec.lines = 2;
    spec.motorcycle = random.chance(0.25);
  } else if (kind < 0.26) {
    spec.field = PlateField::black;
    spec.band = SideBand::none;
    if (random.chance(0.3)) spec.lines = 2;
  }
  return spec;
}

Status draw_plate_set(const PlatePress& press, const std::filesystem::path& folder,
                      const PlateSetOptions& options, const std::function<void(int)>& progress) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed)
    return fail(ErrorCode::io, fmt::format("cannot make folder {}: {}", folder.string(), failed.message()));
  // Of an earlier set whose pictures are drawn over: a table must never tell of other plates.
  const std::filesystem::path table_file = folder / "plates.csv";
  if (auto place = check_replaceable(table_file); !place) return fail(place.error());
  std::filesystem::remove(table_file, failed);
  Random random(options.seed);
  std::string table = "file,vrm,format,lines,field,glyphs\n";
  for (int i = 0; i < options.count; ++i) {
    const PlateSpec spec = training_plate(random, options.year);
    const auto artwork = press.draw(spec, options.px_per_mm);
    if (!artwork) return fail(artwork.error().context(fmt::format("drawing plate {}", i)));
    const std::string file = fmt::format("{:06}.png", i);
    if (auto written = write_picture(folder / file, artwork->bgr); !written) return written;
    std::string glyphs;
    for (const GlyphBox& glyph : artwork->glyphs) {
      const double scale = options.px_per_mm;
      glyphs += fmt::format("{}{} {:.1f} {:.1f} {:.1f} {:.1f}", glyphs.empty() ? "" : ";", glyph.character,
                            glyph.mm.x * scale, glyph.mm.y * scale, glyph.mm.width * scale,
                            glyph.mm.height * scale);
    }
    table += fmt::format("{},{},{},{},{},{}\n", file, spec.vrm, spec.format, spec.lines, name_of(spec.field),
                         glyphs);
    progress(i + 1);
  }
  return replace_file(table_file, as_bytes(table));
}

}  // namespace wayside::roadsim
