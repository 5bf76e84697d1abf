// What changes something else than the configuration, or asks the camera to do something.
#include <fmt/format.h>
#include <sodium.h>

#include "src/device/console/session.hpp"
#include "src/device/console/xmodem.hpp"

namespace wayside::console {

namespace {

std::string base64_of(ByteView bytes) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  ::sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the C string's end
  return text;
}

}  // namespace

void Session::add_account(const Words& words) {
  const std::string& name = words[2];
  const std::optional<ConsoleRole> role = console_role_from(words[3]);
  WipedBytes password;
  if (!role || !is_still_there("account add") || !read_password(password)) return;
  if (!record("account", {{"added", name}, {"role", words[3]}})) return;
  const Status added = services_.accounts.add(name, *role, text_of(password));
  if (!done(added, fmt::format("{} may log in as {}.", name, words[3])))
    static_cast<void>(record("account", {{"not_added", name}}));
}

void Session::remove_account(const Words& words) {
  const std::string& name = words[2];
  if (!is_still_there("account remove")) return;
  if (!confirmed(fmt::format("{} will not be let in any more.", name), name)) return;
  if (!record("account", {{"removed", name}})) return;
  if (!done(services_.accounts.remove(name), fmt::format("{} is removed.", name)))
    static_cast<void>(record("account", {{"not_removed", name}}));
}

void Session::change_password(const Words& words) {
  const std::string name = words.size() > 2 ? words[2] : name_;
  WipedBytes password;
  if (!is_still_there("account password") || !read_password(password)) return;
  if (!record("account", {{"password_of", name}})) return;
  if (!done(services_.accounts.change_password(name, text_of(password)),
            fmt::format("The password of {} is changed.", name)))
    static_cast<void>(record("account", {{"password_kept_of", name}}));
}

// Who finds a session that somebody left open shall not get in again once it is closed.
bool Session::is_still_there(std::string_view command) {
  WipedBytes password;
  const Input input = terminal_.read_secret("your password now: ", password, options_.login_limit);
  gone_ = input == Input::hang_up;
  if (input == Input::line) {
    const ConsoleAccounts::Login login = services_.accounts.log_in(name_, text_of(password));
    if (login.role) return true;
    static_cast<void>(record("attempt", {{"for", std::string(command)}}));
    say(login.sentence);
  } else if (!gone_) {
    say("Nothing has changed.");
  }
  ok_ = false;
  return false;
}

void Session::change_key(const Words& words) {
  const std::string& name = words[2];
  const bool none = words[3] == "none";
  if (!is_still_there("account key")) return;
  if (!record("account", {{"key_of", name}, {"key", words[3]}})) return;
  if (!done(services_.accounts.change_key(name, none ? "" : words[3]),
            none ? fmt::format("{} logs in by password only.", name)
                 : fmt::format("Whoever has that key may log in as {}.", name)))
    static_cast<void>(record("account", {{"key_kept_of", name}}));
}

void Session::load_enrolment() {
  const std::optional<std::string> document = read_block("the file camera.enrolment");
  if (!document) return;
  if (!record("enrolment", {{"document", "offered at the console"}})) return;
  const Result<Lines> taken = services_.camera.load_enrolment(*document);
  if (!taken) static_cast<void>(record("enrolment", {{"not_taken", taken.error().message}}));
  show(taken);
}

void Session::load_authority() {
  const std::optional<std::string> document = read_block("the signed document");
  if (!document) return;
  if (!record("authority", {{"document", "offered at the console"}})) return;
  const Result<std::string> taken = services_.camera.load_authority(*document);
  if (!taken) {
    static_cast<void>(record("authority", {{"not_taken", taken.error().message}}));
    return say(taken.error());
  }
  say(*taken);
}

void Session::check_update() {
  const Result<std::string> said = services_.camera.check_update();
  if (!said) return say(said.error());
  say(*said);
}

void Session::install_update() {
  const Result<std::string> waiting = services_.camera.waiting_update();
  if (!waiting) return say(waiting.error());
  if (!confirmed(fmt::format("{}. The camera works on until it is installed, starts again, and goes back by "
                             "itself unless it works as before.",
                             *waiting),
                 "install"))
    return;
  if (!record("update", {{"install", "asked for at the console"}})) return;
  const Result<std::string> asked = services_.camera.install_update();
  if (!asked) {
    static_cast<void>(record("update", {{"not_asked_for", asked.error().message}}));
    return say(asked.error());
  }
  say(*asked);
}

void Session::test(const Words& words) {
  const auto lacking = services_.camera.test(words.size() > 1 ? words[1] : "everything");
  if (!lacking) return say(lacking.error());
  if (lacking->empty()) return say("Everything is in place.");
  ok_ = false;
  say("Not in place:");
  for (const std::string& sentence : *lacking)
    say("  " + sentence);
}

bool Session::is_commissioning() const {
  return commissioning_until_ && std::chrono::steady_clock::now() < *commissioning_until_;
}

void Session::commission(const Words& words) {
  if (words[1] == "end") {
    // Ended even where that cannot be put on record: the trail knows when it would have ended by itself.
    commissioning_until_.reset();
    if (record("commissioning", {{"minutes", "0"}}))
      say("Commissioning has ended: nobody can be made out in a snapshot, and aiming shows no reads.");
    return;
  }
  if (!record("commissioning", {{"minutes", words[1]}})) return;
  // The grammar has taken nothing but a number that fits.
  commissioning_until_ =
      std::chrono::steady_clock::now() + std::stoi(words[1]) * options_.commissioning_minute;
  say(
      fmt::format("Snapshots are clear, and aiming shows reads, for {} minute{}, until you log out, or until "
                  "\"commissioning end\".",
                  words[1], words[1] == "1" ? "" : "s"));
}

void Session::forget_view() {
  if (!record("commissioning", {{"forget_view", "asked for at the console"}})) return;
  const Result<std::string> forgotten = services_.camera.forget_view();
  if (!forgotten) {
    static_cast<void>(record("commissioning", {{"view_not_forgotten", forgotten.error().message}}));
    return say(forgotten.error());
  }
  say(*forgotten);
}

void Session::aim() {
  if (!record("picture_viewed", {{"as", "aim"}})) return;
  const bool commissioning = is_commissioning();
  // What nobody looks at any more is no reason to let a session stay open.
  const auto end = std::chrono::steady_clock::now() + options_.idle_limit;
  bool away = false;
  bool over = false;
  const Status ended = services_.camera.aim(commissioning, terminal_.rate(), [&](std::string_view screen) {
    terminal_.redraw(std::string(screen) + "Any key ends it.\n");
    const Terminal::Key key = terminal_.read_key(std::chrono::milliseconds(0));
    gone_ = key.input == Input::hang_up;
    away = std::chrono::steady_clock::now() >= end;
    over = commissioning && !is_commissioning();
    return key.input == Input::idle && !away && !over;
  });
  if (!ended) return say(ended.error());
  if (away) say("No key for too long: aiming has ended.");
  if (over) say("Commissioning is over: aiming has ended. Without it no reads are shown.");
}

void Session::snapshot(const Words& words) {
  const bool as_file = words.back() == "xmodem";
  ByteLine* const line = terminal_.byte_line();
  if (as_file && line == nullptr) {
    return say({ErrorCode::unsupported,
                "XMODEM needs a terminal on a line of its own: \"snapshot base64\" gives the picture here"});
  }
  if (!record("picture_viewed", {{"as", "snapshot"}})) return;
  const Result<Bytes> jpeg = services_.camera.snapshot(is_commissioning());
  if (!jpeg) return say(jpeg.error());
  if (as_file) return send_snapshot(*line, *jpeg);
  constexpr std::size_t column = 76;
  const std::string base64 = base64_of(*jpeg);
  std::string text = "begin-base64 644 snapshot.jpg\n";
  for (std::size_t at = 0; at < base64.size(); at += column)
    text += base64.substr(at, column) + "\n";
  terminal_.write(text + "====\n");
}

void Session::send_snapshot(ByteLine& line, ByteView jpeg) {
  terminal_.discard_input();  // what was typed ahead is no receiver
  say(
      fmt::format("The picture has {} bytes. Start the XMODEM receive of your terminal program within {} s; "
                  "Control-C gives up.",
                  jpeg.size(), xmodem_patience.count()));
  const Result<XmodemSent> sent = send_by_xmodem(line, jpeg);
  terminal_.discard_input();
  terminal_.write("\n");
  if (!sent) return say(sent.error());
  say(fmt::format(
      "{} bytes were sent in {:.1f} s. XMODEM fills up its last block: the file received has {} "
      "bytes, of which the first {} are the picture.",
      jpeg.size(), static_cast<double>(sent->took.count()) / 1000, sent->received_bytes, jpeg.size()));
}

Session::Next Session::reboot() {
  if (!confirmed("The camera is away for a minute or so.", "reboot")) return Next::on;
  static_cast<void>(record("reboot"));
  const Status asked = services_.camera.reboot();
  if (!done(asked, "The machine is being started again.")) return Next::on;
  return Next::log_out;
}

// Whoever is at the camera with a cable can take a hammer too; nobody else may do it.
Session::Next Session::wipe() {
  if (!options_.physically_present) {
    ok_ = false;
    say("\"wipe\" is only done at the camera: log in over its serial line.");
    return Next::on;
  }
  if (!confirmed("This destroys the keys, all records, accounts and configurations of this camera, for good.",
                 "wipe"))
    return Next::on;
  if (!confirmed("It cannot be undone. The camera must be enrolled again afterwards.", "destroy everything"))
    return Next::on;
  // It is done even where nothing can be put on record any more: it leaves a receipt of its own.
  static_cast<void>(record("wipe"));
  const auto wiped = services_.camera.wipe(name_, [&](std::string_view line) {
    terminal_.write(line);
    terminal_.write("\n");
    return true;
  });
  // From here on it would go into a trail that is being destroyed, and be all that is left of it.
  records_ = !wiped;
  show(wiped);
  return wiped ? Next::log_out : Next::on;
}

}  // namespace wayside::console
