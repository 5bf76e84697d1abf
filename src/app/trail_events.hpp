// What the camera itself sees and does, as entries of its audit trail (device/audit/trail_format.md).
//
// Threads: pure. Nothing of a VOI list's entry is in them, and no VRM.
#pragma once

#include <string>
#include <string_view>

#include "wayside/device/audit/trail.hpp"
#include "wayside/device/authority/judgement.hpp"
#include "wayside/device/clock/time_keeper.hpp"
#include "wayside/device/update/update_folder.hpp"
#include "wayside/device/watchlist/list_record.hpp"

namespace wayside::app {

// Of the daemon.
[[nodiscard]] TrailEvent started_event(std::string_view firmware);
[[nodiscard]] TrailEvent stopped_event();
// Of the door or the tamper contact.
[[nodiscard]] TrailEvent contact_event(const std::string& contact, bool open);
// follows: what the clock was said to follow when the step was noticed.
[[nodiscard]] TrailEvent clock_step_event(const ClockEvent& step, TimeSource follows);
// before: known_as() of the judgement before; empty: there was none.
[[nodiscard]] TrailEvent authority_event(const AuthorityJudgement& judged, const std::string& before);
[[nodiscard]] TrailEvent watch_list_event(const ListChange& change);
// What became of an update of the system.
[[nodiscard]] TrailEvent update_event(const UpdateStatus& status);

}  // namespace wayside::app
