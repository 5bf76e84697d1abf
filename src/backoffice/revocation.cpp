#include "wayside/backoffice/revocation.hpp"

#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/backoffice/given_lists.hpp"
#include "wayside/backoffice/issued_authorities.hpp"
#include "wayside/backoffice/unlock_keys.hpp"
#include "wayside/backoffice/updates.hpp"
#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/remove_any.hpp"

#include "src/backoffice/audit_file.hpp"
#include "src/backoffice/list_files.hpp"
#include "src/backoffice/signing_key.hpp"
#include "src/device/identity/pem.hpp"

namespace wayside::backoffice {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Kind = AuthorityDocument::Kind;

constexpr std::size_t longest_reason = 1000;

Json entry_of(const std::string& device_id, const std::string& reason) {
  return {{"device_id", device_id}, {"reason", reason.substr(0, longest_reason)}, {"by", operator_name()}};
}

}  // namespace

Result<bool> RevokedCameras::contains(const std::string& device_id) const {
  if (!pem::is_device_id(device_id)) return false;
  std::error_code failed;
  const fs::file_status status = fs::symlink_status(folder_ / device_id, failed);
  if (status.type() == fs::file_type::not_found) return false;
  if (!failed) return true;
  return fail(ErrorCode::io,
              fmt::format("cannot look into {}: {}", json_escape(folder_.string()), failed.message()));
}

Result<std::set<std::string>> RevokedCameras::all() const {
  const auto paths = list_files::paths_in(folder_);
  if (!paths) return fail(paths.error());
  std::set<std::string> devices;
  for (const fs::path& path : *paths) {
    if (std::string name = path.filename().string(); pem::is_device_id(name)) devices.insert(std::move(name));
  }
  return devices;
}

Status RevokedCameras::add(const std::string& device_id, const std::string& reason, UtcTime now) const {
  if (!pem::is_device_id(device_id)) {
    return fail(ErrorCode::invalid_input,
                "a device id must be 16 lower case hex digits, as in device.crt's name");
  }
  if (const Status made = make_private_folder(folder_); !made) return made;
  Json entry = entry_of(device_id, reason);
  entry["time"] = to_iso8601(now);
  const std::string text = entry.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  // An earlier one stays: it is as good, and may say since when.
  if (const auto there = contains(device_id); !there || !*there) {
    if (const Status written = replace_file(folder_ / device_id, as_bytes(text), 0600); !written)
      return written;
  }
  return put_on_record(folder_, now, "revoked", entry_of(device_id, reason));
}

Result<bool> RevokedCameras::remove(const std::string& device_id, UtcTime now) const {
  const auto there = contains(device_id);
  if (!there || !*there) return there;
  const Json entry = {{"device_id", device_id}, {"by", operator_name()}};
  if (const Status recorded = put_on_record(folder_, now, "let in again", entry); !recorded)
    return fail(recorded.error());
  if (const Status gone = remove_any(folder_ / device_id); !gone) return fail(gone.error());
  return true;
}

namespace {

Result<std::optional<std::uint64_t>> end_authority(const fs::path& folder, const std::string& device_id,
                                                   const std::string& reason, UtcTime now) {
  IssuedAuthorities issued(folder);
  const auto documents = issued.list();
  if (!documents) return fail(documents.error());
  bool in_force = false;
  for (const IssuedAuthorities::Issued& one : *documents) {
    if (!one.document || !is_for(*one.document, device_id)) continue;
    if (one.document->kind == Kind::revocation)
      in_force = false;
    else if (one.document->valid_until > now)
      in_force = true;
  }
  if (!in_force) return std::optional<std::uint64_t>();
  AuthorityDocument draft;
  draft.kind = Kind::revocation;
  draft.devices = {device_id};
  draft.reason = reason;
  auto done = issued.issue(draft, now);
  if (!done && done.error().code == ErrorCode::invalid_input) {
    // A document takes less than what a person may type.
    draft.reason = "the camera is revoked; the office has the reason on record";
    done = issued.issue(std::move(draft), now);
  }
  if (!done) return fail(done.error());
  return std::optional(done->number);
}

Result<bool> end_unlock_keys(const fs::path& folder, const std::string& device_id, UtcTime now) {
  const auto devices = list_unlock_keys(folder);
  if (!devices) return fail(devices.error());
  for (const UnlockDevice& device : *devices) {
    if (device.device_id != device_id || device.revoked) continue;
    if (const Status done = revoke_unlock(folder, device_id, now); !done) return fail(done.error());
    return true;
  }
  return false;
}

Result<std::vector<std::string>> end_updates(const Updates& updates, const std::string& device_id,
                                             UtcTime now) {
  const auto given = updates.given();
  if (!given) return fail(given.error());
  std::vector<std::string> boards;
  for (const Updates::Given& one : *given) {
    if (one.to != device_id) continue;
    if (const Status done = updates.withdraw(one.offer.compatible, device_id, now); !done)
      return fail(done.error());
    boards.push_back(one.offer.compatible);
  }
  return boards;
}

}  // namespace

Revocation revoke_camera(const Authority& authority, const std::string& device_id, const std::string& reason,
                         UtcTime now) {
  Revocation done;
  const auto say = [&](std::string_view what, const Error& error) {
    done.problems.push_back(fmt::format("{}: {}", what, error.message));
  };
  const RevokedCameras revoked(authority.revoked());
  const Status added = revoked.add(device_id, reason, now);
  done.locked_out = revoked.contains(device_id).value_or(false);
  if (!added) say(done.locked_out ? "it is not in revoked/audit.jsonl" : "it is still let in", added.error());
  if (auto ended = end_authority(authority.deployment(), device_id, reason, now))
    done.authority = *ended;
  else
    say("its deployment authority is not ended", ended.error());
  if (const auto ended = end_unlock_keys(authority.unlock(), device_id, now))
    done.unlock_keys = *ended;
  else
    say("its unlock keys are not revoked", ended.error());
  if (auto ended = GivenLists(authority.watch_lists()).withdraw_all(device_id, now))
    done.lists = std::move(*ended);
  else
    say("not all of its VOI lists are withdrawn", ended.error());
  if (auto ended = end_updates(Updates(authority.updates()), device_id, now))
    done.updates = std::move(*ended);
  else
    say("not all of its updates are withdrawn", ended.error());
  return done;
}

}  // namespace wayside::backoffice
