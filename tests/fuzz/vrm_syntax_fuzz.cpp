// Files of VRM forms, and ranking by whatever forms they gave.
#include <cmath>

#include "wayside/anpr/read/vrm_syntax.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  static const InputFile file;
  constexpr UtcTime at{1'795'000'000'000};
  const Result<VrmSyntax> syntax = VrmSyntax::load(file.write(data, size));
  if (!syntax) {
    require_good(syntax.error());
    return 0;
  }
  std::vector<CharacterPosition> positions;
  for (const char c : {'A', 'B', '1', '2', 'C', 'D', 'E'})
    positions.push_back({{c, 0.7F}, {c == '1' ? 'I' : 'O', 0.2F}});
  const auto ranked = syntax->rank(positions, 5, at);
  require(!ranked.empty() && ranked.size() <= 5, "there is always a hypothesis");
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    require(std::isfinite(ranked[i].log_score), "a score is a number");
    require(i == 0 || ranked[i].log_score <= ranked[i - 1].log_score, "the best stands first");
    require(ranked[i].format == syntax->format_of(ranked[i].vrm, at), "a text has one format");
  }
  return 0;
}
