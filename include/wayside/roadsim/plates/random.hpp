// Random numbers that are the same on every machine and compiler: a scene's seed is its identity.
//
// Threads: one thread an instance; split() gives an independent stream to another part, so that drawing more
// in one part changes nothing in the others. Generator: xoshiro256** seeded by SplitMix64 (Blackman and
// Vigna, 2018).
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>

namespace wayside::roadsim {

class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (auto& word : state_)
      word = split_mix(seed);
  }

  std::uint64_t bits() {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  double uniform() { return static_cast<double>(bits() >> 11U) * 0x1.0p-53; }        // [0, 1)
  double uniform(double from, double to) { return from + (to - from) * uniform(); }  // [from, to)
  int below(int count) { return static_cast<int>(uniform() * count); }               // 0 .. count - 1
  bool chance(double probability) { return uniform() < probability; }
  double normal(double mean = 0, double sigma = 1) {  // Box and Muller, one of the pair
    const double u = 1.0 - uniform();
    return mean + sigma * std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * uniform());
  }
  char pick(std::string_view from) {
    return from[static_cast<std::size_t>(below(static_cast<int>(from.size())))];
  }

  // A stream of its own, named by what it is for.
  [[nodiscard]] Random split(std::uint64_t purpose) {
    return Random(bits() ^ (purpose * 0x9E3779B97F4A7C15ULL));
  }

 private:
  static std::uint64_t rotate(std::uint64_t x, unsigned k) { return (x << k) | (x >> (64U - k)); }
  static std::uint64_t split_mix(std::uint64_t& seed) {
    std::uint64_t z = (seed += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace wayside::roadsim
