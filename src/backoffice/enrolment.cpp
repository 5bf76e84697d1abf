// A camera is let in, and given what it works by.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "wayside/backoffice/authority.hpp"
#include "wayside/backoffice/given_lists.hpp"
#include "wayside/backoffice/issued_authorities.hpp"
#include "wayside/backoffice/recipients.hpp"
#include "wayside/backoffice/revocation.hpp"
#include "wayside/backoffice/unlock_keys.hpp"
#include "wayside/base/files.hpp"
#include "wayside/delivery/seal/keys.hpp"
#include "wayside/device/authority/document.hpp"

namespace wayside::backoffice {

namespace {

namespace fs = std::filesystem;

// Below the folder, with that ending, by name.
Result<std::vector<std::string>> names_in(const fs::path& folder, const char* below, const char* ending) {
  std::vector<std::string> names;
  std::error_code failed;
  for (fs::directory_iterator entry(folder / below, failed); !failed && entry != fs::directory_iterator();
       entry.increment(failed)) {
    const fs::path& file = entry->path();
    if (file.extension() == ending) names.push_back((fs::path(below) / file.filename()).string());
  }
  if (failed) {
    return fail(ErrorCode::io,
                fmt::format("cannot look into {}: {}", (folder / below).string(), failed.message()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

// What holds a secret stays out.
Result<bool> is_public(const fs::path& file) {
  if (file.extension() != ".toml") return true;
  const auto recipient = load_recipient(file);
  if (!recipient) return fail(recipient.error());
  return !recipient->pseudonym_key.has_value();
}

// The camera's newest, by number: one that decides, one that begins later, and what a slip left behind.
constexpr std::size_t most_authorities = 4;
Result<std::map<std::uint64_t, std::string>> newest_authorities(const fs::path& out,
                                                                const std::string& device_id) {
  const auto key_text = read_text_file(out / "authority" / "office-key", 256);
  if (!key_text) return fail(key_text.error());
  const auto key = verifying_key_from(*key_text);
  if (!key) return fail(key.error());
  const auto names = names_in(out, "authority", ".authority");
  if (!names) return fail(names.error());
  std::map<std::uint64_t, std::string> newest;
  for (const std::string& name : *names) {
    const auto text = read_text_file(out / name, largest_authority_bytes);
    if (!text) return fail(text.error());
    const auto document = authority_from(*text, *key);
    if (!document) return fail(document.error().context((out / name).string()));
    if (is_for(*document, device_id)) newest.emplace(document->number, name);
    if (newest.size() > most_authorities) newest.erase(newest.begin());
  }
  return newest;
}

// Of what lies in `out`.
Result<Enrolment> gather(const fs::path& out, const std::string& device_id, UtcTime now) {
  Enrolment enrolment{device_id, now, {}};
  std::vector<std::string> names = {std::string(Enrolment::authority), std::string(Enrolment::certificate),
                                    "authority/office-key", "watchlists/issuer-key"};
  const auto recipients = names_in(out, "recipients", ".toml");
  if (!recipients) return fail(recipients.error());
  names.insert(names.end(), recipients->begin(), recipients->end());
  const auto authorities = newest_authorities(out, device_id);
  if (!authorities) return fail(authorities.error());
  for (const auto& [number, name] : *authorities)
    names.push_back(name);
  for (const std::string& name : names) {
    const auto shown = is_public(out / name);
    if (!shown) return fail(shown.error());
    if (!*shown || !is_enrolment_file(name)) continue;
    auto content = read_text_file(out / name, largest_enrolment_bytes);
    if (!content) return fail(content.error());
    enrolment.files.push_back({name, std::move(*content)});
  }
  return enrolment;
}

}  // namespace

Result<EnrolledDevice> enrol_device(const Authority& authority, Store& store, const fs::path& request,
                                    const fs::path& out, UtcTime now) {
  auto device = authority.sign(request, now);
  if (!device) return fail(device.error());
  const auto ca = read_text_file(authority.ca_certificate());
  if (!ca) return fail(ca.error());
  std::error_code failed;
  fs::create_directories(out, failed);
  if (failed) return fail(ErrorCode::io, fmt::format("cannot make {}: {}", out.string(), failed.message()));
  for (const auto& [name, text] :
       {std::pair{"back-office-ca.crt", *ca}, std::pair{"device.crt", device->certificate}}) {
    if (const auto written = replace_file(out / name, as_bytes(text)); !written) return fail(written.error());
  }
  const auto unlock = unlock_recipients(authority.unlock(), device->device_id);
  if (!unlock) return fail(unlock.error());
  const auto passed_on = pass_on_recipients(authority.recipients(), out / "recipients", now, *unlock);
  if (!passed_on) return fail(passed_on.error());
  const auto authorised =
      IssuedAuthorities(authority.deployment()).pass_on(device->device_id, out / "authority");
  if (!authorised) return fail(authorised.error());
  const auto listed = GivenLists(authority.watch_lists()).pass_on(out / "watchlists");
  if (!listed) return fail(listed.error());
  const auto enrolment = gather(out, device->device_id, now);
  if (!enrolment) return fail(enrolment.error());
  const auto text = authority.sign(*enrolment, now);
  if (!text) return fail(text.error());
  if (const auto written = replace_file(out / enrolment_name, as_bytes(*text)); !written)
    return fail(written.error());
  auto fingerprint = office_fingerprint(*ca);
  if (!fingerprint) return fail(fingerprint.error());
  // Last: where a file could not be written, an earlier certificate goes on working.
  const auto earlier_key = store.enrol(device->device_id, device->fingerprint, device->key, now);
  if (!earlier_key) return fail(earlier_key.error());
  const auto was_revoked = RevokedCameras(authority.revoked()).remove(device->device_id, now);
  if (!was_revoked) return fail(was_revoked.error());
  return EnrolledDevice{std::move(*device), *earlier_key, *was_revoked, std::move(*fingerprint)};
}

}  // namespace wayside::backoffice
