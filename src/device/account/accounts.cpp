#include "wayside/device/account/accounts.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"
#include "wayside/base/shared_folder.hpp"

#include "src/device/account/account_file.hpp"
#include "src/device/account/attempts.hpp"

namespace wayside {

namespace {

namespace fs = std::filesystem;
using account::AccountFile;

constexpr std::string_view extension = ".json";
constexpr std::string_view attempts_name = "attempts";

fs::path file_of(const fs::path& folder, std::string_view name) {
  return folder / fmt::format("{}{}", name, extension);
}

Error unknown(std::string_view name) {
  return {ErrorCode::not_found,
          fmt::format("there is no account {}: show accounts lists them", json_escape(name))};
}

Result<AccountFile> load(const fs::path& folder, std::string_view name) {
  if (!check_account_name(name)) return fail(unknown(name));
  const fs::path file = file_of(folder, name);
  const Result<std::string> text = read_text_file(file, account::largest_account_bytes);
  if (!text && text.error().code == ErrorCode::not_found) return fail(unknown(name));
  Result<AccountFile> read = text ? account::account_file_from(*text, name) : fail(text.error());
  if (read || read.error().code == ErrorCode::io) return read;
  return fail(
      ErrorCode::corrupt,
      fmt::format(
          "the file of account {} is damaged ({}): another installer can remove the account and add it "
          "again; without one, the way is a wipe",
          name, read.error().message));
}

Status store(const fs::path& folder, const AccountFile& file) {
  return replace_file(file_of(folder, file.account.name), as_bytes(to_text(file)), shared_file_mode);
}

// Of all files that are an account's, damaged or not, by name.
Result<std::vector<std::string>> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  fs::directory_iterator entry(folder, failed);
  for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
    const fs::path& path = entry->path();
    if (path.extension() == extension && check_account_name(path.stem().string()))
      names.push_back(path.stem().string());
  }
  if (failed)
    return fail(ErrorCode::io,
                fmt::format("cannot look into {}: {}", json_escape(folder.string()), failed.message()));
  std::sort(names.begin(), names.end());
  return names;
}

// A camera that nobody could set up any more would have to be taken down.
Status check_other_installer(const fs::path& folder, std::string_view name) {
  const auto names = names_in(folder);
  if (!names) return fail(names.error());
  const bool other = std::any_of(names->begin(), names->end(), [&](const std::string& one) {
    if (one == name) return false;
    const auto file = load(folder, one);
    return file && file->account.role == Role::installer;
  });
  if (other) return {};
  return fail(
      ErrorCode::refused,
      fmt::format("{} is the last installer, without whom nobody could change anything: add another first",
                  name));
}

Result<AccountFile> make_file(std::string_view name, Role role, std::string_view password,
                              const PasswordCost& cost, UtcTime now) {
  if (const Status good = check_account_name(name); !good) return fail(good.error());
  if (const Status good = check_password(password); !good) return fail(good.error());
  auto kept = account::keep_password(password, cost);
  if (!kept) return fail(kept.error());
  return AccountFile{{std::string(name), role, now, now, {}}, *kept};
}

// So that guesses never have more than a third of a processor, however slow it is.
std::chrono::milliseconds rest_after(MonotonicTime begun, MonotonicTime now) {
  return std::chrono::milliseconds{2 * (now.ns - begun.ns) / 1'000'000};
}

std::string in_words(std::chrono::milliseconds wait) {
  return fmt::format("{} s", (wait.count() + 999) / 1000);
}

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::installer:
      return "installer";
    case Role::operator_:
      return "operator";
    case Role::auditor:
      return "auditor";
  }
  return "auditor";
}

std::optional<Role> role_from(std::string_view text) {
  for (const Role role : {Role::installer, Role::operator_, Role::auditor}) {
    if (to_string(role) == text) return role;
  }
  return std::nullopt;
}

Status check_password(std::string_view password) {
  if (password.size() >= shortest_password && password.size() <= longest_password) return {};
  return fail(
      ErrorCode::invalid_input,
      fmt::format(
          "the password has {} bytes; expected {} to {}, of any characters: several words are easy to "
          "remember",
          password.size(), shortest_password, longest_password));
}

Status check_account_name(std::string_view name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const bool good = !name.empty() && name.size() <= longest_account_name && is_letter(name.front()) &&
                    std::all_of(name.begin(), name.end(), [&](char c) {
                      return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
                    });
  if (good) return {};
  return fail(
      ErrorCode::invalid_input,
      fmt::format("an account's name is a lower case letter, then lower case letters, digits, '-' or '_', at "
                  "most {} in all",
                  longest_account_name));
}

struct Accounts::Unkept {
  account::Attempts attempts;
};

Accounts::Accounts(Options options, const Clock& clock) : options_(std::move(options)), clock_(&clock) {}
Accounts::Accounts(Accounts&&) noexcept = default;
Accounts& Accounts::operator=(Accounts&&) noexcept = default;
Accounts::~Accounts() = default;

Result<Accounts> Accounts::open(Options options, const Clock& clock) {
  if (const Status made = make_shared_folder(options.folder); !made) return fail(made.error());
  return Accounts(std::move(options), clock);
}

Result<bool> Accounts::has_none() const {
  const auto names = names_in(options_.folder);
  if (!names) return fail(names.error());
  return names->empty();
}

Result<Account> Accounts::make_first_installer(std::string_view name, std::string_view password) {
  auto file = make_file(name, Role::installer, password, options_.cost, clock_->utc_now());
  if (!file) return fail(file.error());
  const auto lock = FolderLock::take(options_.folder);
  if (!lock) return fail(lock.error());
  const Result<bool> none = has_none();
  if (!none) return fail(none.error());
  if (!*none) {
    return fail(ErrorCode::refused,
                "the camera has accounts already: log in, or have an installer add an account for you");
  }
  if (const Status stored = store(options_.folder, *file); !stored) return fail(stored.error());
  return file->account;
}

std::string login_message(std::string_view name, std::string_view challenge) {
  return fmt::format("wayside-console-login-1\n{}\n{}\n", name, challenge);
}

Login Accounts::log_in(std::string_view name, std::string_view password) {
  return log_in(name, [&](const AccountFile* file) {
    account::KeptPassword nobodys;
    nobodys.cost = options_.cost;
    return account::is_password(password, file != nullptr ? file->password : nobodys);
  });
}

Login Accounts::log_in(std::string_view name, std::string_view challenge, const Signature& signature) {
  return log_in(name, [&](const AccountFile* file) -> Result<bool> {
    return file != nullptr && file->account.key &&
           is_signed(as_bytes(login_message(name, challenge)), signature, *file->account.key);
  });
}

Login Accounts::log_in(std::string_view name, const IsRight& check) {
  Login login;
  const auto begun = begin_attempt(name, login);
  if (!begun) {
    login.sentence = begun.error().message;
    return login;
  }
  if (!*begun) return login;
  const auto file = load(options_.folder, name);
  login.known_name = file || file.error().code == ErrorCode::corrupt;
  const MonotonicTime asked = clock_->monotonic_now();
  const auto is_right = check(file ? &*file : nullptr);
  if (!is_right) {
    login.sentence = is_right.error().message;
    return login;
  }
  if (!file && file.error().code == ErrorCode::io) {
    login.sentence = file.error().message;
    return login;
  }
  if (file && *is_right) {
    end_attempt(name);
    login.outcome = Login::Outcome::accepted;
    login.account = file->account;
    login.wait = {};
    return login;
  }
  login.outcome = Login::Outcome::refused;
  login.wait = std::max(login.wait, rest_after(asked, clock_->monotonic_now()));
  login.sentence = file || file.error().code == ErrorCode::not_found
                       ? fmt::format("wrong name, password or key; the next attempt is possible in {}",
                                     in_words(login.wait))
                       : file.error().message;
  return login;
}

// False: it is too early.
Result<bool> Accounts::begin_attempt(std::string_view name, Login& login) {
  const auto lock = FolderLock::take(options_.folder);
  if (!lock && !unkept_) log::warning("accounts_not_locked", {{"reason", lock.error()}});
  account::Attempts attempts = load_attempts();
  const MonotonicTime now = clock_->monotonic_now();
  login.wait = attempts.left(name, options_.boot_id, now);
  if (login.wait > std::chrono::milliseconds{0}) {
    login.outcome = Login::Outcome::too_early;
    login.sentence =
        fmt::format("too soon after a failure: the next attempt is possible in {}", in_words(login.wait));
    return false;
  }
  attempts.failed(name, options_.boot_id, now);
  login.wait = attempts.left(name, options_.boot_id, now);
  keep_attempts(std::move(attempts));
  return true;
}

void Accounts::end_attempt(std::string_view name) {
  const auto lock = FolderLock::take(options_.folder);
  account::Attempts attempts = load_attempts();
  attempts.succeeded(name);
  keep_attempts(std::move(attempts));
}

account::Attempts Accounts::load_attempts() const {
  if (unkept_) return unkept_->attempts;
  const Result<std::string> text =
      read_text_file(options_.folder / attempts_name, account::largest_attempts_bytes);
  Result<account::Attempts> read = text ? account::Attempts::from(*text) : fail(text.error());
  if (read) return std::move(*read);
  // Whoever could damage it could have made an account.
  if (read.error().code != ErrorCode::not_found)
    log::warning("login_failures_lost", {{"reason", read.error()}});
  return {};
}

void Accounts::keep_attempts(account::Attempts attempts) {
  const Status kept =
      replace_file(options_.folder / attempts_name, as_bytes(attempts.text()), shared_file_mode);
  if (kept) {
    unkept_.reset();
    return;
  }
  // A full or broken disk must not keep the installer out who comes to mend it.
  if (!unkept_) log::warning("login_failures_unkept", {{"reason", kept.error()}, {"next", "kept in memory"}});
  unkept_ = std::make_unique<Unkept>(Unkept{std::move(attempts)});
}

Result<Account> Accounts::find(std::string_view name) const {
  const auto file = load(options_.folder, name);
  if (!file) return fail(file.error());
  return file->account;
}

Result<Accounts::Listing> Accounts::list() const {
  const auto names = names_in(options_.folder);
  if (!names) return fail(names.error());
  Listing listing;
  for (const std::string& name : *names) {
    const auto file = load(options_.folder, name);
    if (file) {
      listing.accounts.push_back(file->account);
    } else if (file.error().code != ErrorCode::not_found) {
      listing.damaged.push_back({name, file.error().message});
    }
  }
  return listing;
}

Result<Account> Accounts::add(std::string_view name, Role role, std::string_view password) {
  auto file = make_file(name, role, password, options_.cost, clock_->utc_now());
  if (!file) return fail(file.error());
  const auto lock = FolderLock::take(options_.folder);
  if (!lock) return fail(lock.error());
  const auto names = names_in(options_.folder);
  if (!names) return fail(names.error());
  if (std::find(names->begin(), names->end(), name) != names->end()) {
    return fail(ErrorCode::refused,
                fmt::format("there is an account {} already: change it, or remove it first", name));
  }
  if (names->size() >= most_accounts)
    return fail(ErrorCode::exhausted,
                fmt::format("there are {} accounts already: remove one first", names->size()));
  if (const Status stored = store(options_.folder, *file); !stored) return fail(stored.error());
  return file->account;
}

Status Accounts::remove(std::string_view name) {
  const auto lock = FolderLock::take(options_.folder);
  if (!lock) return fail(lock.error());
  const auto file = load(options_.folder, name);
  if (!file && file.error().code != ErrorCode::corrupt) return fail(file.error());
  if (!file || file->account.role == Role::installer) {
    if (const Status other = check_other_installer(options_.folder, name); !other) return other;
  }
  return remove_file(file_of(options_.folder, name));
}

Status Accounts::change_role(std::string_view name, Role role) {
  const auto lock = FolderLock::take(options_.folder);
  if (!lock) return fail(lock.error());
  auto file = load(options_.folder, name);
  if (!file) return fail(file.error());
  if (file->account.role == Role::installer && role != Role::installer) {
    if (const Status other = check_other_installer(options_.folder, name); !other) return other;
  }
  file->account.role = role;
  return store(options_.folder, *file);
}

Status Accounts::change_password(std::string_view name, std::string_view password) {
  if (const Status good = check_password(password); !good) return good;
  const auto kept = account::keep_password(password, options_.cost);
  if (!kept) return fail(kept.error());
  const auto lock = FolderLock::take(options_.folder);
  if (!lock) return fail(lock.error());
  auto file = load(options_.folder, name);
  if (!file) return fail(file.error());
  file->password = *kept;
  file->account.password_changed = clock_->utc_now();
  return store(options_.folder, *file);
}

Status Accounts::change_key(std::string_view name, const std::optional<VerifyingKey>& key) {
  const auto lock = FolderLock::take(options_.folder);
  if (!lock) return fail(lock.error());
  auto file = load(options_.folder, name);
  if (!file) return fail(file.error());
  file->account.key = key;
  return store(options_.folder, *file);
}

}  // namespace wayside
