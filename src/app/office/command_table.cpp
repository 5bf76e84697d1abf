#include <cstdint>
#include <tuple>

#include <fmt/format.h>

#include "src/app/office/commands.hpp"

namespace wayside::app::office {

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
    sub->add_flag("--hits", arguments.hits, "Only passes that fit an entry of a VOI list");
  };

  CLI::App* sub =
      add("init", "Make a back office in a new folder; again: renew the server's certificate", init);
  sub->add_option(
      "--host", arguments.hosts,
      "Names or addresses that cameras will call it by, beside localhost and those it has already; again for "
      "more")
      ->allow_extra_args(false);
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
  sub->add_option(
         "--out", arguments.out,
         "Folder to write device.crt, back-office-ca.crt, recipients/, authority/ and watchlists/ to")
      ->required();
  sub->footer(
      "A camera that is enrolled again can use only its newest certificate (two years). Where its key is\n"
      "another than before, as after a replacement, that is said; records that the earlier key signed are "
      "still\n"
      "taken. recipients/ says whom the camera seals to: every public file of DIR/recipients whose key has "
      "not\n"
      "ended, a second controller's too. authority/ holds the key that deployment authorities are signed "
      "with, "
      "and\n"
      "what was issued for the camera, watchlists/ the key that VOI lists are signed with. Works while "
      "serving.\n"
      "Example: wayside-backoffice enrol office --request device.csr --out for-the-camera");

  sub = add("revoke", "Let a camera that is gone in no more, and end all that it has of the office", revoke);
  sub->add_option("--device", arguments.devices, "Device id of each camera, 16 hex digits; again for more")
      ->allow_extra_args(false)
      ->required();
  sub->add_option("--reason", arguments.reason, "Why; it stays on record")->required();
  sub->footer(
      "Takes its certificate no longer, ends its deployment authority and the keys that are lent to it, and\n"
      "withdraws its VOI lists and updates. Its records stay, and verify. It hears nothing more, so where it\n"
      "still runs, let authority revoke come first, and this once authority list shows that it was heard. A\n"
      "broker still lets it connect; what it sends is not taken. Works while serving. enrol lets it in again:\n"
      "what it had of the office stays ended then. Kept in DIR/revoked.\n"
      "Example: wayside-backoffice revoke office --device 0123456789abcdef --reason \"Stolen, crime 2026/4711\"");

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

  CLI::App* authority = app.add_subcommand(
      "authority", "Who may have a camera stand where, why and until when; without one it captures nothing");
  authority->require_subcommand(1);
  sub = add_to(*authority, "issue", "Issue a deployment authority", issue_authority);
  sub->add_option("--device", arguments.devices,
                  "Device id of each camera that it is for, 16 hex digits; again for more")
      ->allow_extra_args(false)
      ->required();
  sub->add_option("--organisation", arguments.organisation, "Who answers for the camera")->required();
  sub->add_option("--purpose", arguments.purpose, "What it is for, as the assessment of its need says")
      ->required();
  sub->add_option("--site", arguments.site, "Where it stands, in words")->required();
  sub->add_option("--latitude", arguments.latitude, "Degrees, WGS 84, north positive")->required();
  sub->add_option("--longitude", arguments.longitude, "Degrees, WGS 84, east positive")->required();
  sub->add_option("--contact", arguments.contact, "Whom to ask about it")->required();
  sub->add_option("--valid-from", arguments.valid_from, "UTC date or time; now, if not given");
  sub->add_option("--valid-until", arguments.valid_until, "UTC date or time; one year later, if not given");
  sub->add_option("--review", arguments.review,
                  "By when its need has to be reviewed, UTC date or time; its end, if not given");
  sub->add_flag(
      "--clear-occupants", arguments.clear_occupants,
      "Overviews may show who sits in a vehicle, where the camera's configuration says so too "
      "(privacy.overview_occupants); blurred, if not given. Cameras of an earlier version refuse it");
  sub->footer(
      "It is signed, numbered and kept in DIR/authority, and sent to each camera with the answer to its "
      "next\n"
      "heartbeat; for a camera without a network put the file that is named into its folder\n"
      "identity.directory/authority. Of those that have begun the newest counts. Works while serving.\n"
      "Example: wayside-backoffice authority issue office --device 0123456789abcdef\n"
      "           --organisation \"Example Constabulary\" --purpose \"Serious crime, assessment 2026/118\"\n"
      "           --site \"A14 J31 westbound\" --latitude 52.2295 --longitude 0.1532\n"
      "           --contact anpr@example.org --valid-until 2027-12-01 --review 2027-06-01");
  sub = add_to(*authority, "revoke", "End every authority of a camera", revoke_authority);
  sub->add_option("--device", arguments.devices, "Device id of each camera, 16 hex digits; again for more")
      ->allow_extra_args(false)
      ->required();
  sub->add_option("--reason", arguments.reason, "Why, for whoever looks at the camera")->required();
  sub->footer(
      "A camera stops within seconds of getting it, and captures nothing until another authority is issued.\n"
      "Works while serving.\n"
      "Example: wayside-backoffice authority revoke office --device 0123456789abcdef --reason \"Need "
      "ceased\"");
  sub = add_to(*authority, "list", "Print what was issued, and what cameras said became of it",
               list_authorities);
  sub->add_option("--device", arguments.device_id, "Only this camera: its device id, 16 hex digits");
  sub->footer("Example: wayside-backoffice authority list office --device 0123456789abcdef");
  sub = add_to(app, "audit", "Print what was done at cameras, and whether each audit trail is whole",
               list_trails);
  sub->add_option("--device", arguments.device_id, "Only this camera: its device id, 16 hex digits");
  sub->footer(
      "An entry a line: number, time by the camera's clock, event, who, and its details. A gap, an altered "
      "entry\n"
      "and another key than before are named, and it ends with 1.\n"
      "Example: wayside-backoffice audit office --device 0123456789abcdef");
  CLI::App* watch =
      app.add_subcommand("watchlist", "Issue the VOI lists that cameras match their reads against");
  watch->require_subcommand(1);
  const auto add_watch = [&](const char* name, const char* help, Status (*work)(const Arguments&)) {
    CLI::App* command = add_to(*watch, name, help, work);
    command->add_option("--list", arguments.list, "The list's id: 1 to 64 of a-z, 0-9 and -")->required();
    return command;
  };
  sub = add_watch("issue", "Sign the next revision of a list", issue_watch_list);
  sub->add_option("--entries", arguments.entries, "A table, *.csv, or JSON lines, *.jsonl")->required();
  sub->add_option("--valid-from", arguments.valid_from, "UTC date or time; now, if not given");
  sub->add_option("--valid-until", arguments.valid_until, "UTC date or time; 30 days later, if not given");
  sub->footer(
      "Fields: vrm, pnc_id, action, weed_date, make, model, colour, warning_markers, reason, nim_code,\n"
      "information, force_area, protective_marking, cad_information, spare_1, spare_2; vrm and action (STOP "
      "or\n"
      "SILENT) are needed. In a VRM ? is any one character and * any number of them. Writes DIR/watchlists, "
      "and\n"
      "the deltas from the four revisions before. Cameras get it once it is given to them.\n"
      "Example: wayside-backoffice watchlist issue office --list north --entries north.csv");
  sub = add_watch("delta", "Make the delta that leads to the newest revision", make_watch_list_delta);
  sub->add_option("--from", arguments.base_revision, "From this revision; from the one before, if not given")
      ->check(whole_number(1, INT64_MAX));
  sub->footer("Example: wayside-backoffice watchlist delta office --list north --from 3");
  for (const auto& [name, help, work] :
       {std::tuple{"give", "Give cameras a list", &give_watch_list},
        std::tuple{"withdraw", "Take a list away from cameras", &withdraw_watch_list}}) {
    sub = add_watch(name, help, work);
    sub->add_option("--device", arguments.devices,
                    "Device id of each camera, 16 hex digits; again for more, all for every one")
        ->allow_extra_args(false)
        ->required();
    sub->footer(
        fmt::format("A camera fetches what it is given after its next heartbeat, over HTTPS, keeps it sealed "
                    "with a key that\n"
                    "is lent to it while it runs, and lets go of what it is not given any more. Withdrawn "
                    "from a camera that\n"
                    "was stolen, its lists open no more. Who got what is in DIR/watchlists/audit.jsonl. "
                    "Works while serving.\n"
                    "Example: wayside-backoffice watchlist {} office --list north --device 0123456789abcdef",
                    name));
  }
  sub = add_to(*watch, "list",
               "Print the revisions and deltas there are, signatures checked, and who is given them",
               list_watch_lists);
  sub->footer("Example: wayside-backoffice watchlist list office");

  add_update_commands(app, arguments, add_to);
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
  sub->add_option("--host", arguments.hosts,
                  "Names or addresses that cameras and office call it by; again for more")
      ->allow_extra_args(false)
      ->required();
  sub->add_option("--out", arguments.out, "Folder to write ca.crt, broker.crt and broker.key to")->required();
  sub->footer(
      "Two years. Cameras need nothing new: they trust what the office's authority signed, and show the\n"
      "certificate they were enrolled with.\n"
      "Example: wayside-backoffice broker-certificate office --host broker.example.org --out for-the-broker");

  sub = add("list", "Print the passes, newest last", list);
  add_selection(sub);
  sub->footer(
      "Columns: time of capture (UTC), VRM, confidence, direction, lane, the likeliest hit (list, revision,\n"
      "entry's id, how it matched, what matched, how likely), device, record number. A hit is no proof: look "
      "at\n"
      "the pictures first (export --html --hits).\n"
      "Records that are no longer what their camera signed are left out, and counted: exit code 1.\n"
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

  sub = add("sight", "Say when cameras could have read a plate, minute by minute", sight);
  sub->add_option("--since", arguments.since, "Only from this UTC date or time on, as in 2026-11-22");
  sub->add_option("--device", arguments.device_id, "Only this camera: its device id, 16 hex digits");
  sub->footer(
      "A line an hour (UTC), a sign a minute: . could read, ? doubtful, # could not, blank: not told, and "
      "then\n"
      "nobody can say. Then how many of each, and what stood against it in how many minutes. A vehicle that "
      "is\n"
      "not in the list can be said not to have been read only where there is a dot.\n"
      "Example: wayside-backoffice sight office --since 2026-11-22 --device 0123456789abcdef");

  sub = add("health", "Say how each enrolled camera is, by its last heartbeat", health);
  sub->add_option("--device", arguments.device_id, "Only this camera: its device id, 16 hex digits");
  sub->footer(
      "A line a camera: when its last heartbeat came (one that runs sends one every 30 seconds), whether it\n"
      "was well then, how many records wait in it, and, where it runs from an image, which system runs and\n"
      "how its update stands. Then each part that is ill, and why, and what ends before long: a camera's\n"
      "certificate, the office's keys and certificates. Exit code 1 where any is ill, has not been heard\n"
      "for 15 minutes, or something ends within three months. What to do for each is in the operator's\n"
      "guide (src/device/health/README.md); a camera that is gone for good is to be revoked.\n"
      "Example: wayside-backoffice health office");

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

}  // namespace wayside::app::office
