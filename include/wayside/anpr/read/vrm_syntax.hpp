// The forms a VRM can have, as a prior over what the reader saw; never a filter: what fits no form still
// comes out.
//
// Threads: immutable after load(). Data: models/vrm/*.toml, whose comments give the notation, the source and
// the standing of each form. Time: `at` is that of the frame, never today's, so that a recording is read
// alike in every year. Age identifiers later than it do not exist yet and get the prior of the unknown form;
// before 2026, as an unset clock gives, it counts as the start of 2026. Failure: load() names file, line and
// field.
//
// A mark c1..cn under a pattern of a form scores  log weight - log patterns + sum over i of (log p_i(c_i) +
// log 36 - log k_i), p_i being what the picture says and k_i how many characters the pattern allows at i:
// Bayes' rule with marks of one pattern equally likely and the engine's own prior over characters uniform.
// The unknown form has k_i = 36 throughout.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/anpr/read/plate_read.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside {

class VrmSyntax {
 public:
  struct Hypothesis {
    std::string vrm;
    std::string format;    // the form's name, "unknown" where none fits
    double log_score = 0;  // as above, comparable within one call
    std::size_t first_position =
        0;  // where vrm begins: positions left out at the ends were taken for the plate's rim
  };

  struct Tables;  // forms, priors and look-alikes

  static Result<VrmSyntax> load(const std::filesystem::path& file);

  VrmSyntax(VrmSyntax&&) noexcept;
  VrmSyntax& operator=(VrmSyntax&&) noexcept;
  ~VrmSyntax();

  // The best `count` hypotheses, best first, each text once, with glyphs that look alike (0/O, 1/I, ...)
  // resolved by position. No positions, or one without guesses, give no hypotheses.
  [[nodiscard]] std::vector<Hypothesis> rank(const std::vector<CharacterPosition>& positions,
                                             std::size_t count, UtcTime at) const;

  // The form that a finished text has; "unknown" if none.
  [[nodiscard]] std::string_view format_of(std::string_view vrm, UtcTime at) const;

 private:
  explicit VrmSyntax(std::unique_ptr<const Tables> tables);
  std::unique_ptr<const Tables> tables_;
};

}  // namespace wayside
