// The reference back office: takes records from cameras, shows and exports them.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include "wayside/backoffice/authority.hpp"
#include "wayside/backoffice/coverage.hpp"
#include "wayside/backoffice/export.hpp"
#include "wayside/backoffice/ingest.hpp"
#include "wayside/backoffice/recipients.hpp"
#include "wayside/backoffice/server.hpp"
#include "wayside/backoffice/store.hpp"
#include "wayside/backoffice/unlock_keys.hpp"
#include "wayside/base/files.hpp"
#include "wayside/base/harden_process.hpp"
#include "wayside/base/log.hpp"

#include "src/app/command_line.hpp"
#include "src/app/process.hpp"

namespace wayside::app {
namespace {

namespace fs = std::filesystem;
using backoffice::Authority;
using backoffice::Selection;
using backoffice::Store;

constexpr std::string_view program = "wayside-backoffice";

constexpr const char* description =
    "Reference back office for Wayside cameras: takes their capture records over HTTPS or MQTT,\n"
    "opens them, keeps each exactly once, lists, exports and checks them.";

constexpr const char* examples =
    "Examples, from an empty disk to a page of passes:\n"
    "  wayside-backoffice init office --host anpr.example.org\n"
    "  wayside-backoffice enrol office --request device.csr --out for-the-camera\n"
    "  wayside-backoffice serve office --listen 0.0.0.0 --port 8443 --watch\n"
    "  wayside-backoffice list office --limit 20\n"
    "  wayside-backoffice export office --html passes.html\n\n"
    "Exit codes: 0 done, 1 the work failed, 2 the command line is wrong.";

struct Arguments {
  fs::path folder;
  std::vector<std::string> hosts;
  fs::path request;
  fs::path out;
  std::string listen = "127.0.0.1";
  std::uint16_t port = 8443;
  fs::path port_file;
  std::string broker;
  bool watch = false;
  std::string since;
  std::size_t limit = 0;
  fs::path jsonl;
  fs::path html;
  fs::path ledger;
  std::string valid_from;
  std::string valid_until;
  std::string device_id;
};

UtcTime utc_now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
}

std::string count_of(std::size_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

struct Office {
  Authority authority;
  std::unique_ptr<Store> store;
};

Result<Office> open_office(const fs::path& folder) {
  auto authority = Authority::open(folder);
  if (!authority) return fail(authority.error());
  auto store = Store::open_existing(authority->database());
  if (!store) return fail(store.error());
  return Office{std::move(*authority), std::move(*store)};
}

Result<UtcTime> time_from(const std::string& text, std::string_view option) {
  const bool date_only = text.size() == 10;
  const auto time = utc_from_iso8601(date_only ? text + "T00:00:00Z" : text);
  if (time) return *time;
  return fail(ErrorCode::invalid_input,
              fmt::format("{} must be a UTC date or time, as in 2026-11-22 or 2026-11-22T17:35:40Z", option));
}

Result<Selection> selection_from(const Arguments& arguments) {
  Selection selection;
  if (arguments.limit > 0) selection.newest = arguments.limit;
  if (arguments.since.empty()) return selection;
  const auto since = time_from(arguments.since, "--since");
  if (!since) return fail(since.error());
  selection.since = *since;
  return selection;
}

Status init(const Arguments& arguments) {
  // A folder that cannot be looked at is told of below.
  std::error_code ignored;
  const bool had_authority = fs::exists(arguments.folder / "ca.crt", ignored);
  const auto authority = Authority::make(arguments.folder, arguments.hosts, utc_now());
  if (!authority) return fail(authority.error());
  const bool had_store = Store::open_existing(authority->database()).has_value();
  const auto store = Store::open(authority->database());
  if (!store) return fail(store.error());
  const auto names = authority->server_names();
  if (!names) return fail(names.error());
  fmt::print("{} in {}; the server's certificate is for {}\n",
             had_authority ? "Kept the authority, made a new server certificate" : "Made a back office",
             arguments.folder.string(), fmt::join(*names, ", "));
  if (had_authority) {
    fmt::print("{}\n", had_store ? "Kept the records"
                                 : "There was no store: made an empty one; enrol the cameras again");
    fmt::print("Restart a running {} serve: it goes on with the certificate it began with\n", program);
  }
  fmt::print("Next: {} enrol {} --request device.csr --out FOLDER\n", program, arguments.folder.string());
  return {};
}

// Empty where there is nothing to tell.
std::string_view words_on(backoffice::EarlierKey key) {
  switch (key) {
    case backoffice::EarlierKey::none:
    case backoffice::EarlierKey::same:
      return "";
    case backoffice::EarlierKey::other:
      return "Its key differs from the one enrolled before under this device id: the earlier camera, which "
             "holds that one, is locked out from now on";
  }
  return "";
}

Status enrol(const Arguments& arguments) {
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  const auto enrolled = backoffice::enrol_device(office->authority, *office->store, arguments.request,
                                                 arguments.out, utc_now());
  if (!enrolled) return fail(enrolled.error());
  fmt::print("Enrolled device {} until {}; an earlier certificate of it is no longer taken\n",
             enrolled->device.device_id, to_iso8601(enrolled->device.valid_until));
  if (const auto words = words_on(enrolled->earlier_key); !words.empty()) fmt::print("{}\n", words);
  fmt::print("Put {}, back-office-ca.crt and recipients/ beside it into the camera's identity folder\n",
             (arguments.out / "device.crt").string());
  return {};
}

std::string line_of(const backoffice::KnownRecipient& known) {
  const Recipient& recipient = known.recipient;
  const auto time = [](const std::optional<UtcTime>& at, const char* without) {
    return at ? to_iso8601(*at) : std::string(without);
  };
  return fmt::format("{}  {:<9}  {}  {}  from {} until {}{}", to_hex(key_id(recipient.key)),
                     to_string(recipient.view), known.own ? "own  " : "other", recipient.name,
                     time(recipient.valid_from, "ever"), time(recipient.valid_until, "further notice"),
                     recipient.successor ? ", followed by " + to_hex(*recipient.successor) : "");
}

struct Validity {
  UtcTime from;
  UtcTime until;
};
Result<Validity> validity_from(const Arguments& arguments) {
  UtcTime from = utc_now();
  if (!arguments.valid_from.empty()) {
    const auto time = time_from(arguments.valid_from, "--valid-from");
    if (!time) return fail(time.error());
    from = *time;
  }
  UtcTime until = from + backoffice::recipient_key_lifetime;
  if (!arguments.valid_until.empty()) {
    const auto time = time_from(arguments.valid_until, "--valid-until");
    if (!time) return fail(time.error());
    until = *time;
  }
  return Validity{from, until};
}

Status new_recipient_key(const Arguments& arguments) {
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  const auto validity = validity_from(arguments);
  if (!validity) return fail(validity.error());
  const auto made = backoffice::make_recipient_key(authority->recipients(), validity->from, validity->until);
  if (!made) return fail(made.error());
  fmt::print("{}\n", line_of({*made, true}));
  fmt::print("Cameras seal to it once its public file is in their folder of recipients: {}\n",
             (authority->recipients() / (to_hex(key_id(made->key)) + ".toml")).string());
  return {};
}

Status list_recipient_keys(const Arguments& arguments) {
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  const auto known = backoffice::list_recipients(authority->recipients());
  if (!known) return fail(known.error());
  for (const backoffice::KnownRecipient& one : *known)
    fmt::print("{}\n", line_of(one));
  return {};
}

Status new_unlock_key(const Arguments& arguments) {
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  const auto validity = validity_from(arguments);
  if (!validity) return fail(validity.error());
  const auto made = backoffice::make_unlock_key(authority->unlock(), arguments.device_id, utc_now(),
                                                validity->from, validity->until);
  if (!made) return fail(made.error());
  fmt::print("{}\n", line_of({*made, true}));
  fmt::print("Put its public file into the camera's folder of recipients, or enrol the camera again: {}\n",
             (authority->unlock() / arguments.device_id / (to_hex(key_id(made->key)) + ".toml")).string());
  return {};
}

Status list_unlock_keys(const Arguments& arguments) {
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  const auto devices = backoffice::list_unlock_keys(authority->unlock());
  if (!devices) return fail(devices.error());
  for (const backoffice::UnlockDevice& device : *devices) {
    fmt::print("{}  {}\n", device.device_id, device.revoked ? "revoked" : "lent when asked for");
    for (const Recipient& key : device.keys)
      fmt::print("  {}\n", line_of({key, true}));
  }
  return {};
}

Status revoke_unlock(const Arguments& arguments) {
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  if (const auto done = backoffice::revoke_unlock(authority->unlock(), arguments.device_id, utc_now()); !done)
    return done;
  fmt::print(
      "{} is lent no key any more. While it runs, it keeps those it has until it asks next, within an hour, "
      "or, cut off from here, for a day\n",
      arguments.device_id);
  return {};
}

Status restore_unlock(const Arguments& arguments) {
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  if (const auto done = backoffice::restore_unlock(authority->unlock(), arguments.device_id, utc_now());
      !done)
    return done;
  fmt::print("{} is lent its keys again\n", arguments.device_id);
  return {};
}

void print_pass(const std::string& document) {
  const auto pass = backoffice::summarise(document);
  if (!pass) return;  // what has been stored has been validated
  fmt::print("{}\n", backoffice::to_line(*pass));
  std::fflush(stdout);
}

// Not among the office's own files, and onto nothing that is no file.
Status check_output(const fs::path& file, const fs::path& office) {
  if (!overlap(file, office)) return check_replaceable(file);
  return fail(ErrorCode::invalid_input,
              fmt::format("{} lies inside of the back office's own folder: give a place outside of it",
                          file.string()));
}

// Before any thread is started, so that none of them is interrupted and wait_for_stop() gets the signal.
sigset_t block_stop_signals() {
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  return stop_signals;
}

void wait_for_stop(const sigset_t& stop_signals) {
  int signal_number = 0;
  sigwait(&stop_signals, &signal_number);
  log::info("stopping", {{"signal", signal_number}});
}

Status serve(const Arguments& arguments) {
  const sigset_t stop_signals = block_stop_signals();
  if (!arguments.port_file.empty()) {
    const auto allowed = check_output(arguments.port_file, arguments.folder);
    if (!allowed) return allowed;
  }
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  backoffice::ServerOptions options{arguments.listen, arguments.port, {}};
  if (arguments.watch) options.on_record = print_pass;
  auto server = backoffice::Server::start(office->authority, *office->store, std::move(options));
  if (!server) return fail(server.error());
  if (!arguments.port_file.empty()) {
    const auto written =
        replace_file(arguments.port_file, as_bytes(std::to_string((*server)->port()) + "\n"));
    if (!written) return written;
  }
  log::info("serving", {{"url", (*server)->url()}});
  wait_for_stop(stop_signals);
  server->reset();
  return {};
}

Status ingest(const Arguments& arguments) {
  const sigset_t stop_signals = block_stop_signals();
  ::signal(SIGPIPE, SIG_IGN);  // libmosquitto writes to connections that a broker has closed
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  backoffice::IngestOptions options{arguments.broker};
  if (arguments.watch) options.on_record = print_pass;
  auto running = backoffice::Ingest::start(office->authority, *office->store, std::move(options));
  if (!running) return fail(running.error());
  wait_for_stop(stop_signals);
  running->reset();
  return {};
}

Status broker_certificate(const Arguments& arguments) {
  if (overlap(arguments.out, arguments.folder)) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} lies inside of the back office's own folder: give a place outside of it",
                            arguments.out.string()));
  }
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  const auto made = authority->make_broker_certificate(arguments.hosts, arguments.out, utc_now());
  if (!made) return made;
  fmt::print("Wrote ca.crt, broker.crt and broker.key, for {}, to {}\n", fmt::join(arguments.hosts, ", "),
             arguments.out.string());
  return {};
}

Status list(const Arguments& arguments) {
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  const auto selection = selection_from(arguments);
  if (!selection) return fail(selection.error());
  std::size_t records = 0;
  std::size_t incomplete = 0;
  const Status visited =
      office->store->visit(*selection, [&](const backoffice::StoredRecord& record) -> Status {
        const auto pass = backoffice::summarise(record.document);
        if (!pass) return fail(pass.error());
        ++records;
        if (!record.complete()) ++incomplete;
        fmt::print("{:<52}  {}  {:>8}{}\n", backoffice::to_line(*pass), record.id.device_id, record.id.number,
                   record.complete() ? "" : "  pictures missing");
        return {};
      });
  if (!visited) return visited;
  fmt::print("{}, {} without both pictures\n", count_of(records, "record"), incomplete);
  const auto queues = backoffice::coverage(*office->store);
  if (!queues) return fail(queues.error());
  const auto [given_up, missing] = backoffice::totals(*queues);
  if (given_up == 0 && missing == 0) return {};
  fmt::print("Of all record numbers so far, {} given up by cameras, {} missing: see {} check {}\n", given_up,
             missing, program, arguments.folder.string());
  return {};
}

Status check_export_places(const Arguments& arguments) {
  std::vector<std::pair<std::string_view, fs::path>> places;
  for (const auto& [option, file] : {std::pair<std::string_view, fs::path>{"--jsonl", arguments.jsonl},
                                     {"--html", arguments.html},
                                     {"--ledger", arguments.ledger}}) {
    if (file.empty()) continue;
    for (const auto& [other, place] : places) {
      if (!overlap(file, place)) continue;
      return fail(ErrorCode::invalid_input,
                  fmt::format("{} and {} name the same file: the second would be written over the first",
                              other, option));
    }
    if (const auto allowed = check_output(file, arguments.folder); !allowed) return allowed;
    places.emplace_back(option, file);
  }
  if (!places.empty()) return {};
  return fail(ErrorCode::invalid_input, "export needs --jsonl FILE, --html FILE, --ledger FILE or several");
}

Status export_records(const Arguments& arguments) {
  if (const auto allowed = check_export_places(arguments); !allowed) return allowed;
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  const auto selection = selection_from(arguments);
  if (!selection) return fail(selection.error());
  std::size_t damaged = 0;
  const auto said = [&](const Result<backoffice::ExportCounts>& counts, const fs::path& file) -> Status {
    if (!counts) return fail(counts.error());
    damaged = std::max(damaged, counts->damaged);
    fmt::print("Wrote {} to {}, {} without both pictures, {} left out as damaged\n",
               count_of(counts->records, "record"), file.string(), counts->incomplete, counts->damaged);
    return {};
  };
  if (!arguments.jsonl.empty()) {
    const auto done =
        said(backoffice::export_jsonl(*office->store, *selection, arguments.jsonl), arguments.jsonl);
    if (!done) return done;
  }
  if (!arguments.html.empty()) {
    const auto done =
        said(backoffice::export_html(*office->store, *selection, arguments.html), arguments.html);
    if (!done) return done;
  }
  if (!arguments.ledger.empty()) {
    const auto heads = backoffice::export_ledger(*office->store, arguments.ledger);
    if (!heads) return fail(heads.error());
    fmt::print("Wrote {} to {}\n", count_of(*heads, "head"), arguments.ledger.string());
  }
  if (damaged == 0) return {};
  return fail(
      ErrorCode::corrupt,
      fmt::format(
          "{} left out, being no longer what the camera signed: wayside-backoffice check {} names what is "
          "damaged",
          count_of(damaged, "record"), arguments.folder.string()));
}

Status check(const Arguments& arguments) {
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  const auto report = backoffice::check(*office->store);
  if (!report) return fail(report.error());
  for (const std::string& sentence : report->damaged)
    fmt::print("{}\n", sentence);
  for (const backoffice::QueueCoverage& queue : report->queues) {
    for (const std::string& sentence : backoffice::sentences(queue))
      fmt::print("{}\n", sentence);
  }
  fmt::print("{}, {} without both pictures, {}, {}, {} damaged\n", count_of(report->records, "record"),
             report->incomplete, count_of(report->gap_records, "gap record"),
             count_of(report->ledger_records, "ledger record"), report->damaged.size());
  const auto broken = static_cast<std::size_t>(
      std::count_if(report->queues.begin(), report->queues.end(),
                    [](const backoffice::QueueCoverage& queue) { return !queue.is_one_chain(); }));
  if (!report->damaged.empty()) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} of {} not what was stored: restore the folder from a backup",
                            count_of(report->damaged.size(), "part"), arguments.folder.string()));
  }
  if (broken == 0) return {};
  return fail(ErrorCode::corrupt, fmt::format("{} of {} not one chain, or put back to an older state: look "
                                              "into what the camera and its card went through",
                                              count_of(broken, "queue"), arguments.folder.string()));
}

struct Command {
  CLI::App* parsed;
  Status (*work)(const Arguments&);
};

std::vector<Command> add_commands(CLI::App& app, Arguments& arguments) {
  std::vector<Command> commands;
  const auto add_to = [&](CLI::App& parent, const char* name, const char* help,
                          Status (*work)(const Arguments&)) {
    CLI::App* sub = parent.add_subcommand(name, help);
    sub->add_option("DIR", arguments.folder, "The back office's folder")->required();
    commands.push_back({sub, work});
    return sub;
  };
  const auto add = [&](const char* name, const char* help, Status (*work)(const Arguments&)) {
    return add_to(app, name, help, work);
  };
  const auto add_selection = [&](CLI::App* sub) {
    sub->add_option("--since", arguments.since,
                    "Only passes from this UTC date or time on, as in 2026-11-22");
    sub->add_option("--limit", arguments.limit, "Only the newest so many passes; 0 for all")
        ->check(whole_number(0, UINT32_MAX));
  };

  CLI::App* sub =
      add("init", "Make a back office in a new folder; again: renew the server's certificate", init);
  sub->add_option(
      "--host", arguments.hosts,
      "Names or addresses that cameras will call it by, beside localhost and those it has already");
  sub->footer(
      "Makes the authority (EC P-256), the server's certificate and the one it shows to an MQTT broker (two\n"
      "years), a first recipient key (two years) and the store. DIR is readable by its owner only. Run "
      "again,\n"
      "it keeps authority and records, and makes both certificates anew, the server's for the names it had "
      "and\n"
      "those of --host; restart serve and ingest to use them. To drop a name, delete server.crt first and "
      "give\n"
      "every name that stays.\n"
      "Example: wayside-backoffice init office --host anpr.example.org --host 192.0.2.7");

  sub = add("enrol", "Sign a camera's certificate request and let the camera in", enrol);
  sub->add_option("--request", arguments.request, "device.csr, as waysided --make-identity wrote it")
      ->required();
  sub->add_option("--out", arguments.out, "Folder to write device.crt, back-office-ca.crt and recipients/ to")
      ->required();
  sub->footer(
      "A camera that is enrolled again can use only its newest certificate (two years). Where its key is\n"
      "another than before, as after a replacement, that is said; records that the earlier key signed are "
      "still\n"
      "taken. recipients/ says whom the camera seals to: every public file of DIR/recipients whose key has "
      "not\n"
      "ended, a second controller's too. Works while serving.\n"
      "Example: wayside-backoffice enrol office --request device.csr --out for-the-camera");

  CLI::App* keys = app.add_subcommand("recipient-key", "Make and list the keys that cameras seal records to");
  keys->require_subcommand(1);
  sub = add_to(*keys, "new", "Make the office's next key", new_recipient_key);
  sub->add_option("--valid-from", arguments.valid_from, "UTC date or time; now, if not given");
  sub->add_option("--valid-until", arguments.valid_until, "UTC date or time; two years later, if not given");
  sub->footer(
      "The secret stays in DIR/recipients; it opens what is sealed to it also after the key has ended. The "
      "key\n"
      "becomes the successor of the office's latest one. Works while serving.\n"
      "Example: wayside-backoffice recipient-key new office --valid-from 2028-10-01");
  sub = add_to(*keys, "list", "Print whom cameras seal to", list_recipient_keys);
  sub->footer(
      "Columns: key id, view, own (its secret is here) or other, name, validity. Another controller is added "
      "by\n"
      "putting its public file into DIR/recipients.\n"
      "Example: wayside-backoffice recipient-key list office");

  CLI::App* unlock =
      app.add_subcommand("unlock-key", "Keys that a camera borrows to open its own records (profile bof2)");
  unlock->require_subcommand(1);
  const auto add_unlock = [&](const char* name, const char* help, Status (*work)(const Arguments&)) {
    CLI::App* command = add_to(*unlock, name, help, work);
    command->add_option("--device", arguments.device_id, "The camera's device id, 16 hex digits")->required();
    return command;
  };
  sub = add_unlock("new", "Make a camera's next unlock key", new_unlock_key);
  sub->add_option("--valid-from", arguments.valid_from, "UTC date or time; now, if not given");
  sub->add_option("--valid-until", arguments.valid_until, "UTC date or time; two years later, if not given");
  sub->footer(
      "The secret stays in DIR/unlock; serve lends it to this camera alone, over its own certificate, and "
      "writes\n"
      "down when in DIR/unlock/audit.jsonl. The camera holds it in memory only. Works while serving.\n"
      "Example: wayside-backoffice unlock-key new office --device 0123456789abcdef");
  sub = add_to(*unlock, "list", "Print the cameras that borrow keys, and their keys", list_unlock_keys);
  sub->footer("Example: wayside-backoffice unlock-key list office");
  sub = add_unlock("revoke", "Lend a camera no key any more, as when it was stolen", revoke_unlock);
  sub->footer(
      "Works while serving.\nExample: wayside-backoffice unlock-key revoke office --device 0123456789abcdef");
  sub = add_unlock("restore", "Lend it its keys again", restore_unlock);
  sub->footer("Example: wayside-backoffice unlock-key restore office --device 0123456789abcdef");

  sub = add("serve", "Take records from cameras until stopped by SIGTERM or SIGINT", serve);
  sub->add_option("--listen", arguments.listen, "Address to listen on; 0.0.0.0 for all")
      ->capture_default_str();
  sub->add_option("--port", arguments.port, "Port; 0 lets the system choose")
      ->check(whole_number(0, UINT16_MAX));
  sub->add_option("--port-file", arguments.port_file, "Write the port's number to this file once it answers");
  sub->add_flag("--watch", arguments.watch, "Print each record: time, VRM, confidence, direction, lane");
  sub->footer(
      "TLS 1.3 only; cameras show the certificate they were enrolled with. Logs go to standard error and\n"
      "never hold a VRM; the lines of --watch go to standard output.\n"
      "Example: wayside-backoffice serve office --listen 0.0.0.0 --port 8443 --watch");

  sub = add("ingest", "Take records from cameras through an MQTT broker until stopped", ingest);
  sub->add_option("--broker", arguments.broker, "mqtts://HOST:PORT, HOST as the broker's certificate says")
      ->required();
  sub->add_flag("--watch", arguments.watch, "As for serve");
  sub->footer(
      "Shows the broker DIR/client.crt, which init makes, as \"office\". Runs beside serve and beside other\n"
      "ingests of the same DIR: each record is kept once.\n"
      "Example: wayside-backoffice ingest office --broker mqtts://broker.example.org:8883");

  sub = add("broker-certificate", "Make a certificate for an MQTT broker", broker_certificate);
  sub->add_option("--host", arguments.hosts, "Names or addresses that cameras and office call it by")
      ->required();
  sub->add_option("--out", arguments.out, "Folder to write ca.crt, broker.crt and broker.key to")->required();
  sub->footer(
      "Two years. Cameras need nothing new: they trust what the office's authority signed, and show the\n"
      "certificate they were enrolled with.\n"
      "Example: wayside-backoffice broker-certificate office --host broker.example.org --out for-the-broker");

  sub = add("list", "Print the passes, newest last", list);
  add_selection(sub);
  sub->footer(
      "Columns: time of capture (UTC), VRM, confidence, direction, lane, device, record number.\n"
      "Example: wayside-backoffice list office --since 2026-11-22 --limit 20");

  sub = add("export",
            "Write the passes to a file: JSON lines, one HTML page with the pictures, or signed heads",
            export_records);
  sub->add_option("--jsonl", arguments.jsonl, "Write one JSON object a line: key, complete or not, document");
  sub->add_option("--html", arguments.html, "Write one page that opens in any browser, pictures included");
  sub->add_option(
      "--ledger", arguments.ledger,
      "Write the signed head of every record, from which a third party can verify chain and gaps");
  add_selection(sub);
  sub->footer(
      "The files are readable by their owner only (they hold VRMs and pictures) and must lie outside DIR.\n"
      "Records that are no longer what their camera signed are left out of lines and page, and counted: exit "
      "code 1.\n"
      "Examples: wayside-backoffice export office --html passes.html --limit 500\n"
      "          wayside-backoffice export office --jsonl passes.jsonl --since 2026-11-22T08:00:00Z");

  sub = add("check", "Verify every record anew and say what is damaged, incomplete or missing", check);
  sub->footer(
      "Seals every record again and holds it to the camera's signature; follows each queue's chain.\n"
      "Names the record numbers that have not arrived and that no camera has given up. They may still be on\n"
      "their way: exit code 1 only where anything is damaged or a chain is broken. Names those too that are "
      "stored although\n"
      "their camera gave them up.\n"
      "Example: wayside-backoffice check office");
  return commands;
}

int run(int argc, char** argv) {
  ::umask(077);  // everything this program writes is somebody's personal data
  log::start(log::Level::info, log::Format::console);
  CLI::App app{description, std::string(program)};
  prepare(app);
  app.footer(examples);
  Arguments arguments;
  const std::vector<Command> commands = add_commands(app, arguments);
  if (const auto code = parse(app, argc, argv)) return *code;
  for (const Command& command : commands) {
    if (!command.parsed->parsed()) continue;
    const Status done = command.work(arguments);
    return done ? exit_done : report(program, done.error());
  }
  return report(program, {ErrorCode::invalid_input,
                          "a command is missing: init, enrol, recipient-key, unlock-key, serve, ingest, "
                          "broker-certificate, list, export or check; see --help"});
}

}  // namespace
}  // namespace wayside::app

int main(int argc, char** argv) {
  wayside::harden_process();
  return wayside::app::run_program(wayside::app::program, [&] { return wayside::app::run(argc, argv); });
}
