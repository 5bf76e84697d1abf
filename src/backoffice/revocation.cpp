#include "wayside/backoffice/revocation.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "wayside/backoffice/given_lists.hpp"
#include "wayside/backoffice/issued_authorities.hpp"
#include "wayside/backoffice/unlock_keys.hpp"
#include "wayside/backoffice/updates.hpp"

#include "src/backoffice/audit_file.hpp"

namespace wayside::backoffice {

namespace {

using Kind = AuthorityDocument::Kind;

Result<std::optional<std::uint64_t>> end_authority(const std::filesystem::path& folder,
                                                   const std::string& device_id, const std::string& reason,
                                                   UtcTime now) {
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
  const auto done = issued.issue(std::move(draft), now);
  if (!done) return fail(done.error());
  return std::optional(done->number);
}

Result<bool> end_unlock_keys(const std::filesystem::path& folder, const std::string& device_id, UtcTime now) {
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

Result<Revocation> revoke_camera(const Authority& authority, Store& store, const std::string& device_id,
                                 const std::string& reason, UtcTime now) {
  const auto keys = store.device_keys(device_id);
  if (!keys) return fail(keys.error());
  if (keys->empty()) return fail(ErrorCode::not_found, "no such device is enrolled here");
  const auto ended = end_authority(authority.deployment(), device_id, reason, now);
  if (!ended) return fail(ended.error());
  Revocation revocation;
  revocation.authority = *ended;
  const nlohmann::json entry = {{"device_id", device_id}, {"reason", reason}, {"by", operator_name()}};
  if (const Status recorded = put_on_record(authority.folder(), now, "revoked", entry); !recorded)
    return fail(recorded.error());
  if (const Status done = store.revoke(device_id); !done) return fail(done.error());
  const auto unlock = end_unlock_keys(authority.unlock(), device_id, now);
  if (!unlock) return fail(unlock.error());
  revocation.unlock_keys = *unlock;
  auto lists = GivenLists(authority.watch_lists()).withdraw_all(device_id, now);
  if (!lists) return fail(lists.error());
  revocation.lists = std::move(*lists);
  auto updates = end_updates(Updates(authority.updates()), device_id, now);
  if (!updates) return fail(updates.error());
  revocation.updates = std::move(*updates);
  return revocation;
}

}  // namespace wayside::backoffice
