// What a configuration can say, as data: every key with its help, form, unit, default, since when it is there
// and what a change of it touches. From the one table that the parser, its messages and the template come
// from (src/device/config/{camera,service}_keys.cpp).
//
// Threads: immutable.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/device/config/configuration.hpp"

namespace wayside {

// What it takes until a changed key counts.
enum class Effect {
  at_once,  // taken by what runs
  remade,   // the part of the camera that it belongs to is made anew; captured frames and records are kept
  restart,  // all that runs ends in order and begins anew: some seconds without capture
};

// "at once", "at once, its part is made anew", "the camera begins anew".
[[nodiscard]] std::string_view to_string(Effect effect);

struct KeyDescription {
  std::string path;                  // "site.name"; of a lane: "lane.N.polygon", N its number
  std::string section;               // "site"
  std::string name;                  // "name"
  std::string help;                  // one or two sentences
  std::string form;                  // "a whole number from 1 to 16 threads": range and unit are in it
  std::string unit;                  // empty: none
  std::vector<std::string> choices;  // the texts it takes, without quotes; empty: any of its form
  std::string default_value;         // as TOML; empty: none
  bool required = false;             // a configuration without it is refused
  std::string since;                 // the version of Wayside that brought it
  Effect effect = Effect::restart;
};

// In the order of the file; lane.N.polygon comes last.
[[nodiscard]] std::span<const KeyDescription> configuration_keys();
// Sections in the order of the file, "lane" last.
[[nodiscard]] std::span<const std::string> configuration_sections();
// By path, a lane's with its number ("lane.3.polygon"); null: there is none.
[[nodiscard]] const KeyDescription* configuration_key(std::string_view path);

// One key whose value is not the same in two configurations.
struct ConfigurationChange {
  std::string path;
  // As TOML: texts in quotes, controls escaped. Empty: it has none. A key that is not given has its default.
  std::string before;
  std::string after;
  Effect effect = Effect::restart;
};

// In the order of the file.
[[nodiscard]] std::vector<ConfigurationChange> changes_between(const Configuration& before,
                                                               const Configuration& after);
// The most that any of them takes; at_once where there is none.
[[nodiscard]] Effect effect_of(std::span<const ConfigurationChange> changes);

}  // namespace wayside
