// The commands of wayside-backoffice, one function each: they print what they did, and return what went
// wrong.
//
// Threads: the main one. Ownership: each opens and closes the office for itself.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/backoffice/authority.hpp"
#include "wayside/backoffice/store.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

#include "src/app/command_line.hpp"

namespace wayside::app::office {

inline constexpr std::string_view program = "wayside-backoffice";

// What the command line gave, all commands' together.
struct Arguments {
  std::filesystem::path folder;
  std::vector<std::string> hosts;
  std::filesystem::path request;
  std::filesystem::path out;
  std::string listen = "127.0.0.1";
  std::uint16_t port = 8443;
  std::filesystem::path port_file;
  std::string broker;
  bool watch = false;
  std::string since;
  std::size_t limit = 0;
  bool hits = false;
  bool clear_occupants = false;
  std::filesystem::path jsonl;
  std::filesystem::path html;
  std::filesystem::path ledger;
  std::string valid_from;
  std::string valid_until;
  std::string device_id;
  std::vector<std::string> devices;
  std::string organisation;
  std::string purpose;
  std::string site;
  std::string contact;
  double latitude = 0;
  double longitude = 0;
  std::string review;
  std::string reason;
  std::string list;
  std::filesystem::path entries;
  std::uint64_t base_revision = 0;
  std::filesystem::path offer;
  std::string version;
  std::string compatible;
  bool all = false;
  std::string not_before;
};

// --- making and keeping an office (keeping.cpp)
[[nodiscard]] Status init(const Arguments& arguments);
[[nodiscard]] Status enrol(const Arguments& arguments);
[[nodiscard]] Status revoke(const Arguments& arguments);
[[nodiscard]] Status broker_certificate(const Arguments& arguments);
[[nodiscard]] Status new_recipient_key(const Arguments& arguments);
[[nodiscard]] Status list_recipient_keys(const Arguments& arguments);
[[nodiscard]] Status new_unlock_key(const Arguments& arguments);
[[nodiscard]] Status list_unlock_keys(const Arguments& arguments);
[[nodiscard]] Status revoke_unlock(const Arguments& arguments);
[[nodiscard]] Status restore_unlock(const Arguments& arguments);

// --- what cameras may do (authorities.cpp)
[[nodiscard]] Status issue_authority(const Arguments& arguments);
[[nodiscard]] Status revoke_authority(const Arguments& arguments);
[[nodiscard]] Status list_authorities(const Arguments& arguments);

// --- what was done at cameras (auditing.cpp)
[[nodiscard]] Status list_trails(const Arguments& arguments);

// --- VOI lists (watching.cpp)
[[nodiscard]] Status issue_watch_list(const Arguments& arguments);
[[nodiscard]] Status make_watch_list_delta(const Arguments& arguments);
[[nodiscard]] Status give_watch_list(const Arguments& arguments);
[[nodiscard]] Status withdraw_watch_list(const Arguments& arguments);
[[nodiscard]] Status list_watch_lists(const Arguments& arguments);

// --- updates (updating.cpp)
[[nodiscard]] Status add_update(const Arguments& arguments);
[[nodiscard]] Status give_update(const Arguments& arguments);
[[nodiscard]] Status withdraw_update(const Arguments& arguments);
[[nodiscard]] Status remove_update(const Arguments& arguments);
[[nodiscard]] Status list_updates(const Arguments& arguments);

// --- how cameras are (health.cpp)
[[nodiscard]] Status health(const Arguments& arguments);

// --- receiving, until SIGTERM or SIGINT (receiving.cpp)
[[nodiscard]] Status serve(const Arguments& arguments);
[[nodiscard]] Status ingest(const Arguments& arguments);

// --- looking at what there is (reading.cpp)
[[nodiscard]] Status list(const Arguments& arguments);
[[nodiscard]] Status export_records(const Arguments& arguments);
[[nodiscard]] Status check(const Arguments& arguments);
[[nodiscard]] Status sight(const Arguments& arguments);

// --- the command line (command_table.cpp, update_command_table.cpp)
struct Command {
  CLI::App* parsed;
  Status (*work)(const Arguments&);
};
// parent, name, help, work: a command with its DIR.
using AddTo = std::function<CLI::App*(CLI::App&, const char*, const char*, Status (*)(const Arguments&))>;
void add_update_commands(CLI::App& app, Arguments& arguments, const AddTo& add_to);
// Fills `arguments` when `app` is parsed; the one command that was parsed is then to be done.
[[nodiscard]] std::vector<Command> add_commands(CLI::App& app, Arguments& arguments);

// --- what commands share (shared.cpp)
[[nodiscard]] std::string count_of(std::size_t count, std::string_view one);  // "2 records"
// Fails where records were left out for being no longer what a camera signed, with what to do.
[[nodiscard]] Status left_out(std::size_t damaged, const std::filesystem::path& office);
struct Office {
  backoffice::Authority authority;
  std::unique_ptr<backoffice::Store> store;
};
[[nodiscard]] Result<Office> open_office(const std::filesystem::path& folder);
// Of each: not_found where a device was never enrolled here, so that a slip in an id does not pass for done.
[[nodiscard]] Status check_enrolled(backoffice::Store& store, const std::vector<std::string>& devices);
// And refused where one is revoked: what is given to it would reach nobody.
[[nodiscard]] Status check_let_in(const Office& office, const std::vector<std::string>& devices);
// Says what of the office ends before long. True: some of it within three months.
bool tell_endings(const backoffice::Authority& authority);
// "2026-11-22", "2026-11-22T17:35Z" or "2026-11-22T17:35:40Z".
[[nodiscard]] Result<UtcTime> time_from(const std::string& text, std::string_view option);
// --valid-from and --valid-until: now, if not given, and so long after.
struct Validity {
  UtcTime from;
  UtcTime until;
};
[[nodiscard]] Result<Validity> validity_from(const Arguments& arguments, std::chrono::milliseconds lifetime);
// Not among the office's own files, and onto nothing that is no file.
[[nodiscard]] Status check_output(const std::filesystem::path& file, const std::filesystem::path& office);

}  // namespace wayside::app::office
