// Manifests of the models.
#include "wayside/anpr/model/model_store.hpp"

#include "tests/doubles/temporary_folder.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  static const InputFile file;
  static const doubles::TemporaryFolder folder;
  const std::filesystem::path manifest = folder.path() / "manifest.toml";
  const std::filesystem::path written = file.write(data, size);
  if (!std::filesystem::is_symlink(manifest)) std::filesystem::create_symlink(written, manifest);
  const auto store = ModelStore::open(folder.path());
  if (!store) {
    require_good(store.error());
    return 0;
  }
  require(store->version().size() == 12, "a set of models has a version");
  for (const std::string_view name : {"localiser", "refiner", "reader"}) {
    const auto model = store->load(name);
    require(!model, "no file has the hash that a manifest made up");
    require_good(model.error());
  }
  return 0;
}
