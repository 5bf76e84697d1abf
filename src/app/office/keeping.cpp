#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "wayside/backoffice/recipients.hpp"
#include "wayside/backoffice/revocation.hpp"
#include "wayside/backoffice/unlock_keys.hpp"
#include "wayside/base/files.hpp"

#include "src/app/office/commands.hpp"

namespace wayside::app::office {

namespace fs = std::filesystem;
using backoffice::Authority;
using backoffice::Store;

namespace {

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

Status check_outside(const fs::path& out, const fs::path& office) {
  if (!overlap(out, office)) return {};
  return fail(ErrorCode::invalid_input,
              fmt::format("{} lies inside of the back office's own folder: give a place outside of it",
                          out.string()));
}

}  // namespace

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

Status enrol(const Arguments& arguments) {
  // Its recipients would become those of every camera that is enrolled later: one camera's unlock key, too.
  if (const auto outside = check_outside(arguments.out, arguments.folder); !outside) return outside;
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  const auto enrolled = backoffice::enrol_device(office->authority, *office->store, arguments.request,
                                                 arguments.out, utc_now());
  if (!enrolled) return fail(enrolled.error());
  fmt::print("Enrolled device {} until {}; an earlier certificate of it is no longer taken\n",
             enrolled->device.device_id, to_iso8601(enrolled->device.valid_until));
  if (const auto words = words_on(enrolled->earlier_key); !words.empty()) fmt::print("{}\n", words);
  if (enrolled->was_revoked) {
    fmt::print(
        "It was revoked, and is let in again; what that ended stays ended: issue its deployment "
        "authority,\ngive it VOI lists and updates, and restore its unlock keys where it is to have "
        "them\n");
  }
  tell_endings(office->authority);
  fmt::print(
      "Put {}, back-office-ca.crt, recipients/, authority/ and watchlists/ beside it into the camera's "
      "identity "
      "folder,\n"
      "or paste {} at its console (enrol load), which shows this office as {}\n",
      (arguments.out / "device.crt").string(), backoffice::enrolment_name, enrolled->office);
  return {};
}

Status revoke(const Arguments& arguments) {
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  const auto store = Store::open_existing(authority->database());
  const Status enrolled = store ? check_enrolled(**store, arguments.devices) : fail(store.error());
  if (!enrolled) {
    const ErrorCode code = enrolled.error().code;
    if (store && (code == ErrorCode::not_found || code == ErrorCode::invalid_input)) return enrolled;
    // A store that cannot be asked is no reason to let anybody in.
    fmt::print("whether it was ever enrolled cannot be told: {}\n", enrolled.error().message);
  }
  std::size_t left = 0;
  for (const std::string& device : arguments.devices) {
    const auto done = backoffice::revoke_camera(*authority, device, arguments.reason, utc_now());
    fmt::print("{} is {}\n", device,
               done.locked_out ? "revoked: nothing more is taken from it" : "NOT REVOKED");
    if (done.authority) fmt::print("  its deployment authority is ended by {}\n", *done.authority);
    if (done.unlock_keys) fmt::print("  it is lent no key any more\n");
    if (!done.lists.empty()) fmt::print("  withdrawn from it: {}\n", fmt::join(done.lists, ", "));
    if (!done.updates.empty())
      fmt::print("  withdrawn from it: updates for {}\n", fmt::join(done.updates, ", "));
    for (const std::string& problem : done.problems)
      fmt::print("  LEFT: {}\n", problem);
    left += done.problems.size();
  }
  if (left == 0) return {};
  return fail(ErrorCode::io, "not all could be done, as said above: mend that, and run it again");
}

Status broker_certificate(const Arguments& arguments) {
  if (const auto outside = check_outside(arguments.out, arguments.folder); !outside) return outside;
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  const auto made = authority->make_broker_certificate(arguments.hosts, arguments.out, utc_now());
  if (!made) return made;
  fmt::print("Wrote ca.crt, broker.crt and broker.key, for {}, to {}\n", fmt::join(arguments.hosts, ", "),
             arguments.out.string());
  return {};
}

Status new_recipient_key(const Arguments& arguments) {
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  const auto validity = validity_from(arguments, backoffice::recipient_key_lifetime);
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
  const auto validity = validity_from(arguments, backoffice::recipient_key_lifetime);
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

}  // namespace wayside::app::office
