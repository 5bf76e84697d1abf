#include "wayside/backoffice/unlock_keys.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/backoffice/recipients.hpp"
#include "wayside/base/files.hpp"
#include "wayside/base/log.hpp"
#include "wayside/delivery/seal/secret_transfer.hpp"

#include "src/backoffice/audit_file.hpp"
#include "src/backoffice/signing_key.hpp"
#include "src/device/identity/pem.hpp"

namespace wayside::backoffice {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Status put_on_record(const fs::path& folder, UtcTime now, std::string_view what, const std::string& device_id,
                     Json more) {
  more["device_id"] = device_id;
  return backoffice::put_on_record(folder, now, what, more);
}

Status by_operator(const fs::path& folder, UtcTime now, std::string_view what, const std::string& device_id,
                   Json more = Json::object()) {
  more["by"] = operator_name();
  return put_on_record(folder, now, what, device_id, std::move(more));
}

Status check_device_id(const std::string& device_id) {
  if (pem::is_device_id(device_id)) return {};
  return fail(ErrorCode::invalid_input,
              "a device id must be 16 lower case hex digits, as in device.crt's name");
}

fs::path revoked_file(const fs::path& folder, const std::string& device_id) {
  return folder / device_id / "revoked";
}

Status check_known(const fs::path& folder, const std::string& device_id) {
  if (const auto good = check_device_id(device_id); !good) return good;
  const auto known = is_there(folder / device_id);
  if (!known) return fail(known.error());
  if (*known) return {};
  return fail(ErrorCode::not_found,
              fmt::format("no unlock key was made for {}: run wayside-backoffice unlock-key new", device_id));
}

}  // namespace

Result<Recipient> make_unlock_key(const fs::path& folder, const std::string& device_id, UtcTime now,
                                  std::optional<UtcTime> valid_from, UtcTime valid_until) {
  if (const auto good = check_device_id(device_id); !good) return fail(good.error());
  const auto revoked = is_there(revoked_file(folder, device_id));
  if (!revoked) return fail(revoked.error());
  if (*revoked) {
    return fail(
        ErrorCode::refused,
        fmt::format("{} is revoked: run wayside-backoffice unlock-key restore first, if it is to be trusted "
                    "again",
                    device_id));
  }
  if (const auto made = make_private_folder(folder); !made) return fail(made.error());
  auto made = make_recipient_key(folder / device_id, valid_from, valid_until, "Unlock key of " + device_id);
  if (!made) return made;
  const auto recorded = by_operator(folder, now, "made", device_id, {{"key", to_hex(key_id(made->key))}});
  if (!recorded) return fail(recorded.error());
  return made;
}

Status revoke_unlock(const fs::path& folder, const std::string& device_id, UtcTime now) {
  if (const auto known = check_known(folder, device_id); !known) return known;
  if (const auto recorded = by_operator(folder, now, "revoked", device_id); !recorded) return recorded;
  return replace_file(revoked_file(folder, device_id), as_bytes(to_iso8601(now) + "\n"), 0600);
}

Status restore_unlock(const fs::path& folder, const std::string& device_id, UtcTime now) {
  if (const auto known = check_known(folder, device_id); !known) return known;
  if (const auto recorded = by_operator(folder, now, "restored", device_id); !recorded) return recorded;
  std::error_code failed;
  fs::remove(revoked_file(folder, device_id), failed);
  if (!failed) return {};
  return fail(ErrorCode::io, fmt::format("cannot remove {}: {}", revoked_file(folder, device_id).string(),
                                         failed.message()));
}

Result<std::vector<UnlockDevice>> list_unlock_keys(const fs::path& folder) {
  std::vector<UnlockDevice> devices;
  std::error_code failed;
  fs::directory_iterator entries(folder, failed);
  if (failed == std::errc::no_such_file_or_directory) return devices;
  for (; !failed && entries != fs::directory_iterator(); entries.increment(failed)) {
    UnlockDevice device;
    device.device_id = entries->path().filename().string();
    if (!pem::is_device_id(device.device_id)) continue;
    const auto revoked = is_there(revoked_file(folder, device.device_id));
    if (!revoked) return fail(revoked.error());
    auto keys = load_recipients(entries->path());
    if (!keys) return fail(keys.error());
    device.revoked = *revoked;
    device.keys = std::move(*keys);
    devices.push_back(std::move(device));
  }
  if (failed)
    return fail(ErrorCode::io, fmt::format("cannot look into {}: {}", folder.string(), failed.message()));
  std::sort(devices.begin(), devices.end(),
            [](const UnlockDevice& a, const UnlockDevice& b) { return a.device_id < b.device_id; });
  return devices;
}

Result<fs::path> unlock_recipients(const fs::path& folder, const std::string& device_id) {
  const auto revoked = is_there(revoked_file(folder, device_id));
  if (!revoked) return fail(revoked.error());
  return *revoked ? fs::path{} : folder / device_id;
}

Result<Bytes> lend_unlock_keys(const fs::path& folder, const UnlockRequest& request, UtcTime now) {
  const auto refuse = [&](ErrorCode code, std::string_view why) {
    const auto recorded = put_on_record(folder, now, "refused", request.device_id,
                                        {{"certificate", to_hex(request.certificate)}, {"why", why}});
    if (!recorded) log::error("unlock_audit_failed", {{"reason", recorded.error()}});
    return fail(code, std::string(why));
  };
  if (const auto known = check_known(folder, request.device_id); !known) {
    return refuse(known.error().code == ErrorCode::io ? ErrorCode::io : ErrorCode::not_found,
                  "no unlock key was made for it");
  }
  const auto revoked = is_there(revoked_file(folder, request.device_id));
  if (!revoked) return fail(revoked.error());
  if (*revoked) return refuse(ErrorCode::refused, "it is revoked");
  PublicKey receiver{};
  if (request.receiver.size() != receiver.size())
    return fail(ErrorCode::invalid_input, "the body must be the 32 bytes of a public key");
  std::copy(request.receiver.begin(), request.receiver.end(), receiver.begin());
  auto secrets = load_recipient_secrets(folder / request.device_id);
  if (!secrets) return fail(secrets.error());
  const auto keys = load_recipients(folder / request.device_id);
  if (!keys) return fail(keys.error());
  // The ones that end last: what is sealed to a camera's ninth key before is given up.
  const auto end_of = [&](const RecipientSecret& secret) {
    const auto found =
        std::find_if(keys->begin(), keys->end(), [&](const Recipient& one) { return one.key == secret.key; });
    return found == keys->end() || !found->valid_until ? UtcTime{} : *found->valid_until;
  };
  std::stable_sort(secrets->begin(), secrets->end(),
                   [&](const RecipientSecret& a, const RecipientSecret& b) { return end_of(a) < end_of(b); });
  if (secrets->size() > most_unlock_keys_lent)
    secrets->erase(secrets->begin(), secrets->end() - most_unlock_keys_lent);
  Bytes lent;
  Json named = Json::array();
  for (const RecipientSecret& secret : *secrets) {
    const auto sealed = seal_secret(secret, receiver);
    if (!sealed) return fail(sealed.error());
    lent.insert(lent.end(), sealed->begin(), sealed->end());
    named.push_back(to_hex(key_id(secret.key)));
  }
  const auto recorded = put_on_record(folder, now, "lent", request.device_id,
                                      {{"certificate", to_hex(request.certificate)}, {"keys", named}});
  if (!recorded) return fail(recorded.error());
  return lent;
}

void note_unlock_refused(const fs::path& folder, const UnlockRequest& request, UtcTime now) {
  const auto recorded = put_on_record(
      folder, now, "refused", request.device_id,
      {{"certificate", to_hex(request.certificate)}, {"why", "another's certificate, or an old one"}});
  if (!recorded) log::error("unlock_audit_failed", {{"reason", recorded.error()}});
}

}  // namespace wayside::backoffice
