// The forms a VRM can have, as a prior over what the reader saw; never a filter: what fits no form still comes out.
//
// Threads: immutable after load(). Data: models/vrm/*.toml, whose comments give the source of each form.
// Failure: load() names file, line and field.
#pragma once

#include <filesystem>
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
    double log_score = 0;  // log of picture probability times prior, up to a constant shared by all of one call
  };

  struct Form;  // one pattern with its prior weight

  // Age identifiers later than `today` allows do not exist yet and get the prior of the unknown form.
  static Result<VrmSyntax> load(const std::filesystem::path& file, UtcTime today);

  VrmSyntax(VrmSyntax&&) noexcept;
  VrmSyntax& operator=(VrmSyntax&&) noexcept;
  ~VrmSyntax();

  // The best `count` hypotheses, best first, with glyphs that look alike (0/O, 1/I, ...) resolved by position.
  // Positions with no guesses are not allowed; no positions give no hypotheses.
  [[nodiscard]] std::vector<Hypothesis> rank(const std::vector<CharacterPosition>& positions, std::size_t count) const;

  // The form that a finished text has; "unknown" if none.
  [[nodiscard]] std::string_view format_of(std::string_view vrm) const;

 private:
  explicit VrmSyntax(std::vector<Form> forms);
  std::vector<Form> forms_;
};

}  // namespace wayside
