#include "wayside/device/console/console.hpp"

#include <thread>

#include <fmt/format.h>

#include "wayside/base/secret.hpp"
#include "wayside/device/console/printable.hpp"

#include "src/device/console/session.hpp"

namespace wayside::console {

namespace {

constexpr std::size_t longest_name = 64;
constexpr std::string_view by_key = " by key";
constexpr std::size_t longest_signature = 128;  // as hex digits

class Console {
 public:
  Console(Terminal& terminal, ConsoleServices services, const ConsoleOptions& options)
      : terminal_(terminal), services_(services), options_(options) {}

  bool run() {
    terminal_.write(fmt::format("\nWayside {}\n", printable(options_.version)));
    while (true) {
      const std::optional<Person> person = log_in();
      if (!person) return ok_;
      const bool there = work(*person);
      terminal_.forget_history();
      if (!there || !terminal_.is_screen() || options_.has_script) return ok_;
      terminal_.write(fmt::format("\nWayside {}\n", printable(options_.version)));
    }
  }

 private:
  struct Person {
    std::string name;
    ConsoleRole role;
  };

  void say(std::string_view sentence) { terminal_.write(wrapped(printable(sentence), 0) + "\n"); }

  void record(std::string_view event, const std::string& name, std::string role,
              std::map<std::string, std::string> details) {
    const Status recorded =
        services_.trail.record({{std::string(event), name, std::move(role), std::move(details)}});
    // Nobody is kept out for it: who mends the camera must get in.
    if (!recorded) say("This cannot be put on record: " + recorded.error().message);
  }

  // Nothing: nobody is there any more.
  std::optional<Person> log_in() {
    while (true) {
      const Result<bool> fresh = services_.accounts.has_none();
      if (!fresh) say(fresh.error().message);
      if (fresh && *fresh)
        say("No account is there yet: whoever logs in now becomes the first installer, with a name and "
            "password of their own choice.");
      Typed name = terminal_.read_plain("login: ", longest_name, options_.login_limit);
      if (name.input == Input::hang_up) return std::nullopt;
      // A socket that says nothing keeps others out.
      if (name.input == Input::idle && !terminal_.is_screen()) return std::nullopt;
      if (name.input == Input::broken) terminal_.try_next_rate();
      if (name.input == Input::too_long) say("A name has at most 32 characters: type it again.");
      if (name.input != Input::line || name.text.empty()) continue;
      if (is_for_key(name.text)) return log_in_by_key(name.text);
      WipedBytes password;
      if (fresh && *fresh) {
        Input input = Input::line;
        if (!make_first(name.text, password, input) && input == Input::hang_up) return std::nullopt;
        continue;  // and log in with it
      }
      const Input input = terminal_.read_secret("password: ", password, options_.login_limit);
      if (input == Input::hang_up) return std::nullopt;
      if (input == Input::broken) terminal_.try_next_rate();
      if (input != Input::line) continue;
      const ConsoleAccounts::Login login = services_.accounts.log_in(name.text, text_of(password));
      if (const std::optional<Person> person = let_in(name.text, login, {})) return person;
      wipe(name.text);  // which may have been a password
      if (!terminal_.is_screen()) return std::nullopt;
      wait(login.wait);
    }
  }

  // "NAME by key", of a program.
  [[nodiscard]] bool is_for_key(std::string_view typed) const {
    return !terminal_.is_screen() && typed.size() > by_key.size() &&
           typed.substr(typed.size() - by_key.size()) == by_key;
  }

  std::optional<Person> log_in_by_key(std::string_view typed) {
    const std::string name(typed.substr(0, typed.size() - by_key.size()));
    const std::string challenge = services_.accounts.challenge();
    const Typed signature =
        terminal_.read_plain(fmt::format("sign {}: ", challenge), longest_signature, options_.login_limit);
    if (signature.input != Input::line) return std::nullopt;
    return let_in(name, services_.accounts.log_in(name, challenge, signature.text), {{"with", "a key"}});
  }

  std::optional<Person> let_in(const std::string& name, const ConsoleAccounts::Login& login,
                               const std::map<std::string, std::string>& details) {
    ok_ = login.role.has_value();
    if (login.role) {
      record("login", name, std::string(to_string(*login.role)), details);
      return Person{name, *login.role};
    }
    record("attempt", login.known_name ? name : std::string(), {}, details);
    say(login.sentence);
    return std::nullopt;
  }

  bool make_first(const std::string& name, WipedBytes& password, Input& input) {
    input = terminal_.read_secret("new password: ", password, options_.login_limit);
    if (input != Input::line) return false;
    if (const Status good = services_.accounts.check_password(text_of(password)); !good) {
      say(good.error().message);
      return false;
    }
    WipedBytes again;
    input = terminal_.read_secret("once more: ", again, options_.login_limit);
    if (input != Input::line) return false;
    if (password != again) {
      say("The two are not the same: nothing was made.");
      return false;
    }
    if (const Status made = services_.accounts.make_first_installer(name, text_of(password)); !made) {
      say(made.error().message);
      return false;
    }
    record("account", name, "installer", {{"added", name}, {"role", "installer"}});
    say(fmt::format("{} is an installer now. Log in with that password.", name));
    return true;
  }

  // What is typed meanwhile is thrown away.
  void wait(std::chrono::milliseconds delay) {
    const auto end = std::chrono::steady_clock::now() + delay;
    for (auto now = std::chrono::steady_clock::now(); now < end; now = std::chrono::steady_clock::now()) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - now);
      if (terminal_.read_key(left + std::chrono::milliseconds(1)).input == Input::hang_up) return;
    }
    terminal_.discard_input();
  }

  // False: nobody is there any more.
  bool work(const Person& person) {
    Session session(terminal_, services_, options_, person.name, person.role);
    terminal_.set_heartbeat([&] { return session.beat(); });
    say(fmt::format("Logged in as {}. Type ? for what there is.", to_string(person.role)));
    const std::string why = options_.has_script ? script(session) : typed(session);
    terminal_.set_heartbeat({});
    session.end_editing();
    session.record_end(why);
    return why != gone;
  }

  std::string script(Session& session) {
    for (std::size_t i = 0; i < options_.script.size(); ++i) {
      const std::string& line = options_.script[i];
      if (line.empty() || line.front() == '#') continue;
      terminal_.write(session.prompt() + line + "\n");
      const Session::Next next = session.run(line);
      session.tell_notice();
      if (!session.ok()) {
        ok_ = false;
        say(fmt::format("Line {} failed: what follows was not done.", i + 1));
        return "a line of the file failed";
      }
      if (next == Session::Next::gone) return gone;
      if (next == Session::Next::log_out) break;
    }
    return "the file has ended";
  }

  std::string typed(Session& session) {
    const Assistant assistant = session.assistant();
    while (true) {
      const Typed line = terminal_.read_command(session.prompt(), assistant, options_.idle_limit);
      switch (line.input) {
        case Input::line: {
          const Session::Next next = session.run(line.text);
          if (!session.ok()) ok_ = false;
          if (next == Session::Next::gone) return gone;
          if (next == Session::Next::log_out) return "logged out";
          break;
        }
        case Input::hang_up:
          return gone;
        case Input::idle:
          say("No line for too long: you are logged out.");
          return "away";
        case Input::too_long:
          say(fmt::format("A line has at most {} characters: nothing was done.", Terminal::longest_command));
          break;
        case Input::broken:
          say("The line broke: nothing was done.");
          break;
        case Input::cancelled:
        case Input::notice:
          break;
      }
      session.tell_notice();
    }
  }

  static constexpr const char* gone = "the line hung up";
  Terminal& terminal_;
  ConsoleServices services_;
  const ConsoleOptions& options_;
  bool ok_ = true;
};

}  // namespace

std::string_view to_string(ConsoleRole role) {
  switch (role) {
    case ConsoleRole::installer:
      return "installer";
    case ConsoleRole::operator_:
      return "operator";
    case ConsoleRole::auditor:
      return "auditor";
  }
  return "auditor";
}

std::optional<ConsoleRole> console_role_from(std::string_view text) {
  for (const ConsoleRole role : {ConsoleRole::installer, ConsoleRole::operator_, ConsoleRole::auditor}) {
    if (to_string(role) == text) return role;
  }
  return std::nullopt;
}

bool run_console(Terminal& terminal, ConsoleServices services, const ConsoleOptions& options) {
  return Console(terminal, services, options).run();
}

}  // namespace wayside::console
