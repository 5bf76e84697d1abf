// Many plates at once, as pictures with a table: what the models are trained on (models/training).
//
// Threads: pure apart from the files. Deterministic by seed. Failure: io where the folder cannot be written.
#pragma once

#include <filesystem>
#include <functional>

#include "wayside/base/result.hpp"
#include "wayside/roadsim/plates/plate_press.hpp"

namespace wayside::roadsim {

struct PlateSetOptions {
  int count = 1000;
  std::uint64_t seed = 1;
  int year = 2026;  // the youngest age identifier that may occur
  double px_per_mm = 1.0;
};

// A plate of a training set: as random_plate draws it, but with the rare kinds (other forms than the current
// one, two lines, light on dark, motorcycle) often enough to be learnt.
[[nodiscard]] PlateSpec training_plate(Random& random, int year);

// Writes 000000.png, ... and plates.csv: file, vrm, format, lines, field, glyphs ("A 11.0 16.0 50.0 79.0;..."
// in pixels: character, left, top, width, height). progress is told how many are done.
[[nodiscard]] Status draw_plate_set(const PlatePress& press, const std::filesystem::path& folder,
                                    const PlateSetOptions& options, const std::function<void(int)>& progress);

}  // namespace wayside::roadsim
