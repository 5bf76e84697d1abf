#include <algorithm>

#include "wayside/roadsim/plates/plate_press.hpp"

#include "src/roadsim/plates/random_vrm.hpp"

namespace wayside::roadsim {

namespace {

// Our judgement of a UK road, not a statistic. Shares of 1,000 vehicles.
struct Share {
  std::string_view format;
  int per_mille;
};
constexpr Share shares[] = {{"current", 850}, {"prefix", 60},    {"ni", 30},
                            {"dateless", 20}, {"foreign", 20},   {"suffix", 10},
                            {"q", 5},         {"diplomatic", 3}, {"military", 2}};

std::string_view random_format(Random& random) {
  int at = random.below(1000);
  for (const Share& share : shares) {
    if (at < share.per_mille) return share.format;
    at -= share.per_mille;
  }
  return shares[0].format;
}

// Invented: no such firms known to us, and no postcode area begins with Q.
constexpr std::string_view makers[] = {
    "BRAMBLE HILL MOTORS QA4 7JK", "OAKMERE PLATES QD1 2YZ", "NORTHFOLD CARS",
    "TARNBROOK GARAGE QE9 3LP",    "PLATEWELL QT2 8XX",      "FENWAY AUTOS QN6 1AB",
    "HOLLOWBY OF STANCASTER",      "QUICKLEY QX5 5QX"};

int age_years(const PlateSpec& spec, int year) {
  const int identifier = (spec.vrm[2] - '0') * 10 + (spec.vrm[3] - '0');
  return year - 2000 - (identifier > 50 ? identifier - 50 : identifier);
}

void choose_band(PlateSpec& spec, Random& random, int year) {
  if (spec.format == "foreign") {
    constexpr std::string_view countries[] = {"D", "F", "NL", "PL", "I", "E", "RO", "LT", "IRL"};
    spec.band = SideBand::blue;
    spec.band_text = countries[random.below(static_cast<int>(std::size(countries)))];
    return;
  }
  if (spec.format != "current") return;
  if (age_years(spec, year) <= 5 && random.chance(0.2)) {  // zero emission, since December 2020
    spec.band = SideBand::green;
    if (random.chance(0.7)) spec.band_text = "UK";
  } else if (random.chance(0.4)) {
    spec.band = SideBand::blue;
    spec.band_text = random.chance(0.3) ? "UK" : "GB";
  }
}

double random_dirt(Random& random) {
  const double kind = random.uniform();
  if (kind < 0.6) return random.uniform(0, 0.1);
  if (kind < 0.92) return random.uniform(0.1, 0.35);
  return random.uniform(0.35, 0.8);
}

int random_screws(Random& random) {
  const double kind = random.uniform();
  return kind < 0.45 ? 0 : kind < 0.89 ? 2 : kind < 0.94 ? 1 : 4;
}

}  // namespace

PlateSpec random_plate(Random& random, bool rear, int year) {
  PlateSpec spec;
  spec.format = random_format(random);
  spec.vrm = random_vrm(random, spec.format, year);
  const bool vintage = spec.format == "suffix" || spec.format == "dateless";
  const bool black = vintage && random.chance(spec.format == "suffix" ? 0.35 : 0.15);
  const bool foreign = spec.format == "foreign";  // white at both ends in most countries
  spec.field = black ? PlateField::black : rear && !foreign ? PlateField::yellow : PlateField::white;
  spec.lines = random.chance(rear ? 0.05 : 0.01) ? 2 : 1;
  spec.before_2001 =
      black || (spec.format == "prefix" && random.chance(0.15)) || (vintage && random.chance(0.3));
  if (!black) {
    choose_band(spec, random, year);
    spec.border = random.chance(0.25);
    if (random.chance(0.75)) spec.maker = makers[random.below(static_cast<int>(std::size(makers)))];
  } else {
    spec.border = random.chance(0.3);
  }
  spec.screws = random_screws(random);
  spec.dirt = random_dirt(random);
  spec.seed = random.bits();
  return spec;
}

}  // namespace wayside::roadsim
