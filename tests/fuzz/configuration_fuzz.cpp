// Configuration files.
#include "wayside/base/bytes.hpp"

#include "src/device/config/values.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  static const InputFile file;
  const std::filesystem::path path = file.write(data, size);
  const Result<Configuration> loaded = load_configuration(path);
  if (!loaded) {
    require_good(loaded.error(), "\n");  // all errors of a file, one a line
    return 0;
  }
  require(loaded->version.size() == 16, "a configuration has a version");
  const auto again = load_configuration(path);
  require(again && again->version == loaded->version, "the same file is the same version");
  require(!loaded->site.name.empty(), "a site has a name");
  require(loaded->queue.directory.is_absolute() && loaded->identity.directory.is_absolute(),
          "folders are absolute");
  // Whatever was taken can be written down and is taken again, as the very same.
  std::string written;
  for (const std::string_view section : config::all_sections()) {
    written += "[" + std::string(section) + "]\n";
    for (const config::Key& key : config::all_keys()) {
      const std::string value = config::value_text(key, *loaded);
      if (key.section == section && !value.empty()) written += std::string(key.name) + " = " + value + "\n";
    }
  }
  static const InputFile copy;
  const ByteView bytes = as_bytes(written);
  const auto reread = load_configuration(copy.write(bytes.data(), bytes.size()));
  if (!reread) std::fprintf(stderr, "%s\n%s\n", written.c_str(), reread.error().message.c_str());
  require(reread.has_value(), "the values of a configuration make one again");
  require(!loaded->lanes.empty() || reread->version == loaded->version, "and it is of the same version");
  return 0;
}
