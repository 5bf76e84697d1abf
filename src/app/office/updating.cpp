#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "wayside/backoffice/updates.hpp"
#include "wayside/base/json_text.hpp"

#include "src/app/office/commands.hpp"
#include "src/backoffice/camera_health.hpp"

namespace wayside::app::office {

using backoffice::all_cameras;
using backoffice::Authority;
using backoffice::Updates;

namespace {

void print(const UpdateOffer& offer) {
  fmt::print("{}  {}  {} bytes  {}\n", offer.compatible, offer.version, offer.bytes, offer.sha256);
}

// Exactly one of the two, as CLI11 has seen to.
std::vector<std::string> cameras_of(const Arguments& arguments) {
  return arguments.all ? std::vector{std::string(all_cameras)} : arguments.devices;
}

// What each said with its last heartbeat; those that do not run from an image say nothing.
Status print_said(backoffice::Store& store) {
  const auto heartbeats = store.heartbeats();
  if (!heartbeats) return fail(heartbeats.error());
  for (const auto& kept : *heartbeats) {
    const auto said = backoffice::system_in_heartbeat(kept.json);
    if (!said) continue;
    fmt::print("{}  {}  (said {})\n", kept.device_id, backoffice::to_words(*said),
               to_iso8601(kept.received_at));
  }
  return {};
}

// A camera asks for what is given to its board, so that another's would be given to nobody.
Status check_boards(backoffice::Store& store, const Arguments& arguments) {
  const auto heartbeats = store.heartbeats();
  if (!heartbeats) return fail(heartbeats.error());
  for (const auto& kept : *heartbeats) {
    const auto& devices = arguments.devices;
    if (std::find(devices.begin(), devices.end(), kept.device_id) == devices.end()) continue;
    const auto said = backoffice::system_in_heartbeat(kept.json);
    if (!said || said->compatible == arguments.compatible) continue;
    return fail(
        ErrorCode::refused,
        fmt::format("{} said with its last heartbeat that it is a {}, and this update is for {}: give it "
                    "one for its own board",
                    kept.device_id, json_escape(said->compatible), arguments.compatible));
  }
  return {};
}

}  // namespace

Status add_update(const Arguments& arguments) {
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  const auto added = Updates(authority->updates()).add(arguments.offer, utc_now());
  if (!added) return fail(added.error());
  print(*added);
  return {};
}

Status give_update(const Arguments& arguments) {
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  if (const auto enrolled = check_let_in(*office, arguments.devices); !enrolled) return enrolled;
  if (const auto its_own = check_boards(*office->store, arguments); !its_own) return its_own;
  std::optional<UtcTime> not_before;
  if (!arguments.not_before.empty()) {
    const auto time = time_from(arguments.not_before, "--not-before");
    if (!time) return fail(time.error());
    not_before = *time;
  }
  const Updates updates(office->authority.updates());
  for (const std::string& camera : cameras_of(arguments)) {
    const auto given = updates.give(arguments.version, arguments.compatible, camera, not_before, utc_now());
    if (!given) return given;
    fmt::print("{} {} is given to {}\n", arguments.compatible, arguments.version, camera);
  }
  fmt::print("Cameras fetch it after their next heartbeat, over HTTPS.\n");
  return {};
}

Status withdraw_update(const Arguments& arguments) {
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  const Updates updates(authority->updates());
  for (const std::string& camera : cameras_of(arguments)) {
    const auto withdrawn = updates.withdraw(arguments.compatible, camera, utc_now());
    if (!withdrawn) return withdrawn;
    fmt::print("the update for {} is withdrawn from {}\n", arguments.compatible, camera);
  }
  return {};
}

Status remove_update(const Arguments& arguments) {
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  const auto removed =
      Updates(authority->updates()).remove(arguments.version, arguments.compatible, utc_now());
  if (!removed) return removed;
  fmt::print("{} {} is removed\n", arguments.compatible, arguments.version);
  return {};
}

Status list_updates(const Arguments& arguments) {
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  const Updates updates(office->authority.updates());
  const auto bundles = updates.bundles();
  if (!bundles) return fail(bundles.error());
  for (const UpdateOffer& offer : *bundles) {
    print(offer);
    if (!updates.is_whole(offer))
      fmt::print("  its bundle is not here whole any more: add it again (wayside-backoffice update add)\n");
  }
  const auto given = updates.given();
  if (!given) return fail(given.error());
  for (const auto& [to, offer] : *given) {
    fmt::print("{}  {} given to {}{}\n", offer.compatible, offer.version, to,
               offer.not_before ? ", not before " + to_iso8601(*offer.not_before) : std::string());
  }
  return print_said(*office->store);
}

}  // namespace wayside::app::office
