// What RAUC says of a bundle, and bundles themselves: as they come, and with a tree of hashes and lengths
// that were made to fit.
#include "src/device/update/bundle_payload.hpp"
#include "tests/doubles/verity_tree.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace wayside;
using namespace wayside::fuzz;
using namespace wayside::update_parts;

using doubles::verity_block;

void check_unsigned(const std::filesystem::path& path, const PayloadHash& hash) {
  const Status whole = check_payload(path, hash);
  require(!whole, "what is not what was signed is refused");
  require_good(whole.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto hash = payload_hash_from(text_of(data, size)); !hash) require_good(hash.error());
  static const InputFile file;
  const std::filesystem::path path = file.write(data, size);
  for (const std::uint64_t tree_bytes : {std::uint64_t{0}, std::uint64_t{verity_block}, ~std::uint64_t{0}})
    check_unsigned(path, {{}, {}, tree_bytes});
  if (size == 0) return 0;

  Bytes payload(data, data + size);
  payload.resize(((size + verity_block - 1) / verity_block + data[0] % 140U) * verity_block);
  PayloadHash hash;
  Bytes bundle = doubles::with_verity_tree(std::move(payload), hash);
  const std::size_t signed_bytes = bundle.size();
  const std::uint8_t signature_bytes = data[size - 1];
  bundle.resize(bundle.size() + signature_bytes + 8);
  bundle.back() = signature_bytes;
  file.write(bundle.data(), bundle.size());
  require(check_payload(path, hash).has_value(), "what was signed is taken");
  const std::size_t any = std::size_t{data[size / 2]} << 16U | std::size_t{data[size - 1]} << 8U | data[0];
  bundle[any % signed_bytes] ^= 1U;
  file.write(bundle.data(), bundle.size());
  check_unsigned(path, hash);
  return 0;
}
