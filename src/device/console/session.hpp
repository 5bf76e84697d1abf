// What somebody logged in may do: each command, what it asks for and what goes on record.
//
// Threads: one.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "wayside/device/console/console.hpp"

#include "src/device/console/grammar.hpp"

namespace wayside::console {

class Session {
 public:
  Session(Terminal& terminal, ConsoleServices services, const ConsoleOptions& options, std::string name,
          ConsoleRole role);

  enum class Next { on, log_out, gone };
  // One line; false in ok() where it failed.
  [[nodiscard]] Next run(std::string_view line);
  [[nodiscard]] std::string prompt() const;
  [[nodiscard]] Assistant assistant() const;
  [[nodiscard]] bool ok() const { return ok_; }
  void record_end(std::string_view why);
  void end_editing();
  // A commit that was taken back meanwhile; the console tells it between two lines.
  bool beat();
  void tell_notice();

 private:
  using Lines = std::vector<std::string>;
  using Words = std::vector<std::string>;
  Next do_command(const Resolved& command);
  // session_show.cpp
  void show_version();
  void show_from_camera(const Words& words);
  void show_settings(const Result<std::vector<ConsoleConfiguration::Setting>>& settings, const Words& words);
  void compare();
  void audit_show(const Words& words);
  void audit_export();
  void show_help();
  // session_edit.cpp
  void configure();
  void edit(Command command, const Words& words);
  void confirm();
  void commit(const Words& words);
  void check();
  void load();
  void save();
  Next leave();
  // session_manage.cpp
  void add_account(const Words& words);
  void remove_account(const Words& words);
  void change_password(const Words& words);
  void change_key(const Words& words);
  void load_enrolment();
  void load_authority();
  void check_update();
  void install_update();
  void test(const Words& words);
  void commission(const Words& words);
  void forget_view();
  [[nodiscard]] bool is_commissioning() const;
  void aim();
  void snapshot(const Words& words);
  void send_snapshot(ByteLine& line, ByteView jpeg);
  Next reboot();
  Next wipe();

  void say(std::string_view sentence);  // wrapped
  void say(const Error& error);         // and the line has failed
  void show(const Result<Lines>& lines);
  bool done(const Status& status, std::string_view sentence);
  // False: it was not, which has been said, and what was to be recorded must not be done.
  bool record(std::string_view event, std::map<std::string, std::string> details = {});
  bool record(std::vector<ConsoleTrail::Event> events);
  [[nodiscard]] ConsoleTrail::Event event(std::string_view event,
                                          std::map<std::string, std::string> details) const;
  // Nothing: too long, cancelled, or nobody there.
  std::optional<std::string> read_block(std::string_view what);
  bool read_password(WipedBytes& into);
  bool is_still_there(std::string_view command);  // asks for the password of who is logged in
  bool confirmed(std::string_view question, std::string_view expected);
  [[nodiscard]] Who who() const { return {role_, mode_}; }

  Terminal& terminal_;
  ConsoleServices services_;
  const ConsoleOptions& options_;
  std::string name_;
  ConsoleRole role_;
  Mode mode_ = Mode::operational;
  Node tree_;
  bool ok_ = true;
  bool gone_ = false;
  bool records_ = true;  // until a wipe is asked for
  std::optional<std::string> notice_;
  // In no file: a session that somebody takes up again, or another's, shows nobody clearly.
  std::optional<std::chrono::steady_clock::time_point> commissioning_until_;
};

}  // namespace wayside::console
