#include "wayside/device/update/updater.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"
#include "wayside/base/remove_any.hpp"
#include "wayside/base/shared_folder.hpp"
#include "wayside/device/update/boot_backend.hpp"

#include "src/device/update/incoming.hpp"

namespace wayside {

namespace {

using namespace update_parts;

std::string words(const Abilities& abilities) {
  return abilities.empty() ? std::string("run") : fmt::format("{}", fmt::join(abilities, ", "));
}

// Neither what runs nor what was confirmed before is ever gone behind.
Status check_newer(const std::string& text, const UpdateVersion& runs, const std::string& confirmed) {
  const auto version = update_version_from(text);
  if (!version) {
    return fail(ErrorCode::refused,
                fmt::format("the bundle's version is \"{}\", and has to be three numbers, as "
                            "1.2.3: make it with toolchains/image.sh",
                            json_escape(text.substr(0, 40))));
  }
  if (*version <= runs) {
    return fail(ErrorCode::refused, fmt::format("the bundle is version {}, and {} runs: give a newer one",
                                                text, to_string(runs)));
  }
  const auto newest = update_version_from(confirmed);
  if (newest && *version < *newest) {
    return fail(ErrorCode::refused,
                fmt::format("the bundle is version {}, and {} was confirmed before: give that or a newer one",
                            text, confirmed));
  }
  return {};
}

std::string newer_of(const std::string& confirmed, const UpdateVersion& version) {
  const auto before = update_version_from(confirmed);
  return to_string(before ? std::max(*before, version) : version);
}

}  // namespace

Updater::Updater(UpdateFolder folder, std::filesystem::path boot_state, RunningSystem system,
                 UpdateTools tools)
    : folder_(std::move(folder)),
      boot_state_(std::move(boot_state)),
      system_(std::move(system)),
      tools_(std::move(tools)) {}

void Updater::say(const std::string& sentence) const {
  if (tools_.say) tools_.say(sentence);
}

Result<BootState> Updater::boot() const {
  const auto read = read_boot_state(boot_state_);
  return read ? Result<BootState>(read->state) : fail(read.error());
}

bool Updater::tries(const BootState& state) const {
  return system_.on_trial && system_.slot && state.trial == system_.slot;
}

// The loader started the confirmed one although the trial has starts left.
bool Updater::is_due(const BootState& state) const {
  return state.trial && state.left > 0 && state.slot == *system_.slot;
}

// One that cannot be read says nothing: of a trial then all is asked, which a camera may be able to do.
UpdateStatus Updater::status() const {
  auto status = read_update_status(folder_);
  if (status) return std::move(*status);
  say(status.error().message);
  UpdateStatus unknown;
  unknown.able = {std::string(ability_capture), std::string(ability_deliver)};
  return unknown;
}

Status Updater::keep(const UpdateStatus& status) {
  if (tools_.before_change) tools_.before_change();
  return write_update_status(folder_, status);
}

Status Updater::keep(const BootState& state) {
  if (tools_.before_change) tools_.before_change();
  return write_boot_state(boot_state_, state);
}

Status Updater::drop(std::string_view incoming) {
  if (tools_.before_change) tools_.before_change();
  return remove_incoming(folder_, incoming);
}

Status Updater::drop_taken() {
  if (tools_.before_change) tools_.before_change();
  return remove_taken_bundle(folder_);
}

Status Updater::count_begun(const InstallRequest& request) {
  BegunInstallation begun = read_begun_installation(folder_);
  if (begun.sha256 != request.sha256) begun = {request.sha256, 0};
  if (begun.times >= most_begun) {
    return fail(ErrorCode::refused,
                fmt::format("installing it was broken off {} times by a restart of the camera: look at its "
                            "power supply and its flash, then give the update again",
                            begun.times));
  }
  ++begun.times;
  if (tools_.before_change) tools_.before_change();
  return write_begun_installation(folder_, begun);
}

Status Updater::drop_begun() {
  if (tools_.before_change) tools_.before_change();
  return remove_any(folder_.begun());
}

// --- what waysided asks for
// ----------------------------------------------------------------------------------

Status Updater::due() {
  const auto lock = FolderLock::take(folder_.root);
  if (!lock) return fail(lock.error());
  Status judged = judge_confirmation();
  if (judged) judged = judge_installation();
  if (!judged) {
    // Asked again where it still counts; what stays here would be begun again and again
    // (wayside-update.path).
    (void)drop("confirm");
    (void)drop("install");
  }
  return judged;
}

Status Updater::judge_confirmation() {
  const auto text = read_incoming(folder_, "confirm");
  if (!text && text.error().code == ErrorCode::not_found) return {};
  const auto request = text ? confirm_request_from(*text) : fail(text.error());
  const auto state = boot();
  if (!state) return fail(state.error());
  UpdateStatus now = status();
  // Confirmed already, and only the word of it could not be written.
  const bool word_is_missing = !state->trial && state->slot == system_.slot &&
                               now.state == UpdateState::trial && now.boot_id == system_.boot_id;
  if (!request) {
    say(request.error().message);
  } else if (!(tries(*state) || word_is_missing) || request->boot_id != system_.boot_id) {
    say("a word on a trial is of no trial that is under way");
  } else if (!covers(request->did, now.able)) {
    say(fmt::format("the trial did not do all that it has to: {}", words(now.able)));
  } else {
    if (!word_is_missing) {
      if (const Status kept = keep(BootState{*system_.slot, std::nullopt, 0, 0}); !kept) return kept;
    }
    if (tools_.unguard) tools_.unguard();
    now.state = UpdateState::confirmed;
    now.version = to_string(system_.version);
    now.confirmed = newer_of(now.confirmed, system_.version);
    now.reason.clear();
    now.boot_id.clear();
    now.percent = 100;
    if (const Status kept = keep(now); !kept) return kept;
    say(fmt::format("version {} is confirmed", now.version));
  }
  return drop("confirm");
}

Status Updater::judge_installation() {
  const auto text = read_incoming(folder_, "install");
  if (!text && text.error().code == ErrorCode::not_found) return {};
  const auto request = text ? install_request_from(*text) : fail(text.error());
  if (!request) {
    say(request.error().message);
    return drop("install");
  }
  const auto state = boot();
  if (!state) return refuse(*request, state.error().message + ": restart the camera, which mends that");
  if (state->trial) {
    // What stands in the status is the trial's. Who asked asks again once that is over.
    say("an update is on trial already, or will be from the next start: nothing else is installed until "
        "then");
    return drop("install");
  }
  return install(*request);
}

Status Updater::refuse(const InstallRequest& request, const std::string& reason) {
  UpdateStatus now = status();
  now.state = UpdateState::refused;
  now.version = request.version;
  now.from = to_string(system_.version);
  now.reason = reason;
  now.percent = 0;
  now.boot_id.clear();
  say(fmt::format("version {} is not installed: {}", request.version, reason));
  if (const Status kept = keep(now); !kept) return kept;
  if (const Status dropped = drop("install"); !dropped) return dropped;
  if (const Status dropped = drop("bundle"); !dropped) return dropped;
  if (const Status dropped = drop_taken(); !dropped) return dropped;
  return drop_begun();
}

Status Updater::check(const InstallRequest& request) const {
  const auto hash = taken_bundle_sha256(folder_);
  if (!hash) return fail(hash.error());
  if (*hash != request.sha256)
    return fail(ErrorCode::refused, "the bundle is not the one that was asked for: fetch it again");
  const auto info = tools_.look(taken_bundle(folder_));
  if (!info) return fail(info.error());
  if (info->compatible != system_.compatible) {
    return fail(ErrorCode::refused,
                fmt::format("the bundle is for \"{}\", and this camera is a {}: give its own",
                            json_escape(info->compatible.substr(0, 80)), system_.compatible));
  }
  if (info->version != request.version) {
    return fail(ErrorCode::refused,
                fmt::format("the bundle is version \"{}\", and {} was asked for: ask for what it is",
                            json_escape(info->version.substr(0, 40)), request.version));
  }
  return check_newer(info->version, system_.version, status().confirmed);
}

Status Updater::install(const InstallRequest& request) {
  if (!system_.slot)
    return refuse(request, "the loader did not say which slot runs: start the camera from its own disk");
  UpdateStatus now = status();
  now.state = UpdateState::installing;
  now.version = request.version;
  now.from = to_string(system_.version);
  now.reason.clear();
  now.percent = 0;
  now.able = request.able;
  now.boot_id.clear();
  if (const Status kept = keep(now); !kept) return kept;
  if (const Status counted = count_begun(request); !counted) return refuse(request, counted.error().message);
  if (tools_.before_change) tools_.before_change();
  if (const Status taken = take_bundle(folder_); !taken) return refuse(request, taken.error().message);
  if (const Status good = check(request); !good) return refuse(request, good.error().message);
  // What runs where the confirmed one could not be loaded is all that there is from here on.
  if (const auto before = boot(); before && before->slot != *system_.slot) {
    if (const Status kept = keep(BootState{*system_.slot, std::nullopt, 0, 0}); !kept)
      return refuse(request, kept.error().message);
  }
  const Status installed = tools_.install(taken_bundle(folder_), [&](unsigned percent) {
    now.percent = percent;
    if (const Status kept = keep(now); !kept) say(kept.error().message);
  });
  const auto state = boot();
  const bool tried = state && state->trial == other(*system_.slot);
  if (!installed || !tried) {
    // What could not be written whole is not tried.
    if (tried) {
      if (const Status kept = keep(BootState{state->slot, std::nullopt, 0, 0}); !kept)
        say(kept.error().message);
    }
    return refuse(request, installed ? "it was written, and is not the next to start: see the log of RAUC"
                                     : installed.error().message);
  }
  now.state = UpdateState::installed;
  now.percent = 100;
  // The boot state says it: whatever of this cannot be written now, the next start makes good.
  for (const Status& done : {keep(now), drop("install"), drop_taken(), drop_begun()}) {
    if (!done) say(done.error().message);
  }
  say(fmt::format("version {} is installed, and tried from the next start", request.version));
  return tools_.restart();
}

// --- from start to start
// -------------------------------------------------------------------------------------

Status Updater::started() {
  const auto lock = FolderLock::take(folder_.root);
  if (!lock) return fail(lock.error());
  if (!system_.slot)
    return fail(ErrorCode::unsupported, "the loader did not say which slot runs: nothing can be updated");
  auto read = read_boot_state(boot_state_);
  if (!read && read.error().code != ErrorCode::corrupt) return fail(read.error());
  if (!read || read->one_copy) {
    // What the loader made of it runs.
    say(read ? "one copy of the boot state was damaged or old, and is written anew" : read.error().message);
    const BootState mended = read ? read->state : BootState{*system_.slot, std::nullopt, 0, 0};
    if (const Status kept = keep(mended); !kept) return kept;
    read = ReadBootState{mended, false};
  }
  const BootState& state = read->state;
  const Status looked_after = tries(state)    ? on_trial(state)
                              : is_due(state) ? try_again(state)
                              : state.trial
                                  ? end_trial(state, "the new system did not come as far as its services")
                                  : settled(state);
  if (const Status removed = remove_strangers(folder_); !removed) say(removed.error().message);
  return looked_after;
}

// The loader has starts left for it, and could not load it, or not count them. Counted here, this ends too.
Status Updater::try_again(BootState state) {
  --state.left;
  say("the new system could not be loaded: the camera starts again");
  if (const Status kept = keep(state); !kept) return kept;
  return tools_.restart();
}

Status Updater::on_trial(BootState state) {
  UpdateStatus now = status();
  // What was installed was judged by what its bundle said; this is what runs.
  if (const auto from = update_version_from(now.from)) {
    if (const Status newer = check_newer(to_string(system_.version), *from, now.confirmed); !newer) {
      if (const Status ended = end_trial(state, newer.error().message); !ended) return ended;
      return tools_.restart();
    }
  }
  if (tools_.guard) tools_.guard(trial_hangs_after);
  if (state.starts < most_trial_starts) {
    ++state.starts;
    state.left = starts_of_a_trial;
    if (const Status kept = keep(state); !kept) return kept;
  }
  now.state = UpdateState::trial;
  now.version = to_string(system_.version);
  now.reason.clear();
  now.percent = 100;
  now.boot_id = system_.boot_id;
  if (const Status kept = keep(now); !kept) return kept;
  return drop_taken();
}

// No trial: the status may still be of one that ended when the power did. The confirmed slot stays that where
// it could not be loaded this time: what runs instead may be what was given up.
Status Updater::settled(const BootState& state) {
  const bool confirmed_one = state.slot == *system_.slot;
  if (!confirmed_one)
    say(fmt::format("slot {} could not be loaded, and gave way until the next start", to_string(state.slot)));
  const bool damaged = !read_update_status(folder_);
  UpdateStatus now = status();
  if (damaged) {
    now = {};
    now.confirmed = to_string(system_.version);
  }
  const bool half_done = now.state == UpdateState::trial || now.state == UpdateState::installed;
  const bool asked = read_incoming(folder_, "install").has_value();
  const UpdateStatus before = now;
  const bool is_it = now.version == to_string(system_.version);
  const bool lost = now.state == UpdateState::confirmed && !now.version.empty() && !is_it;
  const bool given_up = now.state == UpdateState::reverted;
  if (confirmed_one && is_it && (half_done || given_up)) {
    now.state = UpdateState::confirmed;
    now.confirmed = newer_of(now.confirmed, system_.version);
    now.reason.clear();
    now.boot_id.clear();
  } else if (half_done) {
    now.state = UpdateState::reverted;
    now.reason = "the new system did not show that it works, and was given up";
    now.boot_id.clear();
  } else if (lost) {
    now.state = UpdateState::reverted;
    now.reason = fmt::format("its slot could not be loaded, and {} runs again", to_string(system_.version));
  } else if (now.state == UpdateState::installing && !asked) {
    now.state = UpdateState::refused;
    now.reason = "installing was interrupted: install it again";
  }
  if (damaged || now != before) {
    if (const Status kept = keep(now); !kept) return kept;
  }
  // The request that still lies there asks for it.
  if (asked) return {};
  const Status dropped = drop_taken();
  return dropped ? drop_begun() : dropped;
}

// The boot state last: until it is written, the next start comes here again.
Status Updater::end_trial(const BootState& state, const std::string& reason) {
  UpdateStatus now = status();
  now.state = UpdateState::reverted;
  now.reason = reason;
  now.boot_id.clear();
  say(fmt::format("version {} is given up: {}", now.version, reason));
  // The trial ends on a disk that is full, or worse, as well: the next start says so, too.
  const auto do_if_possible = [&](const Status& done) {
    if (!done) say(done.error().message);
  };
  do_if_possible(keep(now));
  do_if_possible(drop("install"));
  do_if_possible(drop_taken());
  return keep(BootState{state.slot, std::nullopt, 0, 0});
}

// Whatever fails: a camera that cannot even give up a trial is started again, and the loader counts.
Status Updater::deadline() {
  const auto lock = FolderLock::take(folder_.root);
  if (!lock) say(lock.error().message);
  // One that was asked for in time counts.
  if (const Status judged = judge_confirmation(); !judged) say(judged.error().message);
  const auto state = boot();
  if (state && !tries(*state)) return {};
  if (state) {
    const std::string reason =
        fmt::format("within {} minutes of its start it did not do all that it has to: {}",
                    trial_deadline.count(), words(status().able));
    if (const Status ended = end_trial(*state, reason); !ended) say(ended.error().message);
  } else {
    say(state.error().message);
  }
  return tools_.restart();
}

}  // namespace wayside
