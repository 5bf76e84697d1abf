// A version of the configuration: its head and what it says.
#include "wayside/base/bytes.hpp"

#include "src/device/config/draft.hpp"
#include "src/device/config/store/version_file.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace wayside;
using namespace wayside::fuzz;

// With the checksum that it should have.
std::string summed(std::string_view text) {
  constexpr std::string_view word = "# sha256 ";
  const std::size_t at = text.find(word);
  const std::size_t end = at == std::string_view::npos ? at : text.find('\n', at);
  if (end == std::string_view::npos) return std::string(text);
  std::string covered(text.substr(0, at));
  covered += text.substr(end + 1);
  std::string out(text.substr(0, at + word.size()));
  out += to_hex(sha256(as_bytes(covered)));
  out += text.substr(end);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view given = text_of(data, size);
  for (const std::string& text : {std::string(given), summed(given)}) {
    const Result<config::VersionFile> version = config::version_from(text, 1);
    if (!version) {
      require_good(version.error());
      continue;
    }
    require(config::text_of(*version) == text, "there is one way to write a version");
    const auto draft = config::draft_from(version->toml, config::Origin{"x", 1, {}});
    if (!draft) {
      require_good(draft.error(), "\n");
      continue;
    }
    const std::string toml = config::toml_of(*draft);
    const auto again = config::draft_from(toml, config::Origin{"x", 1, {}});
    require(again && config::toml_of(*again) == toml, "a draft is read as it was written");
    for (const std::string& complaint : config::complaints_about(*draft))
      require(is_plain_text(complaint), "a complaint drives no terminal");
  }
  return 0;
}
