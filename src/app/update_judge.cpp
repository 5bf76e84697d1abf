#include "src/app/update_judge.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/files.hpp"
#include "wayside/base/log.hpp"
#include "wayside/base/shared_folder.hpp"

namespace wayside::app {

namespace {

constexpr unsigned told_mode = 0640;

std::filesystem::path told_file(const UpdateFolder& folder) {
  return folder.incoming() / "told";
}

// What an auditor would want to read of; the rest is on its way to one of these.
bool is_worth_telling(UpdateState state) {
  return state != UpdateState::none && state != UpdateState::installing;
}

}  // namespace

UpdateFolder update_folder_beside(const std::filesystem::path& identity) {
  const std::filesystem::path plain = identity.lexically_normal();
  return {(plain.has_filename() ? plain : plain.parent_path()).parent_path() / "update"};
}

UpdateJudge::UpdateJudge(UpdateJudgeOptions options) : options_(std::move(options)) {
  told_ = read_text_file(told_file(options_.folder), largest_update_file_bytes).value_or("");
}

void UpdateJudge::look(MonotonicTime now, const CameraWork& work) {
  watch(now, work);
  const auto status = read_update_status(options_.folder);
  const std::string problem = status ? std::string() : status.error().message;
  if (std::exchange(problem_, problem) != problem && !problem.empty())
    log::warning("update_status_unreadable", {{"reason", problem}});
  if (!status) return;
  tell(*status);
  judge(now, *status);
}

void UpdateJudge::watch(MonotonicTime now, const CameraWork& work) {
  if (!began_) began_ = now;
  // Each by itself: where frames are few, none comes in the second in which another has gone all the way.
  if (work.frames_captured != last_.frames_captured) captured_at_ = now;
  if (work.frames_tracked != last_.frames_tracked) tracked_at_ = now;
  if (!captured_at_ || !tracked_at_ || now - std::min(*captured_at_, *tracked_at_) > longest_pause)
    moves_since_.reset();
  else if (!moves_since_)
    moves_since_ = now;
  last_ = work;
  Abilities able;
  if (moves_since_ && now - *moves_since_ >= must_last) able.emplace_back(ability_capture);
  if (work.highest_delivered > work.highest_before) able.emplace_back(ability_deliver);
  const std::lock_guard lock(mutex_);
  able_ = std::move(able);
}

Abilities UpdateJudge::able() const {
  const std::lock_guard lock(mutex_);
  return able_;
}

void UpdateJudge::judge(MonotonicTime now, const UpdateStatus& status) {
  if (status.state != UpdateState::trial || status.boot_id != options_.boot_id) return;
  if (now - *began_ < must_last || (asked_ && now - *asked_ < ask_again)) return;
  const Abilities did = able();
  if (!covers(did, status.able)) return;
  asked_ = now;
  const Status asked = request_confirm(options_.folder, {options_.boot_id, did});
  if (asked) {
    log::info("update_works", {{"version", status.version}});
  } else {
    log::error("update_not_confirmed", {{"reason", asked.error()}});
  }
}

void UpdateJudge::tell(const UpdateStatus& status) {
  if (!options_.on_change) return;
  // What comes of the next try is told again, be it the same.
  if (!is_worth_telling(status.state)) {
    if (!std::exchange(told_, {}).empty()) (void)remove_file(told_file(options_.folder));
    return;
  }
  const std::string now = fmt::format("{} {}\n", to_string(status.state), status.version);
  if (now == told_) return;
  options_.on_change(status);
  told_ = now;
  const Status kept = replace_file(told_file(options_.folder), as_bytes(now), told_mode);
  if (!kept) log::warning("update_told_again", {{"reason", kept.error()}});
}

}  // namespace wayside::app
