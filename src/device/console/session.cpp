#include "src/device/console/session.hpp"

#include <fmt/format.h>

#include "wayside/device/console/printable.hpp"

#include "src/device/console/paging.hpp"

namespace wayside::console {

namespace {

// Copied text brings blanks along.
bool is_full_stop(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  const std::size_t end = line.find_last_not_of(" \t");
  return begin != std::string_view::npos && begin == end && line[begin] == '.';
}

}  // namespace

Session::Session(Terminal& terminal, ConsoleServices services, const ConsoleOptions& options,
                 std::string name, ConsoleRole role)
    : terminal_(terminal),
      services_(services),
      options_(options),
      name_(std::move(name)),
      role_(role),
      tree_(command_tree(services.configuration.keys())) {}

std::string Session::prompt() const {
  return name_ + (is_commissioning() ? " [commissioning]" : "") +
         (mode_ == Mode::configure ? " [configure]# " : "> ");
}

Assistant Session::assistant() const {
  return {[this](std::string_view line) { return help_for(tree_, line, who()); },
          [this](std::string_view line) {
            Completion found = complete(tree_, line, who());
            return Assistant::Completion{std::move(found.added), std::move(found.choices)};
          }};
}

bool Session::beat() {
  if (!records_) return false;  // a commit that is taken back goes on record
  if (const std::optional<std::string> taken_back = services_.configuration.tick()) notice_ = taken_back;
  return notice_.has_value();
}

void Session::tell_notice() {
  if (!notice_) return;
  say(*notice_);
  notice_.reset();
}

Session::Next Session::run(std::string_view line) {
  ok_ = true;
  // Somebody whose account was taken away, or who is another now, is that at once.
  const std::optional<ConsoleRole> role = services_.accounts.role_of(name_);
  if (!role) {
    say("Your account is no longer there: you are logged out.");
    return Next::log_out;
  }
  role_ = *role;
  if (role_ != ConsoleRole::installer) commissioning_until_.reset();
  const Result<Resolved> command = resolve(tree_, line, who());
  if (!command) {
    say(command.error());
    return Next::on;
  }
  const Next next = do_command(*command);
  return gone_ ? Next::gone : next;
}

Session::Next Session::do_command(const Resolved& command) {
  const Words& words = command.words;
  switch (command.command) {
    case Command::none:
      return Next::on;
    case Command::show_version:
      show_version();
      return Next::on;
    case Command::show_from_camera:
      show_from_camera(words);
      return Next::on;
    case Command::show_running:
      show_settings(services_.configuration.running(), words);
      return Next::on;
    case Command::show_candidate:
      show_settings(services_.configuration.candidate(), words);
      return Next::on;
    case Command::compare:
      compare();
      return Next::on;
    case Command::show_history:
      show(services_.configuration.history());
      return Next::on;
    case Command::show_accounts:
      show(services_.accounts.list());
      return Next::on;
    case Command::audit_show:
      audit_show(words);
      return Next::on;
    case Command::audit_verify:
      show(services_.trail.verify());
      return Next::on;
    case Command::audit_export:
      audit_export();
      return Next::on;
    case Command::test:
      test(words);
      return Next::on;
    case Command::commissioning:
      commission(words);
      return Next::on;
    case Command::forget_view:
      forget_view();
      return Next::on;
    case Command::aim:
      aim();
      return Next::on;
    case Command::snapshot:
      snapshot(words);
      return Next::on;
    case Command::show_enrolment:
      show(services_.camera.show_enrolment());
      return Next::on;
    case Command::load_enrolment:
      load_enrolment();
      return Next::on;
    case Command::load_authority:
      load_authority();
      return Next::on;
    case Command::check_update:
      check_update();
      return Next::on;
    case Command::install_update:
      install_update();
      return Next::on;
    case Command::add_account:
      add_account(words);
      return Next::on;
    case Command::remove_account:
      remove_account(words);
      return Next::on;
    case Command::change_password:
      change_password(words);
      return Next::on;
    case Command::change_key:
      change_key(words);
      return Next::on;
    case Command::configure:
      configure();
      return Next::on;
    case Command::set:
    case Command::unset:
    case Command::rollback:
    case Command::confirm:
      edit(command.command, words);
      return Next::on;
    case Command::commit:
      commit(words);
      return Next::on;
    case Command::check:
      check();
      return Next::on;
    case Command::load:
      load();
      return Next::on;
    case Command::save:
      save();
      return Next::on;
    case Command::wipe:
      return wipe();
    case Command::reboot:
      return reboot();
    case Command::help:
      show_help();
      return Next::on;
    case Command::leave:
      return leave();
  }
  return Next::on;
}

void Session::say(std::string_view sentence) {
  // Errors of a whole file come one a line.
  while (!sentence.empty()) {
    const std::size_t end = sentence.find('\n');
    terminal_.write(wrapped(printable(sentence.substr(0, end)), 0) + "\n");
    sentence.remove_prefix(end == std::string_view::npos ? sentence.size() : end + 1);
  }
}

void Session::say(const Error& error) {
  ok_ = false;
  say(error.message);
}

void Session::show(const Result<Lines>& lines) {
  if (!lines) return say(lines.error());
  constexpr std::size_t columns = 79;
  std::string text;
  for (const std::string& line : *lines) {
    const std::string shown = printable(line);
    text += (shown.size() > columns ? wrapped(shown, 4) : shown) + "\n";
  }
  write_paged(terminal_, text.empty() ? "There is nothing.\n" : text);
}

bool Session::done(const Status& status, std::string_view sentence) {
  if (!status) {
    say(status.error());
    return false;
  }
  say(sentence);
  return true;
}

ConsoleTrail::Event Session::event(std::string_view event, std::map<std::string, std::string> details) const {
  return {std::string(event), name_, std::string(to_string(role_)), std::move(details)};
}

bool Session::record(std::string_view what, std::map<std::string, std::string> details) {
  return record(std::vector<ConsoleTrail::Event>{event(what, std::move(details))});
}

bool Session::record(std::vector<ConsoleTrail::Event> events) {
  if (!records_) return true;
  const Status recorded = services_.trail.record(events);
  if (!recorded) say(recorded.error().context("this cannot be put on record"));
  return recorded.has_value();
}

void Session::record_end(std::string_view why) {
  static_cast<void>(record("logout", {{"why", std::string(why)}}));
}

std::optional<std::string> Session::read_block(std::string_view what) {
  constexpr std::size_t most = std::size_t{64} << 10U;
  say(fmt::format("Paste {}, then a line with only a full stop. Control-C gives up.", what));
  std::string block;
  while (true) {
    const Typed typed = terminal_.read_plain("", most, options_.idle_limit);
    if (typed.input == Input::line) {
      if (is_full_stop(typed.text)) return block;
      if (block.size() + typed.text.size() < most) {
        block += typed.text + "\n";
        continue;
      }
    } else if (typed.input == Input::notice) {
      continue;
    }
    ok_ = false;
    if (typed.input == Input::hang_up || typed.input == Input::idle) {
      gone_ = true;
    } else if (typed.input == Input::line || typed.input == Input::too_long) {
      say(
          fmt::format("That is more than {} bytes: nothing was taken. What follows of it will be no command; "
                      "wait for its end.",
                      most));
      terminal_.discard_input();
    } else {
      say("Nothing was taken.");
    }
    return std::nullopt;
  }
}

bool Session::read_password(WipedBytes& into) {
  WipedBytes again;
  for (WipedBytes* one : {&into, &again}) {
    const Input input =
        terminal_.read_secret(one == &into ? "new password: " : "once more: ", *one, options_.login_limit);
    if (input == Input::line) {
      const Status good = one == &into ? services_.accounts.check_password(text_of(into)) : Status();
      if (good) continue;
      say(good.error());
      return false;
    }
    ok_ = false;
    gone_ = input == Input::hang_up;
    if (!gone_) say("No password was taken: nothing has changed.");
    return false;
  }
  if (into == again) return true;
  ok_ = false;
  say("The two are not the same: nothing has changed.");
  return false;
}

bool Session::confirmed(std::string_view question, std::string_view expected) {
  say(question);
  const Typed typed = terminal_.read_plain(fmt::format("Type \"{}\" to go on: ", expected),
                                           Terminal::longest_command, options_.login_limit);
  if (typed.input == Input::hang_up) gone_ = true;
  if (typed.input == Input::line && typed.text == expected) return true;
  ok_ = false;
  if (!gone_) say("Nothing was done.");
  return false;
}

}  // namespace wayside::console
