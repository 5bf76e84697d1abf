#include "src/app/sealing.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"
#include "wayside/device/identity/identity.hpp"

namespace wayside::app {

namespace {

namespace fs = std::filesystem;

// Somebody copied the office's folder instead of its public files. Empty: there is none.
std::string secrets_in(const fs::path& folder) {
  std::string out;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    if (at->path().extension() != ".key") continue;
    out += fmt::format(
        "{}{} is a recipient's secret, and whoever takes this camera reads with it what is sealed to that "
        "recipient: have the office make a new key, and remove this file",
        out.empty() ? "" : "; ", json_escape(at->path().string()));
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Sealing>> Sealing::open(const std::filesystem::path& folder, std::string device_id,
                                               const Clock& clock, Health& health) {
  Result<Secret> seed = load_signing_seed(folder);
  if (!seed) return fail(seed.error().context("identity.directory"));
  SealerOptions options;
  options.device_id = std::move(device_id);
  options.signing_seed = std::move(*seed);
  options.now = [&clock]() -> std::optional<UtcTime> {
    if (clock.quality().source == TimeSource::unsynchronised) return std::nullopt;
    return clock.utc_now();
  };
  std::unique_ptr<Sealing> sealing(
      new Sealing(folder / "recipients", make_record_sealer(std::move(options)), health));
  sealing->look_again();
  return sealing;
}

Sealing::Sealing(std::filesystem::path recipients, std::unique_ptr<ReplaceableSealer> sealer, Health& health)
    : recipients_(std::move(recipients)), sealer_(std::move(sealer)), health_(health) {}

std::string Sealing::read_folder() {
  Result<RecipientFolder> folder = read_recipient_folder(recipients_);
  if (!folder) {
    return folder.error().message +
           (known_.empty() ? "" : "; records are sealed to the recipients known before");
  }
  std::string problem;
  for (const RecipientFolder::Bad& bad : folder->bad) {
    const auto before = std::find_if(known_.begin(), known_.end(),
                                     [&](const RecipientOfFile& one) { return one.file == bad.file; });
    const bool was_good = before != known_.end();
    const bool goes_on = was_good && contradiction(*before, folder->good).empty();
    const bool elsewhere =
        was_good && std::any_of(folder->good.begin(), folder->good.end(), [&](const RecipientOfFile& one) {
          return one.recipient.key == before->recipient.key;
        });
    const char* const meanwhile =
        goes_on     ? "records are sealed to what it held before, until its key ends"
        : elsewhere ? "the key that it held before is in another file"
                    : "RECORDS ARE NOT SEALED TO ITS RECIPIENT, who will not be able to open them";
    problem += fmt::format("{}{}; {}", problem.empty() ? "" : "; ", bad.error.message, meanwhile);
    if (goes_on) folder->good.push_back(*before);
  }
  known_ = std::move(folder->good);
  return problem;
}

void Sealing::look_again() {
  std::string problem = read_folder();
  if (const std::string secrets = secrets_in(recipients_); !secrets.empty())
    problem += (problem.empty() ? "" : "; ") + secrets;
  std::vector<Recipient> recipients;
  for (const RecipientOfFile& one : known_)
    recipients.push_back(one.recipient);
  const auto pseudonym = std::find_if(recipients.begin(), recipients.end(), [](const Recipient& recipient) {
    return recipient.view == RecordView::pseudonym;
  });
  {
    const std::lock_guard lock(mutex_);
    pseudonym_key_ = pseudonym == recipients.end() ? std::nullopt : pseudonym->pseudonym_key;
  }
  sealer_->replace_recipients(std::move(recipients));
  if (const std::string with_keys = sealer_->problem(); !with_keys.empty())
    problem += fmt::format("{}{}: {}", problem.empty() ? "" : "; ", recipients_.string(), with_keys);
  if (problem.empty()) {
    health_.well("sealing");
  } else if (health_.ill("sealing", problem)) {
    log::error("sealing_unhealthy", {{"reason", problem}});
  }
}

Status Sealing::try_to_seal() {
  RecordParts nothing;
  nothing.document = {'{', '}'};
  const Result<SealedRecord> sealed = sealer_->seal({{}, SequenceNumber(1), {}}, nothing);
  if (!sealed) return fail(sealed.error().context(recipients_.string()));
  return {};
}

std::optional<Bytes> Sealing::pseudonym_key() const {
  const std::lock_guard lock(mutex_);
  return pseudonym_key_;
}

}  // namespace wayside::app
