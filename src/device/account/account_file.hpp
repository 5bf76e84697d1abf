// The file of one account: one JSON object, and its checksum on a line of its own.
//
// Threads: pure. Failure: corrupt, what is wrong with it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "src/device/account/password.hpp"

namespace wayside::account {

inline constexpr std::size_t largest_account_bytes = 1024;

struct AccountFile {
  Account account;
  KeptPassword password;
};

[[nodiscard]] std::string to_text(const AccountFile& file);
// name: whose it has to be.
[[nodiscard]] Result<AccountFile> account_file_from(std::string_view text, std::string_view name);

}  // namespace wayside::account
