// Deltas of VOI lists: any changes under a head that is signed and leads to what they make of the base, so
// that nothing but the changes can be at fault.
#include <map>

#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/watch_list_input.hpp"

namespace {

using namespace wayside;

// What the changes make of the base, line by line; wrong where they are bad, and then nobody takes them.
std::string changed(std::string_view lines, std::string_view changes) {
  std::map<std::string, std::string> by_key;
  const auto key_in = [](std::string_view line) {
    const std::size_t vrm = line.find('\t');
    return std::string(vrm == std::string_view::npos ? line : line.substr(0, line.find('\t', vrm + 1)));
  };
  const auto each = [](std::string_view text, const auto& work) {
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      work(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
  };
  each(lines, [&](std::string_view line) { by_key[key_in(line)] = line; });
  each(changes, [&](std::string_view line) {
    if (line.starts_with('+')) by_key[key_in(line.substr(1))] = line.substr(1);
    if (line.starts_with('-')) by_key.erase(std::string(line.substr(1)));
  });
  std::string out;
  for (const auto& [key, line] : by_key)
    out += line + "\n";
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside::fuzz;
  static WatchListInput input;
  static const std::vector keys = {verifying_key(input.office.seed)};
  static const std::string base = input.office.full(
      1, {doubles::watched("AB12CDE"), doubles::watched("FG34HJK", "N1"), doubles::watched("LM5*")});
  const ListText held = full_list_from(base, keys).value();
  const std::string_view changes = text_of(data, size);
  const std::string later = changed(held.lines, changes);

  ListHead head{input.office.facts(2), ListChanges{}};
  const auto lines_of = [](std::string_view text) {
    return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  };
  head.facts.entries = lines_of(later);
  head.facts.bytes = later.size();
  head.facts.digest = doubles::ListOffice::digest_of(later);
  head.delta->base = 1;
  head.delta->base_digest = held.head.facts.digest;
  head.delta->changes = lines_of(changes);
  head.delta->bytes = changes.size();
  head.delta->digest = doubles::ListOffice::digest_of(changes);

  input.empty();
  input.take(base);
  input.take(sign_list_head(head, input.office.seed).value() + std::string(changes));
  return 0;
}
