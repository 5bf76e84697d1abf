#include "src/roadsim/plates/random_vrm.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace wayside::roadsim {

namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view no_iqz = "ABCDEFGHJKLMNOPRSTUVWXY";
constexpr std::string_view no_iq = "ABCDEFGHJKLMNOPRSTUVWXYZ";
constexpr std::string_view no_q = "ABCDEFGHIJKLMNOPRSTUVWXYZ";
constexpr std::string_view year_letters = "ABCDEFGHJKLMNPRSTVWXY";  // of prefix and suffix: no I, O, Q, U, Z

std::string some(Random& random, std::string_view from, int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += random.pick(from);
  return text;
}

// 1 to most_digits digits without a leading 0; the longer the likelier.
std::string number(Random& random, int most_digits) {
  int count = most_digits;
  while (count > 1 && random.chance(0.25))
    --count;
  return random.pick(digits.substr(1)) + some(random, digits, count - 1);
}

// A pattern's L and D become any letter and digit.
std::string from_pattern(Random& random, std::string_view pattern) {
  std::string text;
  for (const char place : pattern)
    text += random.pick(place == 'L' ? letters : digits);
  return text;
}

// Cars of the last 12 years are equally common, older ones ever rarer: our judgement.
std::string age_identifier(Random& random, int year) {
  const int youngest = std::clamp(year, 2002, 2049) - 2000;
  for (;;) {
    const int registered = youngest - random.below(youngest + 1);  // 0 stands for the September before, below
    const int age = youngest - registered;
    if (age > 12 && !random.chance(std::max(0.05, 1.0 - (age - 12) / 12.0))) continue;
    const bool september = random.chance(0.5);
    if (september && (registered < 1 || registered >= youngest))
      continue;                                  // first in 2001, and last year's at the latest
    if (!september && registered < 2) continue;  // first in March 2002
    const int identifier = september ? registered + 50 : registered;
    return {static_cast<char>('0' + identifier / 10), static_cast<char>('0' + identifier % 10)};
  }
}

std::string dateless(Random& random) {
  const bool three_letters = random.chance(0.5);
  const std::string area = some(random, no_iqz, three_letters ? 3 : 1 + random.below(2));
  const std::string serial = number(random, three_letters ? 3 : 4);
  return random.chance(0.6) ? area + serial : serial + area;
}

std::string northern_ireland(Random& random) {
  std::string area = some(random, no_iqz, 1);
  if (random.chance(0.5)) {
    area += random.chance(0.6) ? 'I' : 'Z';
    area += random.pick(no_q);
  } else {
    area += random.pick(no_q);
    area += random.chance(0.6) ? 'Z' : 'I';
  }
  return area + number(random, 4);
}

}  // namespace

std::string random_vrm(Random& random, std::string_view format, int year) {
  if (format == "current") {
    const std::string memory_tag = some(random, no_iqz, 2);
    const std::string age = age_identifier(random, year);
    return memory_tag + age + some(random, no_iq, 3);
  }
  if (format == "prefix" || format == "q") {
    const char first = format == "q" ? 'Q' : random.pick(year_letters);
    const std::string serial = number(random, 3);
    return first + serial + some(random, no_iqz, 3);
  }
  if (format == "suffix") {
    const std::string area = some(random, no_iqz, 3);
    const std::string serial = number(random, 3);
    return area + serial + random.pick(year_letters);
  }
  if (format == "dateless") return dateless(random);
  if (format == "ni") return northern_ireland(random);
  if (format == "diplomatic") {
    const std::string country = some(random, digits, 3);
    const char kind = random.chance(0.7) ? 'D' : 'X';
    return country + kind + some(random, digits, 3);
  }
  if (format == "military") return from_pattern(random, random.chance(0.6) ? "LLDDLL" : "DDLLDD");
  if (format == "trailer") return from_pattern(random, "LDDDDDDD");
  assert(format == "foreign");
  constexpr std::string_view patterns[] = {"LLDDDLL", "LLDDDDD", "LLLDDDD", "LDDDLL",
                                           "DDDDLLL", "LLDDDD",  "LLLDDD",  "DDLLLD"};
  return from_pattern(random, patterns[random.below(static_cast<int>(std::size(patterns)))]);
}

}  // namespace wayside::roadsim
