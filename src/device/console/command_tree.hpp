// The console's commands as data: every word with its help, every value with its form.
//
// Threads: immutable once made.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "wayside/device/console/services.hpp"

namespace wayside::console {

enum class Command {
  none,
  show_version,
  show_from_camera,  // its last word says what
  show_running,
  show_candidate,
  compare,
  show_history,
  show_accounts,
  audit_show,
  audit_verify,
  audit_export,
  test,
  commissioning,  // its last word says for how long
  forget_view,
  aim,
  snapshot,  // its last word says how
  show_enrolment,
  load_enrolment,
  load_authority,
  check_update,
  install_update,
  add_account,
  remove_account,
  change_password,
  change_key,
  configure,
  set,
  unset,
  commit,
  check,
  confirm,
  rollback,
  load,
  save,
  wipe,
  reboot,
  help,
  leave,
};

enum class Mode : unsigned { operational = 1, configure = 2 };

struct Node {
  // Of a word: itself. Of a value: its name in capitals.
  std::string word;
  std::string help;
  bool is_value = false;
  std::string form;                               // of a value: what is expected
  std::function<bool(const std::string&)> takes;  // of a value; none: whatever is typed
  bool again = false;                             // of a value: more of them may follow
  Command command = Command::none;                // what the line does that ends here
  unsigned roles = 7;                             // sums of ConsoleRole
  unsigned modes = 3;                             // sums of Mode
  std::vector<Node> next;
};

// The root, which has no word.
[[nodiscard]] Node command_tree(const std::vector<ConsoleKey>& keys);

}  // namespace wayside::console
