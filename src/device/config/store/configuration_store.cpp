#include "wayside/device/config/store/configuration_store.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"

#include "src/device/config/store/store_body.hpp"

namespace wayside {

namespace {

using config::Candidate;
using config::Draft;
using config::StoredVersion;
using config::StoreFolder;
using config::StoreState;

constexpr std::string_view title = "# Wayside configuration, format ";

std::vector<ConfigurationSetting> all_of(const Draft& draft) {
  std::vector<ConfigurationSetting> out;
  for (auto& [path, value] : config::settings_of(draft))
    out.push_back({std::move(path), std::move(value)});
  return out;
}

// What it is of; 1 where it does not say.
unsigned format_in(std::string_view toml) {
  if (!toml.starts_with(title)) return 1;
  unsigned format = 1;
  const char* end = toml.data() + toml.size();
  static_cast<void>(std::from_chars(toml.data() + title.size(), end, format));
  return std::max(format, 1U);
}

std::string saved(const StoreFolder& folder, const Draft& draft) {
  return fmt::format("{}{}\n{}", title, folder.format(), config::toml_of(draft));
}

}  // namespace

Result<ConfigurationStore> ConfigurationStore::open(std::unique_ptr<StoreFiles> files, const Clock& clock,
                                                    std::string boot_id) {
  return config::open_store(std::move(files), clock, std::move(boot_id), config::migrations());
}

Result<ConfigurationStore> ConfigurationStore::open(const std::filesystem::path& folder, const Clock& clock,
                                                    std::string boot_id) {
  Result<std::unique_ptr<StoreFiles>> files = open_store_files(folder);
  if (!files) return fail(files.error());
  return open(std::move(*files), clock, std::move(boot_id));
}

ConfigurationStore::ConfigurationStore(std::unique_ptr<config::StoreBody> body) : body_(std::move(body)) {}
ConfigurationStore::ConfigurationStore(ConfigurationStore&&) noexcept = default;
ConfigurationStore& ConfigurationStore::operator=(ConfigurationStore&&) noexcept = default;
ConfigurationStore::~ConfigurationStore() = default;

// --- what runs ---

Result<std::uint32_t> ConfigurationStore::running_version() const {
  const auto seen = body_->folder.see();
  return seen ? body_->folder.running(seen->state) : Result<std::uint32_t>(fail(seen.error()));
}

Result<Configuration> ConfigurationStore::running() const {
  const Result<std::uint32_t> number = running_version();
  if (!number) return fail(number.error());
  if (*number == 0)
    return fail(ErrorCode::not_found,
                "the camera has no configuration yet: set one at its console and commit");
  const Result<StoredVersion> found = body_->folder.version(*number);
  if (!found) return fail(found.error());
  // An update may be stricter than what was committed before it.
  if (const auto complaints = config::complaints_about_commit(found->draft); !complaints.empty()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("version {} cannot run: {}", *number, config::lines_of(complaints)));
  }
  return config::configuration_of(found->draft);
}

Result<std::vector<ConfigurationSetting>> ConfigurationStore::running_settings() const {
  const Result<std::uint32_t> number = running_version();
  if (!number) return fail(number.error());
  const Result<StoredVersion> found = body_->folder.version(*number);
  if (!found) return fail(found.error());
  return all_of(found->draft);
}

Result<std::vector<ConfigurationVersion>> ConfigurationStore::versions() const {
  const auto seen = body_->folder.see();
  if (!seen) return fail(seen.error());
  Result<std::vector<std::uint32_t>> numbers = body_->folder.numbers(seen->state);
  if (!numbers) return fail(numbers.error());
  const std::uint32_t runs = body_->folder.running(seen->state).value_or(0);
  std::vector<ConfigurationVersion> out;
  for (const std::uint32_t number : *numbers) {
    ConfigurationVersion version;
    version.number = number;
    version.runs = number == runs;
    const Result<StoredVersion> found = body_->folder.version(number);
    if (found) {
      version.who = found->file.who;
      version.at = found->file.at;
      version.comment = found->file.comment;
      version.confirm_within = found->file.confirm_within;
      version.taken_back = version.confirm_within.has_value() && !version.runs;
    } else {
      version.unreadable = found.error().message;
    }
    out.push_back(std::move(version));
  }
  // What was taken back is what nobody would go back to: it comes last.
  std::sort(out.begin(), out.end(), [](const ConfigurationVersion& a, const ConfigurationVersion& b) {
    return std::tuple(!a.runs, a.taken_back, b.number) < std::tuple(!b.runs, b.taken_back, a.number);
  });
  return out;
}

Result<std::optional<WaitingCommit>> ConfigurationStore::waiting() const {
  const auto seen = body_->folder.see();
  if (!seen) return fail(seen.error());
  if (!seen->state.waiting) return std::optional<WaitingCommit>();
  const StoreState::Waiting& waiting = *seen->state.waiting;
  const std::int64_t left =
      body_->has_expired(waiting) ? 0 : std::max<std::int64_t>(0, waiting.deadline_ms - body_->now_ms());
  return std::optional<WaitingCommit>(
      WaitingCommit{seen->state.running, waiting.goes_back_to, std::chrono::milliseconds(left)});
}

std::vector<std::string> ConfigurationStore::problems() const {
  std::vector<std::string> out;
  const auto seen = body_->folder.see();
  if (!seen) return {seen.error().message};
  if (!seen->trouble.empty()) out.push_back(seen->trouble);
  const Result<std::uint32_t> runs = body_->folder.running(seen->state);
  if (!runs) {
    out.push_back(runs.error().message + "; no version can stand in for it: load one and commit");
  } else if (*runs != seen->state.running) {
    const Result<StoredVersion> own = body_->folder.version(seen->state.running);
    out.push_back(fmt::format("version {} should run and cannot be read; version {} runs instead: {}",
                              seen->state.running, *runs, own ? std::string() : own.error().message));
  }
  const Result<Candidate> candidate = body_->folder.candidate(seen->state);
  if (!candidate) return out;
  if (!candidate->trouble.empty()) out.push_back(candidate->trouble);
  return out;
}

// --- the candidate ---

Status ConfigurationStore::edit(std::string_view who) {
  if (edits()) return {};
  if (const Status fit = config::is_fit("who edits", who, config::most_who_bytes); !fit) return fit;
  Result<std::unique_ptr<StoreFiles::Held>> held = body_->folder.files().lock_candidate(who);
  if (!held) return fail(held.error());
  if (!*held) {
    const auto other = editor();
    return fail(ErrorCode::refused,
                fmt::format("{} edits the configuration: wait until he has left configure, or look with show",
                            other && *other ? json_escape(**other) : std::string("somebody else")));
  }
  body_->editing = std::move(*held);
  body_->who = who;
  return {};
}

void ConfigurationStore::leave() {
  body_->editing.reset();
}

bool ConfigurationStore::edits() const {
  return body_->editing != nullptr;
}

Result<std::optional<std::string>> ConfigurationStore::editor() const {
  return body_->folder.files().editor();
}

Status ConfigurationStore::set(std::span<const std::string> words) {
  return body_->change_candidate([&](Draft& draft) { return config::set_words(draft, words); });
}

Status ConfigurationStore::unset(std::span<const std::string> words) {
  return body_->change_candidate([&](Draft& draft) { return config::unset_words(draft, words); });
}

Status ConfigurationStore::load(std::string_view toml) {
  return body_->change_candidate([&](Draft& draft) -> Status {
    const unsigned format = format_in(toml);
    if (format > body_->folder.format()) {
      return fail(ErrorCode::unsupported,
                  fmt::format("a newer Wayside wrote this configuration, in format {}, and this one reads "
                              "formats up to {}",
                              format, body_->folder.format()));
    }
    Result<Draft> loaded =
        config::draft_from(toml, config::Origin{"the text", format, body_->folder.steps()});
    if (!loaded) return fail(loaded.error());
    draft = std::move(*loaded);
    return {};
  });
}

Status ConfigurationStore::rollback(std::size_t n) {
  std::uint32_t number = 0;
  if (n == 0) {
    const Result<std::uint32_t> runs = running_version();
    number = runs.value_or(0);
  } else {
    const auto all = versions();
    if (!all) return fail(all.error());
    const bool one_runs = !all->empty() && all->front().runs;
    const std::size_t earlier = all->size() - (one_runs ? 1 : 0);
    if (n > earlier) {
      return fail(ErrorCode::not_found, fmt::format("there is no version to go back to by {}: {} {} kept", n,
                                                    earlier, earlier == 1 ? "other is" : "others are"));
    }
    number = (*all)[one_runs ? n : n - 1].number;
  }
  const Result<StoredVersion> found = body_->folder.version(number);
  if (!found) return fail(found.error());
  return body_->change_candidate([&](Draft& draft) -> Status {
    draft = found->draft;
    return {};
  });
}

namespace {

Result<Candidate> candidate_in(const StoreFolder& folder) {
  const auto seen = folder.see();
  if (!seen) return fail(seen.error());
  return folder.candidate(seen->state);
}

}  // namespace

Result<std::vector<ConfigurationSetting>> ConfigurationStore::candidate_settings() const {
  const Result<Candidate> candidate = candidate_in(body_->folder);
  if (!candidate) return fail(candidate.error());
  return all_of(candidate->draft);
}

Result<std::string> ConfigurationStore::save() const {
  const Result<Candidate> candidate = candidate_in(body_->folder);
  if (!candidate) return fail(candidate.error());
  return saved(body_->folder, candidate->draft);
}

Result<std::string> ConfigurationStore::save(std::uint32_t version) const {
  const Result<StoredVersion> found = body_->folder.version(version);
  if (!found) return fail(found.error());
  return saved(body_->folder, found->draft);
}

Result<std::vector<ConfigurationChange>> ConfigurationStore::compare() const {
  const auto seen = body_->folder.see();
  if (!seen) return fail(seen.error());
  const Result<Candidate> candidate = body_->folder.candidate(seen->state);
  if (!candidate) return fail(candidate.error());
  const Result<StoredVersion> base = body_->folder.version(body_->folder.running(seen->state).value_or(0));
  if (!base) return fail(base.error());
  return config::changes_between(base->draft, candidate->draft);
}

Result<std::vector<std::string>> ConfigurationStore::check() const {
  const Result<Candidate> candidate = candidate_in(body_->folder);
  if (!candidate) return fail(candidate.error());
  return config::complaints_about_commit(candidate->draft);
}

}  // namespace wayside
