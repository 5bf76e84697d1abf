// A configuration while it is edited: what was given and what is default are told apart, and it may lack what
// is required or hold what does not go together. Every value is of its key's form.
//
// Threads: plain values and pure functions.
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/device/config/configuration.hpp"
#include "wayside/device/config/schema.hpp"

#include "src/device/config/migration.hpp"

namespace wayside::config {

// Room for ten times what there is to say, and TOML of this length cannot nest deeply enough to exhaust the
// stack.
inline constexpr std::size_t most_file_bytes = std::size_t{32} << 10;

struct Draft {
  Configuration values;
  std::set<std::string, std::less<>> given;  // "site.name"; a lane is given by being there
};

// Where it comes from: its format, and how it becomes this one.
struct Origin {
  std::string name;  // in messages
  unsigned format = 1;
  std::span<const Migration> steps{};
};

// invalid_input: all that is unknown or of a wrong form, one error a line. Relative paths are of a wrong
// form.
[[nodiscard]] Result<Draft> draft_from(std::string_view toml, const Origin& origin);
// In the order of the file, only what was given: draft_from() takes it, as the very same.
[[nodiscard]] std::string toml_of(const Draft& draft);

// Words as typed: {"site", "name", VALUE}, {"site.name", VALUE}, {"lane", "1", "polygon", "0,0", ...}.
[[nodiscard]] Status set_words(Draft& draft, std::span<const std::string> words);
// {"site", "name"}, {"site"}, {"lane", "1"}, {"lane"}.
[[nodiscard]] Status unset_words(Draft& draft, std::span<const std::string> words);

// What keeps it from being run: a sentence each.
[[nodiscard]] std::vector<std::string> complaints_about(const Draft& draft);
// The values with their version, whatever complaints there are.
[[nodiscard]] Configuration configuration_of(const Draft& draft);

[[nodiscard]] std::vector<std::pair<std::string, std::string>> settings_of(const Draft& draft);
[[nodiscard]] std::vector<ConfigurationChange> changes_between(const Draft& before, const Draft& after);

// "[[0, 0], [0.5, 0], [0.5, 1]]"
[[nodiscard]] std::string polygon_text(const LaneSetting& lane);

}  // namespace wayside::config
