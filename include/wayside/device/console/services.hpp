// What a console needs of the camera: who may log in, the configuration, what is put on record, and the
// camera itself. src/app/console joins them to the real ones.
//
// Threads: one, the console's. Ownership: all outlive the console. Failure: a sentence for the person at the
// terminal, in any characters: the console makes it printable.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"

namespace wayside::console {

enum class ConsoleRole : unsigned { installer = 1, operator_ = 2, auditor = 4 };
[[nodiscard]] std::string_view to_string(ConsoleRole role);
[[nodiscard]] std::optional<ConsoleRole> console_role_from(std::string_view text);

class ConsoleAccounts {
 public:
  virtual ~ConsoleAccounts() = default;

  struct Login {
    std::optional<ConsoleRole> role;   // of who is let in
    std::chrono::milliseconds wait{};  // otherwise: until the next attempt is looked at
    std::string sentence;              // otherwise: what to say
    bool known_name = false;  // what was typed as an unknown name may be a password: it goes on no record
  };

  // Whether the first login makes the first installer.
  [[nodiscard]] virtual Result<bool> has_none() = 0;
  [[nodiscard]] virtual Status make_first_installer(std::string_view name, std::string_view password) = 0;
  [[nodiscard]] virtual Login log_in(std::string_view name, std::string_view password) = 0;
  // For a program that has the account's key, not its password: something to sign, new each time, and its
  // signature, as hex digits.
  [[nodiscard]] virtual std::string challenge() = 0;
  [[nodiscard]] virtual Login log_in(std::string_view name, std::string_view challenge,
                                     std::string_view signature) = 0;
  // Of somebody who is logged in; nothing where the account is gone since.
  [[nodiscard]] virtual std::optional<ConsoleRole> role_of(std::string_view name) = 0;
  [[nodiscard]] virtual Status check_password(std::string_view password) = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> list() = 0;  // lines
  [[nodiscard]] virtual Status add(std::string_view name, ConsoleRole role, std::string_view password) = 0;
  [[nodiscard]] virtual Status remove(std::string_view name) = 0;
  [[nodiscard]] virtual Status change_password(std::string_view name, std::string_view password) = 0;
  // key: 64 hex digits; empty: none any more.
  [[nodiscard]] virtual Status change_key(std::string_view name, std::string_view key) = 0;
};

// One key as the command tree has it.
struct ConsoleKey {
  std::string section;
  std::string name;
  std::string help;
  std::string form;                  // "a whole number from 1 to 16 threads"
  std::vector<std::string> choices;  // empty: any of its form
  std::string default_value;         // as TOML; empty: none
  std::string effect;                // "at once"; empty: not told
};

class ConsoleConfiguration {
 public:
  virtual ~ConsoleConfiguration() = default;

  struct Setting {
    std::string path;
    std::string value;  // as TOML
  };
  struct Change {
    std::string path, before, after;  // values as TOML; empty: none
    std::string effect;
  };
  struct Commit {
    std::string who, comment;
    std::optional<std::chrono::minutes> confirm_within;
  };

  // In the order of the file; "lane" last, its path "lane.N.polygon".
  [[nodiscard]] virtual std::vector<ConsoleKey> keys() = 0;
  [[nodiscard]] virtual Result<std::vector<Setting>> running() = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> history() = 0;  // lines
  [[nodiscard]] virtual std::vector<std::string> problems() = 0;         // sentences
  [[nodiscard]] virtual Result<std::optional<std::string>>
  waiting() = 0;  // a commit to be confirmed, in words
  [[nodiscard]] virtual Status edit(std::string_view who) = 0;
  virtual void leave() = 0;
  [[nodiscard]] virtual Status set(const std::vector<std::string>& words) = 0;
  [[nodiscard]] virtual Status unset(const std::vector<std::string>& words) = 0;
  [[nodiscard]] virtual Status load(std::string_view toml) = 0;
  [[nodiscard]] virtual Status rollback(std::size_t n) = 0;
  [[nodiscard]] virtual Result<std::vector<Setting>> candidate() = 0;
  [[nodiscard]] virtual Result<std::string> save() = 0;  // TOML
  [[nodiscard]] virtual Result<std::vector<Change>> compare() = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> check() = 0;  // sentences
  // What became of it, in lines: the version, what counts at once, what waits for a restart.
  [[nodiscard]] virtual Result<std::vector<std::string>> commit(const Commit& commit) = 0;
  [[nodiscard]] virtual Result<std::string> confirm() = 0;
  // To be called about every second. A sentence where a commit has been taken back.
  [[nodiscard]] virtual std::optional<std::string> tick() = 0;
};

class ConsoleTrail {
 public:
  virtual ~ConsoleTrail() = default;

  struct Event {
    std::string event;  // a word of trail_event's
    std::string name, role;
    std::map<std::string, std::string> details;
  };
  // Together: all of them or none. On the disk when it returns.
  [[nodiscard]] virtual Status record(const std::vector<Event>& events) = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> last(std::size_t most) = 0;  // lines
  [[nodiscard]] virtual Result<std::vector<std::string>> verify() = 0;                // lines
  [[nodiscard]] virtual Result<std::string> exported() = 0;
};

// What the daemon and the machine are asked for. unavailable: the daemon does not run.
class ConsoleCamera {
 public:
  virtual ~ConsoleCamera() = default;
  using Show = std::function<bool(std::string_view line)>;  // false: nobody wants more

  // "health", "queue", "clock", "authority", "watch_lists", "update", "counters", "privacy": lines.
  [[nodiscard]] virtual Result<std::vector<std::string>> show(std::string_view what) = 0;
  // "camera", "upload", "recipients" or "everything": what is not in place, sentences.
  [[nodiscard]] virtual Result<std::vector<std::string>> test(std::string_view what) = 0;
  // What is seen, again and again as fast as a line of that rate (bit/s; 0: any) takes it; show gets a screen
  // of lines. commissioning: an installer has said so, and reads are shown.
  [[nodiscard]] virtual Status aim(bool commissioning, unsigned rate, const Show& show) = 0;
  [[nodiscard]] virtual Result<Bytes> snapshot(bool commissioning) = 0;  // a JPEG
  // Who the camera is, whose, and its certificate request: lines.
  [[nodiscard]] virtual Result<std::vector<std::string>> show_enrolment() = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> load_enrolment(std::string_view document) = 0;
  [[nodiscard]] virtual Result<std::string> load_authority(std::string_view document) = 0;
  // The commissioned view, which is then learnt anew. A sentence, also where there was none.
  [[nodiscard]] virtual Result<std::string> forget_view() = 0;
  [[nodiscard]] virtual Result<std::string> check_update() = 0;
  // What install_update() would have installed; refused: nothing.
  [[nodiscard]] virtual Result<std::string> waiting_update() = 0;
  [[nodiscard]] virtual Result<std::string> install_update() = 0;
  [[nodiscard]] virtual Status reboot() = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> wipe(std::string_view who, const Show& show) = 0;
};

struct ConsoleServices {
  ConsoleAccounts& accounts;
  ConsoleConfiguration& configuration;
  ConsoleTrail& trail;
  ConsoleCamera& camera;
};

}  // namespace wayside::console
