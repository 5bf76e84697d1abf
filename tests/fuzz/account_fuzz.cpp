// The file of an account, and how failures to log in are kept.
#include "wayside/base/shared_folder.hpp"
#include "wayside/device/account/accounts.hpp"

#include "src/device/account/account_file.hpp"
#include "src/device/account/attempts.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const std::string_view text = text_of(data, size);
  // What a checksum keeps out is looked at too.
  const std::string_view body = text.substr(0, text.find('\n'));
  for (const std::string& whole : {std::string(text), with_checksum(body)}) {
    if (const auto file = account::account_file_from(whole, "anna")) {
      require(file->account.name == "anna", "it is the account that was asked for");
      require(file->password.cost.passes <= 32 && file->password.cost.memory_bytes <= std::size_t{256} << 20U,
              "checking a password costs no more than a camera has");
      const auto again = account::account_file_from(account::to_text(*file), "anna");
      require(again && again->account == file->account && again->password.hash == file->password.hash &&
                  again->password.salt == file->password.salt,
              "what was understood is understood again");
    } else {
      require_good(file.error());
    }
    if (auto attempts = account::Attempts::from(whole)) {
      const std::string boot_id(32, 'a');
      for (const std::int64_t now : {std::int64_t{0}, std::int64_t{1} << 62U}) {
        const auto left = attempts->left("anna", boot_id, MonotonicTime{now});
        require(left.count() >= 0 && left <= std::chrono::minutes{1}, "a delay is at most a minute");
      }
      attempts->failed("anna", boot_id, MonotonicTime{0});
      const auto again = account::Attempts::from(attempts->text());
      require(again && again->text() == attempts->text(), "what is kept is read again");
    } else {
      require_good(attempts.error());
    }
  }
  require(!role_from(text) || to_string(*role_from(text)) == text, "a role has one name");
  return 0;
}
