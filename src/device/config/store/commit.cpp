// The candidate becomes what runs, is confirmed, or taken back.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "src/device/config/store/store_body.hpp"

namespace wayside {

namespace {

using config::Candidate;
using config::StoredVersion;
using config::StoreFolder;
using config::StoreState;
using config::VersionFile;
using std::chrono::seconds;

constexpr seconds least_confirm{60};
constexpr seconds most_confirm{24 * 3600};

std::string version_or_none(std::uint32_t number) {
  return number == 0 ? std::string("no configuration") : fmt::format("version {}", number);
}

Error taken_back(const Reversion& reversion) {
  return {ErrorCode::refused,
          fmt::format("the time to confirm version {} has run out: it was taken back, and {} runs",
                      reversion.from, version_or_none(reversion.to))};
}

}  // namespace

Result<CommitOutcome> ConfigurationStore::commit(const CommitRequest& request) {
  if (const Status fit = config::is_fit("who commits", request.who, config::most_who_bytes); !fit)
    return fail(fit.error());
  if (const Status fit = config::is_fit("the comment", request.comment, config::most_comment_bytes); !fit)
    return fail(fit.error());
  if (request.confirm_within &&
      (*request.confirm_within < least_confirm || *request.confirm_within > most_confirm)) {
    return fail(ErrorCode::invalid_input,
                fmt::format("the time to confirm is {} s, expected 1 minute to 24 hours",
                            request.confirm_within->count()));
  }
  if (!edits())
    return fail(ErrorCode::refused, "nobody has begun to edit the configuration here: configure first");
  StoreFolder& folder = body_->folder;
  const auto held = folder.files().lock();
  if (!held) return fail(held.error());
  const auto seen = folder.see();
  if (!seen) return fail(seen.error());
  if (seen->state.waiting && body_->has_expired(*seen->state.waiting)) {
    const Result<Reversion> reversion = body_->revert(*seen);
    if (!reversion) return fail(reversion.error());
    Error error = taken_back(*reversion);
    error.message += ". Nothing was committed: show | compare, and commit again";
    return fail(std::move(error));
  }
  const Result<Candidate> candidate = folder.candidate(seen->state);
  if (!candidate) return fail(candidate.error());
  const std::uint32_t runs = folder.running(seen->state).value_or(0);
  const Result<StoredVersion> base = folder.version(runs);
  if (!base) return fail(base.error());
  VersionFile file;
  file.format = folder.format();
  file.after = runs;
  file.who = request.who;
  file.at = body_->clock.utc_now();
  file.comment = request.comment;
  file.confirm_within = request.confirm_within;
  file.toml = config::toml_of(candidate->draft);
  if (candidate->edited && candidate->after != runs) {
    if (const Status kept = folder.write_candidate(*candidate, file, false); !kept) return fail(kept.error());
    return fail(ErrorCode::refused,
                fmt::format("the candidate was made from {}, and {} runs now. Nothing was committed: show | "
                            "compare, and commit again",
                            version_or_none(candidate->after), version_or_none(runs)));
  }
  StoreState state = seen->state;
  CommitOutcome outcome;
  outcome.version = state.running;
  if (state.waiting && !request.confirm_within) outcome.confirmed = state.running;
  if (!candidate->edited && runs == state.running && seen->trouble.empty()) {
    if (!outcome.confirmed) {
      return fail(ErrorCode::refused,
                  state.waiting ? "there is nothing to commit, and version " + std::to_string(state.running) +
                                      " waits for its confirmation: confirm"
                                : "there is nothing to commit: the candidate is what runs");
    }
    state.waiting.reset();
    if (const Status marked = folder.mark_confirmed(state.running); !marked) return fail(marked.error());
    if (const Status written = folder.write_state(*seen, state); !written) return fail(written.error());
    return outcome;
  }
  if (const auto complaints = config::complaints_about_commit(candidate->draft); !complaints.empty())
    return fail(ErrorCode::invalid_input, config::lines_of(complaints));
  file.number = state.last + 1;
  state.last = file.number;
  state.running = file.number;
  std::erase(state.earlier, runs);
  if (runs != 0) state.earlier.insert(state.earlier.begin(), runs);
  if (state.earlier.size() > earlier_versions) state.earlier.resize(earlier_versions);
  if (request.confirm_within) {
    const std::uint32_t back = state.waiting ? state.waiting->goes_back_to : runs;
    state.waiting = {back, body_->boot_id,
                     body_->now_ms() + std::chrono::milliseconds(*request.confirm_within).count()};
  } else {
    state.waiting.reset();
  }
  if (outcome.confirmed) {
    if (const Status marked = folder.mark_confirmed(*outcome.confirmed); !marked) return fail(marked.error());
  }
  if (const Status written = folder.write_version(*seen, file, state); !written) return fail(written.error());
  folder.drop_candidate();
  folder.prune(state, earlier_versions);
  outcome.version = file.number;
  outcome.changes = config::changes_between(base->draft, candidate->draft);
  return outcome;
}

Result<std::uint32_t> ConfigurationStore::confirm() {
  const auto held = body_->folder.files().lock();
  if (!held) return fail(held.error());
  const auto seen = body_->folder.see();
  if (!seen) return fail(seen.error());
  if (!seen->state.waiting) return fail(ErrorCode::refused, "no commit waits for its confirmation");
  if (body_->has_expired(*seen->state.waiting)) {
    const Result<Reversion> reversion = body_->revert(*seen);
    return fail(reversion ? taken_back(*reversion) : reversion.error());
  }
  StoreState state = seen->state;
  state.waiting.reset();
  if (const Status marked = body_->folder.mark_confirmed(state.running); !marked) return fail(marked.error());
  if (const Status written = body_->folder.write_state(*seen, state); !written) return fail(written.error());
  return state.running;
}

Result<std::optional<Reversion>> ConfigurationStore::tick() {
  if (body_->untold) return std::exchange(body_->untold, std::nullopt);
  const auto expired = [&](const Result<StoreFolder::Seen>& seen) {
    return seen && seen->state.waiting && body_->has_expired(*seen->state.waiting);
  };
  // Asked often: the lock is for when there is something to do.
  if (const auto seen = body_->folder.see(); !expired(seen))
    return seen ? Result<std::optional<Reversion>>(std::nullopt) : fail(seen.error());
  const auto held = body_->folder.files().lock();
  if (!held) return fail(held.error());
  const auto seen = body_->folder.see();
  if (!expired(seen)) return std::optional<Reversion>();
  if (const Result<Reversion> reversion = body_->revert(*seen); !reversion) return fail(reversion.error());
  return std::exchange(body_->untold, std::nullopt);
}

}  // namespace wayside
