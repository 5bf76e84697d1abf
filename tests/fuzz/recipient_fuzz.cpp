// Recipients' files, and the files of their secrets.
#include "wayside/delivery/seal/keys.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  static const InputFile file;
  const std::filesystem::path path = file.write(data, size);
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  const Result<Recipient> one = load_recipient(path);
  if (!one) {
    require_good(one.error(), "\n");
  } else {
    require(!one->name.empty(), "a recipient has a name");
    require(one->pseudonym_key.has_value() == (one->view == RecordView::pseudonym),
            "a pseudonym key is for the view of that name");
    require(!one->valid_from || !one->valid_until || *one->valid_from < *one->valid_until,
            "a key's validity ends after it begins");
    const std::string text = to_toml(*one);
    const auto again = load_recipient(file.write(as_bytes(text).data(), text.size()));
    require(again && again->name == one->name && again->key == one->key && again->view == one->view &&
                again->valid_from == one->valid_from && again->valid_until == one->valid_until &&
                again->successor == one->successor && again->pseudonym_key == one->pseudonym_key,
            "a recipient written again says the same");
  }
  const Result<RecipientSecret> secret = load_recipient_secret(file.write(data, size));
  if (!secret) require_good(secret.error());
  return 0;
}
