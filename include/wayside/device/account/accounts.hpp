// Who may log in at the camera, and as what: accounts with a password each, for programs a key too, and a
// delay after each failure.
//
// A folder of one file a person (NAME.json: role, the password by Argon2id, the public key), `attempts` with
// the failures, and `lock`. While it holds no account's file at all, the first login makes the first
// installer; there is no password before that. A file that is damaged counts as an account that nobody can
// use: it does not open that door again. Every file is replaced atomically, so a power cut leaves the old
// account or the new one.
//
// Threads: any number of processes, one thread an object; changes and attempts are taken in turn by a lock on
// the folder. Ownership: the clock outlives it. Passwords: the caller wipes what it hands in; nothing here
// keeps one. Failure: invalid_input naming the rule, not_found, refused (the last installer, a second first
// installer), corrupt for a damaged file, io and exhausted as the system says.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/base/signature.hpp"
#include "wayside/base/time.hpp"
#include "wayside/device/clock/clock.hpp"

namespace wayside {

namespace account {
struct AccountFile;
class Attempts;
}  // namespace account

enum class Role {
  installer,  // may change everything
  operator_,  // may look, and do the day's work
  auditor,    // may look at what was done, and change nothing
};
[[nodiscard]] std::string_view to_string(Role role);  // "operator"
[[nodiscard]] std::optional<Role> role_from(std::string_view text);

struct Account {
  std::string name;
  Role role = Role::auditor;
  UtcTime made;              // by the camera's clock, which may not have been set yet
  UtcTime password_changed;  // likewise
  std::optional<VerifyingKey> key;
  friend bool operator==(const Account&, const Account&) = default;
};

// In bytes, whatever the characters; no password is ever cut.
inline constexpr std::size_t shortest_password = 12;
inline constexpr std::size_t longest_password = 1024;
inline constexpr std::size_t longest_account_name = 32;
inline constexpr std::size_t most_accounts = 64;
// invalid_input: what is wrong with it, in a sentence that does not repeat it.
[[nodiscard]] Status check_password(std::string_view password);
// A lower case letter, then lower case letters, digits, '-' and '_'.
[[nodiscard]] Status check_account_name(std::string_view name);

// What one attempt costs (Argon2id, RFC 9106): a small camera has to afford it beside its work.
struct PasswordCost {
  std::uint64_t passes = 3;
  std::size_t memory_bytes = std::size_t{64} << 20U;
};

struct Login {
  enum class Outcome {
    accepted,
    refused,    // no such account, another password, or its file is damaged
    too_early,  // the last failure is too recent; the password was not looked at
    unable,     // the camera could not check it (memory, disk)
  };
  Outcome outcome = Outcome::unable;
  std::optional<Account> account;    // of accepted
  // Of refused and too_early: until the next attempt is looked at. At least twice as long as looking at a wrong
  // one took; that part is left to whoever reads the answer.
  std::chrono::milliseconds wait{};
  std::string sentence;              // for the person at the terminal; empty where accepted
  // For the audit trail, never for the terminal. What was typed as an unknown name may be a password: only a
  // known name is to be put on record.
  bool known_name = false;
};

// What a program that has an account's key signs to log in; challenge: what the console gave it to sign.
[[nodiscard]] std::string login_message(std::string_view name, std::string_view challenge);

// The delay after the nth failure in a row: 1 s, 2 s, 4 s ... at most a minute. It never becomes a lock-out.
[[nodiscard]] std::chrono::milliseconds delay_after(std::uint64_t failures);

class Accounts {
 public:
  struct Options {
    std::filesystem::path folder;
    std::string boot_id;  // read_boot_id(): delays are kept by the monotonic clock of one start
    PasswordCost cost;
  };
  // Makes the folder where there is none (mode 02770).
  [[nodiscard]] static Result<Accounts> open(Options options, const Clock& clock);
  Accounts(Accounts&&) noexcept;
  Accounts& operator=(Accounts&&) noexcept;
  ~Accounts();

  // Whether the camera is as it left the factory: no account's file, not even a damaged one.
  [[nodiscard]] Result<bool> has_none() const;
  // refused where there is one already.
  [[nodiscard]] Result<Account> make_first_installer(std::string_view name, std::string_view password);

  // An attempt counts before it is looked at, so that pulling the plug saves nobody a delay. Takes as long
  // for a name that is unknown.
  [[nodiscard]] Login log_in(std::string_view name, std::string_view password);

  // With the account's key instead: signature is that of login_message(). Otherwise the same.
  [[nodiscard]] Login log_in(std::string_view name, std::string_view challenge, const Signature& signature);

  [[nodiscard]] Result<Account> find(std::string_view name) const;
  struct Listing {
    std::vector<Account> accounts;  // by name
    struct Damaged {
      std::string name;
      std::string sentence;
    };
    std::vector<Damaged> damaged;
  };
  [[nodiscard]] Result<Listing> list() const;

  [[nodiscard]] Result<Account> add(std::string_view name, Role role, std::string_view password);
  // A damaged account can be removed too. refused: the last installer.
  [[nodiscard]] Status remove(std::string_view name);
  [[nodiscard]] Status change_role(std::string_view name, Role role);
  [[nodiscard]] Status change_password(std::string_view name, std::string_view password);
  // Nothing: by password only.
  [[nodiscard]] Status change_key(std::string_view name, const std::optional<VerifyingKey>& key);

 private:
  struct Unkept;
  Accounts(Options options, const Clock& clock);
  using IsRight = std::function<Result<bool>(const account::AccountFile*)>;  // null: an unknown name
  [[nodiscard]] Login log_in(std::string_view name, const IsRight& is_right);
  [[nodiscard]] Result<bool> begin_attempt(std::string_view name, Login& login);
  void end_attempt(std::string_view name);
  [[nodiscard]] account::Attempts load_attempts() const;
  void keep_attempts(account::Attempts attempts);

  Options options_;
  const Clock* clock_;
  std::unique_ptr<Unkept> unkept_;  // the failures, where the disk takes none
};

}  // namespace wayside
