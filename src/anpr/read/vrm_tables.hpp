// What a syntax file says, in the shape that ranking needs it.
//
// Threads: plain values, immutable once filled by read_tables().
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "wayside/anpr/read/vrm_syntax.hpp"

namespace wayside {

namespace vrm {

inline constexpr std::string_view alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
inline constexpr std::size_t letters = 36;
using CharacterSet = std::bitset<letters>;

// Place in the alphabet; nothing for any other character.
[[nodiscard]] std::optional<std::size_t> index_of(char character);

struct Pattern {
  std::size_t form = 0;                 // index into Tables::forms
  std::vector<CharacterSet> positions;  // what may stand there
  std::optional<std::size_t> age;       // first of the two positions of an age identifier
  double log_prior = 0;                 // of one mark of this pattern, relative to 36^-n, but for its age
};

// The age identifiers that exist at a time.
struct Ages {
  std::array<bool, 100> exist{};
  double log_prior = 0;  // of one of them, relative to 36^-2

  explicit Ages(UtcTime at);
  [[nodiscard]] double prior_of(const Pattern& pattern) const {
    return pattern.age ? pattern.log_prior + log_prior : pattern.log_prior;
  }
};

}  // namespace vrm

struct VrmSyntax::Tables {
  std::vector<std::string> forms;  // names
  std::vector<vrm::Pattern> patterns;
  double log_unknown = 0;  // prior of the unknown form
  double junk_cost = 0;
  // cost[seen][true], nats; 0 on the diagonal.
  std::array<std::array<double, vrm::letters>, vrm::letters> cost{};
};

namespace vrm {

// Fails with invalid_input or not_found; the message names file, line and field.
[[nodiscard]] Result<VrmSyntax::Tables> read_tables(const std::filesystem::path& file);

}  // namespace vrm

}  // namespace wayside
