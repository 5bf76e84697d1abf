// The one table of configuration keys. The parser, its messages and the template all come from it.
//
// Threads: immutable.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wayside/device/config/configuration.hpp"
#include "wayside/device/config/schema.hpp"

namespace wayside::config {

// The member that a key fills, which is also its type.
using Slot =
    std::variant<std::string*, std::uint32_t*, double*, std::optional<double>*, std::filesystem::path*>;

// What a text must look like, and how it is made absolute.
enum class TextForm { any, camera_source, office_url, https_url, url_path, polygons, hosts };

inline constexpr std::string_view camera_through_libcamera = "libcamera";

// What the address of a back office begins with; which of them the profile says.
inline constexpr std::string_view https_scheme = "https";
inline constexpr std::string_view mqtts_scheme = "mqtts";

struct Key {
  std::string_view section;
  std::string_view name;
  Slot (*slot)(Configuration&);
  double least = 0;
  double most = 0;                          // of a number, or of a free text's bytes
  std::string_view unit{};                  // of a number; empty: a plain count
  std::vector<std::string_view> choices{};  // of a text; empty: free
  TextForm form = TextForm::any;
  bool may_be_empty = false;
  std::string_view example{};  // as TOML; set only where the file must (or may) give what has no default
  bool required = false;
  std::string_view only_profile{};  // a key of [upload] that no other profile takes
  std::string_view since = "0.1";   // the version of Wayside that brought it
  Effect effect = Effect::restart;  // of a change, on a camera that runs
  std::string_view help{};
};

[[nodiscard]] std::span<const Key> all_keys();
// In the order of the file: the table's.
[[nodiscard]] std::vector<std::string_view> all_sections();

// "a whole number from 1 to 16", "a number from 0 to 60 s", "one of \"fast\", \"realtime\"", "a path".
// A path may be relative where a file is there for it to be relative to.
enum class Paths { any, absolute };
[[nodiscard]] std::string expected_form(const Key& key, Paths paths = Paths::any);
// The value that a key has, as TOML; empty where it has none.
[[nodiscard]] std::string value_text(const Key& key, const Configuration& configuration);
// A text as TOML has it, which no terminal is driven by.
[[nodiscard]] std::string in_quotes(std::string_view text);
// "site.name"
[[nodiscard]] std::string path_of(const Key& key);
// Null: there is none.
[[nodiscard]] const Key* find_key(std::string_view path);

}  // namespace wayside::config
