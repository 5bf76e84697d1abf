#include "wayside/backoffice/recipients.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sys/stat.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/files.hpp"

namespace wayside::backoffice {

namespace {

namespace fs = std::filesystem;

fs::path file_of(const fs::path& folder, const PublicKey& key, std::string_view ending) {
  return folder / (to_hex(key_id(key)) + std::string(ending));
}

// The pseudonym key in it is a secret between the camera and its recipient.
Status write_public_file(const fs::path& file, const Recipient& recipient) {
  return replace_file(file, as_bytes(to_toml(recipient)), recipient.pseudonym_key ? 0600 : 0644);
}

Result<std::vector<fs::path>> files_of(const fs::path& folder, std::string_view ending) {
  std::vector<fs::path> files;
  std::error_code failed;
  fs::directory_iterator entries(folder, failed);
  if (failed == std::errc::no_such_file_or_directory) return files;
  for (; !failed && entries != fs::directory_iterator(); entries.increment(failed)) {
    if (entries->path().extension() == ending) files.push_back(entries->path());
  }
  if (failed)
    return fail(ErrorCode::io, fmt::format("cannot look into {}: {}", folder.string(), failed.message()));
  std::sort(files.begin(), files.end());
  return files;
}

bool named_by_key(const fs::path& file) {
  const std::string name = file.stem().string();
  return name.size() == 2 * KeyId{}.size() && bytes_from_hex(name).has_value();
}

UtcTime start_of(const Recipient& recipient) {
  return recipient.valid_from.value_or(UtcTime{});
}

}  // namespace

Result<std::vector<KnownRecipient>> list_recipients(const fs::path& folder) {
  const auto recipients = load_recipients(folder);
  if (!recipients) return fail(recipients.error());
  std::vector<KnownRecipient> known;
  for (const Recipient& recipient : *recipients) {
    std::error_code ignored;
    known.push_back({recipient, fs::exists(file_of(folder, recipient.key, ".key"), ignored)});
  }
  return known;
}

Result<Recipient> make_recipient_key(const fs::path& folder, std::optional<UtcTime> valid_from,
                                     UtcTime valid_until, const std::string& name) {
  if (valid_from && valid_until <= *valid_from)
    return fail(ErrorCode::invalid_input, "--valid-until must be later than --valid-from");
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(ErrorCode::io, fmt::format("cannot make {}: {}", folder.string(), std::strerror(errno)));
  const auto known = list_recipients(folder);
  if (!known) return fail(known.error());
  std::optional<Recipient> earlier;
  for (const auto& [recipient, own] : *known) {
    if (!own || recipient.view != RecordView::full || recipient.successor) continue;
    if (!earlier || start_of(*earlier) <= start_of(recipient)) earlier = recipient;
  }
  const RecipientSecret secret = make_recipient_secret();
  Recipient made;
  made.name = name;
  made.key = secret.key;
  made.valid_from = valid_from;
  made.valid_until = valid_until;
  // The secret first: no camera must ever seal to a key that nobody has.
  if (const auto saved = save_recipient_secret(secret, file_of(folder, made.key, ".key")); !saved)
    return fail(saved.error());
  if (const auto written = write_public_file(file_of(folder, made.key, ".toml"), made); !written)
    return fail(written.error());
  if (!earlier) return made;
  earlier->successor = key_id(made.key);
  if (const auto written = write_public_file(file_of(folder, earlier->key, ".toml"), *earlier); !written)
    return fail(written.error());
  return made;
}

Result<std::vector<RecipientSecret>> load_recipient_secrets(const fs::path& folder) {
  const auto files = files_of(folder, ".key");
  if (!files) return fail(files.error());
  std::vector<RecipientSecret> secrets;
  for (const fs::path& file : *files) {
    auto secret = load_recipient_secret(file);
    if (!secret) return fail(secret.error());
    secrets.push_back(std::move(*secret));
  }
  if (secrets.empty()) {
    return fail(
        ErrorCode::not_found,
        fmt::format("{} holds no recipient key, so that no record can be opened: restore it from a "
                    "backup, or run wayside-backoffice recipient-key new {} and enrol the cameras again",
                    folder.string(), folder.parent_path().string()));
  }
  return secrets;
}

Status pass_on_recipients(const fs::path& folder, const fs::path& out, UtcTime now, const fs::path& also) {
  const auto recipients = load_recipients(folder);
  if (!recipients) return fail(recipients.error());
  std::vector<Recipient> valid;
  std::copy_if(recipients->begin(), recipients->end(), std::back_inserter(valid),
               [&](const Recipient& one) { return !one.valid_until || *one.valid_until > now; });
  if (std::none_of(valid.begin(), valid.end(),
                   [](const Recipient& one) { return one.view == RecordView::full; })) {
    return fail(ErrorCode::not_found,
                fmt::format("{} holds no recipient of the full view whose key has not ended: run "
                            "wayside-backoffice recipient-key new {}",
                            folder.string(), folder.parent_path().string()));
  }
  if (!also.empty()) {
    const auto more = load_recipients(also);
    if (!more) return fail(more.error());
    std::copy_if(more->begin(), more->end(), std::back_inserter(valid),
                 [&](const Recipient& one) { return !one.valid_until || *one.valid_until > now; });
  }
  std::error_code failed;
  fs::create_directories(out, failed);
  if (failed) return fail(ErrorCode::io, fmt::format("cannot make {}: {}", out.string(), failed.message()));
  std::vector<fs::path> written;
  for (const Recipient& recipient : valid) {
    written.push_back(file_of(out, recipient.key, ".toml"));
    if (auto done = write_public_file(written.back(), recipient); !done) return done;
  }
  const auto there = files_of(out, ".toml");
  if (!there) return fail(there.error());
  for (const fs::path& file : *there) {
    // Only what an earlier call wrote: a person's own file has another name.
    if (std::find(written.begin(), written.end(), file) != written.end() || !named_by_key(file)) continue;
    fs::remove(file, failed);
    if (failed)
      return fail(ErrorCode::io, fmt::format("cannot remove {}: {}", file.string(), failed.message()));
  }
  return {};
}

}  // namespace wayside::backoffice
