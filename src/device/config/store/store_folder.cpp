#include "src/device/config/store/store_folder.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

namespace wayside::config {

namespace {

constexpr const char* state_name = "state";
constexpr const char* candidate_name = "candidate.toml";
constexpr std::size_t number_digits = 6;

// Of "000017.toml"; 0: it is no version's.
std::uint32_t number_of(std::string_view name) {
  constexpr std::string_view end = ".toml";
  if (!name.ends_with(end)) return 0;
  name.remove_suffix(end.size());
  std::uint32_t number = 0;
  const auto [stop, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (failed != std::errc{} || stop != name.data() + name.size() || name.size() < number_digits) return 0;
  return number;
}

Error naming(const Error& error, const std::string& path) {
  return Error{error.code, fmt::format("{} cannot be used: {}", path, error.message)};
}

}  // namespace

std::string version_name(std::uint32_t number) {
  return fmt::format("history/{:06}.toml", number);
}

Result<std::vector<std::uint32_t>> StoreFolder::all_numbers() const {
  const Result<std::vector<std::string>> names = files_->history();
  if (!names) return fail(names.error());
  std::set<std::uint32_t> numbers;
  for (const std::string& name : *names) {
    if (const std::uint32_t number = number_of(name); number != 0) numbers.insert(number);
  }
  return std::vector<std::uint32_t>(numbers.begin(), numbers.end());
}

Result<std::vector<std::uint32_t>> StoreFolder::numbers(const StoreState& state) const {
  Result<std::vector<std::uint32_t>> all = all_numbers();
  if (all) std::erase_if(*all, [&](std::uint32_t number) { return number > state.last; });
  return all;
}

Result<StoreFolder::Seen> StoreFolder::see() const {
  const Result<std::string> text = files_->read(state_name);
  std::string why = "it is missing";
  if (text) {
    Result<StoreState> state = state_from(*text);
    if (state) return Seen{std::move(*state), {}};
    why = state.error().message;
  } else if (text.error().code != ErrorCode::not_found && text.error().code != ErrorCode::invalid_input) {
    return fail(text.error());
  }
  const Result<std::vector<std::uint32_t>> all = all_numbers();
  if (!all) return fail(all.error());
  if (!text && all->empty()) return Seen{};  // nothing was ever here
  return made_out(*all, std::move(why));
}

StoreFolder::Seen StoreFolder::made_out(const std::vector<std::uint32_t>& numbers, std::string why) const {
  Seen seen;
  if (!numbers.empty()) seen.state.last = numbers.back();
  for (auto number = numbers.rbegin(); number != numbers.rend() && seen.state.running == 0; ++number) {
    const Result<StoredVersion> found = version(*number);
    // One that was still to be confirmed may be the one that cut the camera off.
    if (found && !found->file.confirm_within) seen.state.running = *number;
  }
  std::uint32_t at = seen.state.running;
  while (at != 0 && seen.state.earlier.size() < numbers.size()) {
    const Result<VersionFile> file = head(at);
    at = file && file->after < at ? file->after : 0;
    if (at != 0) seen.state.earlier.push_back(at);
  }
  seen.trouble = fmt::format(
      "{} cannot be read: {}. {}", files_->path_of(state_name), why,
      seen.state.running == 0
          ? std::string("No version is taken for the one that runs: commit one")
          : fmt::format("Version {} is taken for the one that runs, the newest that needed no confirmation: "
                        "look at it and commit",
                        seen.state.running));
  return seen;
}

Result<VersionFile> StoreFolder::head(std::uint32_t number) const {
  const std::string name = version_name(number);
  const Result<std::string> text = files_->read(name);
  if (!text) return fail(text.error());
  Result<VersionFile> file = version_from(*text, format());
  if (!file) return fail(naming(file.error(), files_->path_of(name)));
  if (file->number != number) {
    return fail(ErrorCode::corrupt, fmt::format("{} cannot be used: it says that it is version {}",
                                                files_->path_of(name), file->number));
  }
  return file;
}

Result<StoredVersion> StoreFolder::version(std::uint32_t number) const {
  if (number == 0) return StoredVersion{};
  Result<VersionFile> file = head(number);
  if (!file) return fail(file.error());
  Result<Draft> draft =
      draft_from(file->toml, Origin{files_->path_of(version_name(number)), file->format, steps_});
  if (!draft) return fail(draft.error());
  return StoredVersion{std::move(*file), std::move(*draft)};
}

Result<std::uint32_t> StoreFolder::running(const StoreState& state) const {
  if (state.running == 0) return 0;
  const Result<StoredVersion> own = version(state.running);
  if (own) return state.running;
  for (const std::uint32_t number : state.earlier) {
    if (version(number)) return number;
  }
  return fail(own.error());
}

Result<Candidate> StoreFolder::candidate(const StoreState& state) const {
  Candidate out;
  const Result<std::uint32_t> runs = running(state);
  out.after = runs.value_or(0);
  const Result<StoredVersion> base = version(out.after);
  if (!base) return fail(base.error());
  out.draft = base->draft;
  const std::string path = files_->path_of(candidate_name);
  const Result<std::string> text = files_->read(candidate_name);
  if (!text && text.error().code == ErrorCode::not_found) return out;
  if (!text && text.error().code != ErrorCode::invalid_input) return fail(text.error());
  const Result<VersionFile> file =
      text ? version_from(*text, format()) : Result<VersionFile>(fail(text.error()));
  if (!file) {
    out.trouble = naming(file.error(), path).message;
    return out;
  }
  Result<Draft> draft = draft_from(file->toml, Origin{path, file->format, steps_});
  if (!draft) {
    out.trouble = draft.error().message;
    return out;
  }
  // A commit that lost its power just before its end leaves what it committed.
  if (toml_of(*draft) == toml_of(out.draft)) return out;
  out.draft = std::move(*draft);
  out.after = file->after;
  out.edited = true;
  return out;
}

Status StoreFolder::set_aside(const std::string& name) {
  constexpr int most = 100;
  Status done;
  for (int i = 1; i <= most; ++i) {
    done = files_->rename(name, fmt::format("{}.damaged-{}", name, i));
    if (done || done.error().code == ErrorCode::not_found) return {};
  }
  return done;
}

Status StoreFolder::write_state(const Seen& before, const StoreState& state) {
  if (!before.trouble.empty()) {
    if (const Status kept = set_aside(state_name); !kept) return kept;
  }
  return files_->replace(state_name, text_of(state));
}

void StoreFolder::remove_beyond(std::uint32_t last) {
  const Result<std::vector<std::uint32_t>> all = all_numbers();
  if (!all) return;
  for (const std::uint32_t number : *all) {
    if (number > last) static_cast<void>(files_->remove(version_name(number)));
  }
}

Status StoreFolder::write_version(const Seen& before, const VersionFile& version, const StoreState& state) {
  // Of commits that lost their power before anybody was told of them.
  remove_beyond(before.state.last);
  Status written = files_->replace(version_name(version.number), text_of(version));
  // A folder, or whatever else stands there.
  if (!written && written.error().code == ErrorCode::invalid_input && set_aside(version_name(version.number)))
    written = files_->replace(version_name(version.number), text_of(version));
  if (!written) {
    static_cast<void>(files_->remove(version_name(version.number)));
    return written;
  }
  written = write_state(before, state);
  if (written) return {};
  // A disk that fails at the very end may have it all the same.
  const Result<std::string> text = files_->read(state_name);
  if (!text || *text != text_of(state)) static_cast<void>(files_->remove(version_name(version.number)));
  return written;
}

Status StoreFolder::mark_confirmed(std::uint32_t number) {
  Result<VersionFile> file = head(number);
  if (!file || !file->confirm_within) return {};
  file->confirm_within.reset();
  return files_->replace(version_name(number), text_of(*file));
}

Status StoreFolder::write_candidate(const Candidate& before, const VersionFile& file, bool is_running) {
  if (!before.trouble.empty()) {
    if (const Status kept = set_aside(candidate_name); !kept) return kept;
  }
  return is_running ? files_->remove(candidate_name) : files_->replace(candidate_name, text_of(file));
}

void StoreFolder::drop_candidate() {
  static_cast<void>(files_->remove(candidate_name));
}

void StoreFolder::prune(const StoreState& state, std::size_t keep) {
  Result<std::vector<std::uint32_t>> known = numbers(state);
  if (!known) return;
  std::erase_if(*known, [&](std::uint32_t number) {
    return number == state.running || (state.waiting && number == state.waiting->goes_back_to);
  });
  for (std::size_t i = 0; i + keep < known->size(); ++i)
    static_cast<void>(files_->remove(version_name((*known)[i])));
}

}  // namespace wayside::config
