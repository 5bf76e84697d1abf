#include "src/device/config/store/store_body.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"

#include "src/device/config/store/place_rules.hpp"

namespace wayside::config {

namespace {

constexpr std::size_t most_toml_bytes = most_file_bytes - (std::size_t{2} << 10);  // a head is above it

}  // namespace

std::vector<std::string> complaints_about_commit(const Draft& draft) {
  std::vector<std::string> all = complaints_about(draft);
  for (std::string& one : complaints_about_places(draft.values))
    all.push_back(std::move(one));
  return all;
}

std::string lines_of(const std::vector<std::string>& sentences) {
  std::string out;
  for (const std::string& sentence : sentences)
    out += (out.empty() ? "" : "\n") + sentence;
  return out;
}

Status is_fit(std::string_view what, std::string_view text, std::size_t most) {
  const bool line = std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
  if (text.size() <= most && line && is_utf8(text)) return {};
  return fail(ErrorCode::invalid_input,
              fmt::format("{} is not fit, expected a text of one line, at most {} bytes", what, most));
}

Result<Reversion> StoreBody::revert(const StoreFolder::Seen& seen) {
  Reversion reversion{seen.state.running, seen.state.waiting->goes_back_to, {}};
  StoreState state = seen.state;
  state.running = reversion.to;
  state.waiting.reset();
  // What came after it was not confirmed either.
  std::erase_if(state.earlier, [&](std::uint32_t number) { return number >= reversion.to; });
  if (const Status written = folder.write_state(seen, state); !written) {
    return fail(written.error().context(
        fmt::format("taking back version {}, which nobody confirmed", reversion.from)));
  }
  const Result<StoredVersion> from = folder.version(reversion.from);
  const Result<StoredVersion> to = folder.version(reversion.to);
  if (from && to) reversion.changes = config::changes_between(from->draft, to->draft);
  untold = reversion;
  return reversion;
}

Status StoreBody::change_candidate(const std::function<Status(Draft&)>& change) {
  if (!editing)
    return fail(ErrorCode::refused, "nobody has begun to edit the configuration here: configure first");
  const auto held = folder.files().lock();
  if (!held) return fail(held.error());
  const Result<StoreFolder::Seen> seen = folder.see();
  if (!seen) return fail(seen.error());
  const Result<Candidate> before = folder.candidate(seen->state);
  if (!before) return fail(before.error());
  Draft draft = before->draft;
  if (const Status changed = change(draft); !changed) return changed;
  VersionFile file;
  file.format = folder.format();
  file.after = before->after;
  file.who = who;
  file.at = clock.utc_now();
  file.toml = toml_of(draft);
  if (file.toml.size() > most_toml_bytes) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("the configuration would be longer than the {} bytes that it may have: give lanes "
                    "fewer points",
                    most_toml_bytes));
  }
  const Result<std::uint32_t> runs = folder.running(seen->state);
  const Result<StoredVersion> base = folder.version(runs.value_or(0));
  return folder.write_candidate(*before, file, base && toml_of(base->draft) == file.toml);
}

Result<ConfigurationStore> open_store(std::unique_ptr<StoreFiles> files, const Clock& clock,
                                      std::string boot_id, std::span<const Migration> steps) {
  auto body =
      std::make_unique<StoreBody>(StoreBody{StoreFolder(std::move(files), steps), clock, std::move(boot_id)});
  const Result<std::string> state = body->folder.files().read("state");
  if (!state && state.error().code == ErrorCode::not_found) {
    const auto held = body->folder.files().lock();
    if (!held) return fail(held.error());
    const auto seen = body->folder.see();
    if (!seen) return fail(seen.error());
    // From now on a state that is missing is one that was lost.
    if (seen->trouble.empty() && seen->state.last == 0) {
      if (const Status written = body->folder.write_state(*seen, seen->state); !written)
        return fail(written.error());
    }
  }
  StoreBody& kept = *body;
  ConfigurationStore store(std::move(body));
  // A store that cannot take a commit back can still be read, and tick() says why.
  if (auto taken_back = store.tick()) kept.untold = std::move(*taken_back);
  return store;
}

}  // namespace wayside::config
