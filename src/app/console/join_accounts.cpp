#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <sodium.h>

#include "wayside/base/bytes.hpp"
#include "wayside/device/account/accounts.hpp"
#include "wayside/device/wipe/wipe.hpp"

#include "src/app/console/joined_services.hpp"
#include "src/app/console/opened_late.hpp"

namespace wayside::app {

namespace {

using console::ConsoleRole;

ConsoleRole console_role(Role role) {
  switch (role) {
    case Role::installer:
      return ConsoleRole::installer;
    case Role::operator_:
      return ConsoleRole::operator_;
    case Role::auditor:
      break;
  }
  return ConsoleRole::auditor;
}

Role account_role(ConsoleRole role) {
  switch (role) {
    case ConsoleRole::installer:
      return Role::installer;
    case ConsoleRole::operator_:
      return Role::operator_;
    case ConsoleRole::auditor:
      break;
  }
  return Role::auditor;
}

class JoinedAccounts final : public console::ConsoleAccounts {
 public:
  JoinedAccounts(const ConsolePlaces& places, const Clock& clock)
      : accounts_([folder = places.state / "accounts", boot_id = places.boot_id, &clock] {
          return Accounts::open({folder, boot_id, {}}, clock);
        }),
        wipe_folder_(wipe_folder(places.state)) {}

  // Whoever would log in first while a wipe is under way would lose the account to it.
  Result<bool> has_none() override {
    const Result<Accounts*> accounts = accounts_.get();
    if (!accounts) return fail(accounts.error());
    const Result<bool> none = (*accounts)->has_none();
    if (none && *none && is_wipe_due(wipe_folder_)) {
      return fail(
          ErrorCode::unavailable,
          "This camera is being wiped: the first login is for when that is done. Press Enter to see. Where "
          "it "
          "is not done in an hour, restart the camera; where that ends here again, destroy its card.");
    }
    return none;
  }
  Status make_first_installer(std::string_view name, std::string_view password) override {
    const Result<Accounts*> accounts = accounts_.get();
    if (!accounts) return fail(accounts.error());
    return status_of((*accounts)->make_first_installer(name, password));
  }
  Login log_in(std::string_view name, std::string_view password) override {
    const Result<Accounts*> accounts = accounts_.get();
    if (!accounts) return {std::nullopt, std::chrono::seconds(1), accounts.error().message, false};
    return joined((*accounts)->log_in(name, password));
  }
  std::string challenge() override {
    std::array<std::uint8_t, 32> random{};
    ::randombytes_buf(random.data(), random.size());
    return to_hex(random);
  }
  Login log_in(std::string_view name, std::string_view challenge, std::string_view signature) override {
    const Result<Accounts*> accounts = accounts_.get();
    if (!accounts) return {std::nullopt, std::chrono::seconds(1), accounts.error().message, false};
    // What is none is nobody's, and costs the delay of an attempt all the same.
    Signature given{};
    const Result<Bytes> bytes = bytes_from_hex(signature);
    if (bytes && bytes->size() == given.size()) std::copy(bytes->begin(), bytes->end(), given.begin());
    return joined((*accounts)->log_in(name, challenge, given));
  }
  std::optional<ConsoleRole> role_of(std::string_view name) override {
    const Result<Accounts*> accounts = accounts_.get();
    if (!accounts) return std::nullopt;
    const Result<Account> account = (*accounts)->find(name);
    if (!account) return std::nullopt;
    return console_role(account->role);
  }
  Status check_password(std::string_view password) override { return wayside::check_password(password); }
  Result<std::vector<std::string>> list() override {
    const Result<Accounts*> accounts = accounts_.get();
    if (!accounts) return fail(accounts.error());
    const auto listing = (*accounts)->list();
    if (!listing) return fail(listing.error());
    std::vector<std::string> lines;
    for (const Account& account : listing->accounts) {
      lines.push_back(fmt::format("{:<32} {:<10} password of {}{}", account.name, to_string(account.role),
                                  to_iso8601(account.password_changed).substr(0, 10),
                                  account.key ? ", key " + to_hex(*account.key).substr(0, 16) : ""));
    }
    for (const auto& damaged : listing->damaged)
      lines.push_back(fmt::format("{:<32} damaged: {}", damaged.name, damaged.sentence));
    return lines;
  }
  Status add(std::string_view name, ConsoleRole role, std::string_view password) override {
    const Result<Accounts*> accounts = accounts_.get();
    if (!accounts) return fail(accounts.error());
    return status_of((*accounts)->add(name, account_role(role), password));
  }
  Status remove(std::string_view name) override {
    const Result<Accounts*> accounts = accounts_.get();
    if (!accounts) return fail(accounts.error());
    return (*accounts)->remove(name);
  }
  Status change_password(std::string_view name, std::string_view password) override {
    const Result<Accounts*> accounts = accounts_.get();
    if (!accounts) return fail(accounts.error());
    return (*accounts)->change_password(name, password);
  }
  Status change_key(std::string_view name, std::string_view key) override {
    const Result<Accounts*> accounts = accounts_.get();
    if (!accounts) return fail(accounts.error());
    if (key.empty()) return (*accounts)->change_key(name, std::nullopt);
    const Result<VerifyingKey> given = verifying_key_from(key);
    if (!given) return fail(given.error());
    return (*accounts)->change_key(name, *given);
  }

 private:
  static Login joined(const wayside::Login& login) {
    Login out;
    if (login.outcome == wayside::Login::Outcome::accepted && login.account)
      out.role = console_role(login.account->role);
    out.wait = login.wait;
    out.sentence = login.sentence;
    out.known_name = login.known_name;
    return out;
  }
  static Status status_of(const Result<Account>& account) {
    if (!account) return fail(account.error());
    return {};
  }
  OpenedLate<Accounts> accounts_;
  const std::filesystem::path wipe_folder_;
};

}  // namespace

std::unique_ptr<console::ConsoleAccounts> join_accounts(const ConsolePlaces& places, const Clock& clock) {
  return std::make_unique<JoinedAccounts>(places, clock);
}

}  // namespace wayside::app
