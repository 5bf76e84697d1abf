#include "src/device/console/command_tree.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace wayside::console {

namespace {

constexpr unsigned installer = static_cast<unsigned>(ConsoleRole::installer);
constexpr unsigned operator_ = static_cast<unsigned>(ConsoleRole::operator_);
constexpr unsigned auditor = static_cast<unsigned>(ConsoleRole::auditor);
constexpr unsigned operational = static_cast<unsigned>(Mode::operational);
constexpr unsigned configuring = static_cast<unsigned>(Mode::configure);

Node word(std::string text, std::string help, Command command = Command::none, std::vector<Node> next = {}) {
  Node node;
  node.word = std::move(text);
  node.help = std::move(help);
  node.command = command;
  node.next = std::move(next);
  return node;
}

Node value(std::string name, std::string help, std::string form, Command command,
           std::vector<Node> next = {}) {
  Node node = word(std::move(name), std::move(help), command, std::move(next));
  node.is_value = true;
  node.form = std::move(form);
  return node;
}

Node whole(std::string name, std::string help, unsigned from, unsigned to, std::string_view unit,
           Command command, std::vector<Node> next = {}) {
  Node node = value(std::move(name), std::move(help),
                    fmt::format("a whole number from {} to {}{}{}", from, to, unit.empty() ? "" : " ", unit),
                    command, std::move(next));
  node.takes = [from, to](const std::string& text) {
    unsigned number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, failed] = std::from_chars(text.data(), end, number);
    return failed == std::errc() && stop == end && number >= from && number <= to;
  };
  return node;
}

Node for_roles(unsigned roles, Node node) {
  node.roles = roles;
  return node;
}

Node in_modes(unsigned modes, Node node) {
  node.modes = modes;
  return node;
}

// What follows the name of a key.
std::vector<Node> values_of(const ConsoleKey& key) {
  std::vector<Node> all;
  for (const std::string& choice : key.choices) {
    const bool usual = key.default_value == '"' + choice + '"';
    all.push_back(word(choice, usual ? "The default" : "", Command::set));
  }
  if (!key.choices.empty()) return all;
  Node node =
      value("VALUE", key.default_value.empty() ? "" : "Default " + key.default_value, key.form, Command::set);
  node.again = key.section == "lane" || key.section == "privacy";
  all.push_back(std::move(node));
  return all;
}

Node key_node(const ConsoleKey& key, bool sets) {
  std::string help = key.help;
  if (sets && !key.effect.empty()) help += fmt::format(" Counts {}.", key.effect);
  return sets ? word(key.name, help, Command::none, values_of(key)) : word(key.name, help, Command::unset);
}

// "lane.N.polygon": the number is a value of its own.
Node lane_node(const std::vector<ConsoleKey>& keys, bool sets) {
  std::vector<Node> names;
  for (const ConsoleKey& key : keys) {
    if (key.section == "lane") names.push_back(key_node(key, sets));
  }
  Node number = whole("N", "The lane's number, as records will have it", 1, 99, "",
                      sets ? Command::none : Command::unset, std::move(names));
  return word("lane", "What part of the picture a lane is", Command::none, {std::move(number)});
}

std::vector<Node> sections(const std::vector<ConsoleKey>& keys, bool sets) {
  std::vector<Node> all;
  for (const ConsoleKey& key : keys) {
    const bool there =
        std::any_of(all.begin(), all.end(), [&](const Node& node) { return node.word == key.section; });
    if (key.section == "lane") {
      if (!there) all.push_back(lane_node(keys, sets));
      continue;
    }
    if (!there) {
      all.push_back(
          word(key.section, fmt::format("Section [{}]", key.section), sets ? Command::none : Command::unset));
    }
    const auto section =
        std::find_if(all.begin(), all.end(), [&](const Node& node) { return node.word == key.section; });
    section->next.push_back(key_node(key, sets));
  }
  return all;
}

std::vector<Node> section_words(const std::vector<ConsoleKey>& keys, Command command) {
  std::vector<Node> all;
  for (const Node& section : sections(keys, true))
    all.push_back(word(section.word, section.help, command));
  return all;
}

Node compare_bar() {
  return word("|", "What a commit would change", Command::none,
              {word("compare", "What a commit would change", Command::compare)});
}

Node show_node(const std::vector<ConsoleKey>& keys) {
  const Command camera = Command::show_from_camera;
  std::vector<Node> next;
  next.push_back(word("version", "Program and version", Command::show_version));
  next.push_back(word("health", "What is wrong with the camera, and what to do", camera));
  next.push_back(
      word("configuration", "What runs", Command::show_running, section_words(keys, Command::show_running)));
  Node candidate = word("candidate", "What is being edited", Command::show_candidate,
                        section_words(keys, Command::show_candidate));
  candidate.next.push_back(compare_bar());
  next.push_back(for_roles(installer, std::move(candidate)));
  next.push_back(word("history", "Earlier configurations, by whom and when", Command::show_history));
  next.push_back(for_roles(installer | operator_, word("queue", "Records that wait for delivery", camera)));
  next.push_back(word("clock", "How good the time is, and whose word that is", camera));
  next.push_back(word("authority", "Under what the camera may capture", camera));
  next.push_back(word("privacy", "What is kept, where, how long, and for whom", camera));
  next.push_back(for_roles(installer | operator_, word("watchlists", "VOI lists that are in force", camera)));
  next.push_back(for_roles(installer | operator_,
                           word("update", "Which system runs, and how its update stands", camera)));
  next.push_back(for_roles(installer | operator_, word("counters", "What the camera counts", camera)));
  next.push_back(for_roles(installer | auditor,
                           word("accounts", "Who may log in, and as what", Command::show_accounts)));
  Node count = whole("COUNT", "Of the newest entries", 1, 1000, "entries", Command::audit_show);
  next.push_back(for_roles(installer | auditor, word("audit", "What was done at and by the camera",
                                                     Command::audit_show, {std::move(count)})));
  Node show = word("show", "Show something", Command::none, std::move(next));
  show.next.push_back(for_roles(installer, in_modes(configuring, compare_bar())));
  return show;
}

Node account_node() {
  std::vector<Node> roles = {word("installer", "May change everything", Command::add_account),
                             word("operator", "May look, test and aim", Command::add_account),
                             word("auditor", "May look at what was done", Command::add_account)};
  constexpr std::string_view form = "a lower case letter, then lower case letters, digits, - and _";
  Node add = word("add", "Let somebody in: asks for the password", Command::none,
                  {value("NAME", "Of the person", std::string(form), Command::none, std::move(roles))});
  Node remove = word("remove", "Let somebody in no longer", Command::none,
                     {value("NAME", "Of the person", std::string(form), Command::remove_account)});
  Node password = word(
      "password", "Change your password: asks for it", Command::change_password,
      {for_roles(installer, value("NAME", "Somebody else's", std::string(form), Command::change_password))});
  Node key = word("key", "Let a program in by its key, over the local socket", Command::none,
                  {value("NAME", "Of the account", std::string(form), Command::none,
                         {word("none", "By password only", Command::change_key),
                          value("KEY", "Its public half (Ed25519)", "64 hex digits", Command::change_key)})});
  return word("account", "Who may log in", Command::none,
              {for_roles(installer, std::move(add)), for_roles(installer, std::move(remove)),
               std::move(password), for_roles(installer, std::move(key))});
}

Node audit_node() {
  Node count = whole("COUNT", "Of the newest entries", 1, 1000, "entries", Command::audit_show);
  return for_roles(
      installer | auditor,
      word("audit", "What was done at and by the camera", Command::none,
           {word("show", "The newest entries", Command::audit_show, {std::move(count)}),
            word("verify", "Whether any is missing or was altered", Command::audit_verify),
            word("export", "The whole trail as it is signed, for a copy", Command::audit_export)}));
}

Node commit_node() {
  const auto comment = [] {
    return word("comment", "Why, for the history", Command::none,
                {value("TEXT", "", "a text, in quotes where it holds blanks", Command::commit)});
  };
  Node minutes = whole("MINUTES", "Until then", 1, 1440, "minutes", Command::commit, {comment()});
  Node confirmed = word("confirmed", "Goes back by itself unless \"confirm\" is typed in time", Command::none,
                        {std::move(minutes)});
  return word(
      "commit", "Let the candidate run", Command::commit,
      {std::move(confirmed), comment(), word("check", "Only say what is wrong with it", Command::check)});
}

}  // namespace

Node command_tree(const std::vector<ConsoleKey>& keys) {
  Node root;
  std::vector<Node>& all = root.next;
  all.push_back(show_node(keys));
  all.push_back(for_roles(
      installer, in_modes(operational, word("configure", "Change the configuration", Command::configure))));
  const auto edits = [&](Node node) {
    all.push_back(for_roles(installer, in_modes(configuring, std::move(node))));
  };
  edits(word("set", "Give a key a value", Command::none, sections(keys, true)));
  edits(word("unset", "Back to the default", Command::none, sections(keys, false)));
  edits(word("delete", "The same as unset", Command::none, sections(keys, false)));
  edits(commit_node());
  edits(word("rollback", "Edit an earlier configuration; 0 drops what was edited", Command::none,
             {whole("N", "As \"show history\" counts; 1 is the one before", 0, 20, "", Command::rollback)}));
  edits(word("load", "Take a whole configuration that is pasted next", Command::load));
  edits(word("save", "Show the candidate as a file that \"load\" takes", Command::save));
  all.push_back(for_roles(installer, word("confirm", "Keep what was committed", Command::confirm)));
  all.push_back(for_roles(installer | operator_,
                          word("test", "What is not in place on this machine", Command::test,
                               {word("camera", "Camera and recognition", Command::test),
                                word("upload", "Identity and link", Command::test),
                                word("recipients", "Who can read the records", Command::test)})));
  all.push_back(for_roles(
      installer,
      in_modes(operational,
               word("commissioning", "Clear pictures and reads for a time; what the view is compared with",
                    Command::none,
                    {whole("MINUTES", "Until then, or until you log out", 1, 240, "minutes",
                           Command::commissioning),
                     word("end", "Pictures in which nobody can be made out", Command::commissioning),
                     word("view", "What the camera compares its view with", Command::none,
                          {word("forget", "Learn it anew, now that the camera is fixed and aimed",
                                Command::forget_view)})}))));
  all.push_back(for_roles(installer | operator_,
                          word("aim", "Live figures to point and focus by; any key ends it", Command::aim)));
  all.push_back(for_roles(
      installer | operator_,
      word("snapshot", "A picture of the view, for a laptop", Command::none,
           {word("base64", "As text, to be copied from the screen", Command::snapshot),
            word("xmodem", "As a file, to a terminal program that receives XMODEM", Command::snapshot)})));
  all.push_back(for_roles(
      installer,
      word("enrol", "Whose camera this is", Command::none,
           {word("show", "Who it is, and the request to have signed at the office", Command::show_enrolment),
            word("load", "Take what the office made of the request, which is pasted next",
                 Command::load_enrolment)})));
  all.push_back(word("authority", "Under what the camera may capture", Command::none,
                     {word("show", "What is in force", Command::show_from_camera),
                      for_roles(installer, word("load", "Take a signed document that is pasted next",
                                                Command::load_authority))}));
  all.push_back(for_roles(installer | operator_,
                          word("watchlist", "VOI lists", Command::none,
                               {word("show", "Which are in force", Command::show_from_camera)})));
  all.push_back(for_roles(
      installer | operator_,
      word("update", "The camera's own programs", Command::none,
           {word("show", "Which system runs, and how its update stands", Command::show_from_camera),
            for_roles(installer,
                      word("check", "Ask the office whether there is a newer one", Command::check_update)),
            for_roles(installer, in_modes(operational, word("install", "Install what has been fetched, now",
                                                            Command::install_update)))})));
  all.push_back(audit_node());
  all.push_back(account_node());
  all.push_back(for_roles(
      installer,
      in_modes(operational, word("wipe", "Destroy keys, records and accounts; asks twice", Command::wipe))));
  all.push_back(for_roles(installer | operator_,
                          in_modes(operational, word("reboot", "Start the machine again", Command::reboot))));
  all.push_back(word("help", "How the console works", Command::help));
  all.push_back(word("exit", "Leave the configuration, or log out", Command::leave));
  return root;
}

}  // namespace wayside::console
