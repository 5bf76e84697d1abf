#include "src/app/trail_events.hpp"

#include "wayside/device/authority/authority_record.hpp"

namespace wayside::app {

namespace {

TrailEvent event_of(std::string_view event) {
  TrailEvent made;
  made.event = event;
  return made;
}

std::string revision_text(std::uint64_t revision) {
  return revision == 0 ? std::string() : std::to_string(revision);
}

}  // namespace

TrailEvent started_event(std::string_view firmware) {
  TrailEvent event = event_of(trail_event::start);
  event.details["firmware"] = firmware;
  return event;
}

TrailEvent stopped_event() {
  return event_of(trail_event::stop);
}

TrailEvent contact_event(const std::string& contact, bool open) {
  TrailEvent event = event_of(trail_event::contact);
  event.details[contact] = open ? "open" : "closed";
  return event;
}

TrailEvent clock_step_event(const ClockEvent& step, TimeSource follows) {
  TrailEvent event = event_of(trail_event::clock_step);
  event.details["by_ms"] = std::to_string(step.step_ms);
  event.details["follows"] = to_string(follows);
  if (step.whole_gnss_weeks) event.details["whole_gnss_weeks"] = "yes";
  return event;
}

TrailEvent authority_event(const AuthorityJudgement& judged, const std::string& before) {
  TrailEvent event = event_of(trail_event::authority);
  event.details["before"] = before;
  event.details["after"] = known_as(judged);
  if (!judged.sentence.empty()) event.details["reason"] = judged.sentence;
  return event;
}

TrailEvent watch_list_event(const ListChange& change) {
  TrailEvent event = event_of(trail_event::watch_list);
  event.details["list"] = change.list;
  event.details["state"] = to_string(change.state);
  if (change.state == ListChange::State::refused) {
    event.details["held"] = revision_text(change.revision);
    event.details["reason"] = change.reason;
  } else {
    event.details["before"] = revision_text(change.before);
    event.details["after"] = revision_text(change.revision);
  }
  return event;
}

TrailEvent update_event(const UpdateStatus& status) {
  TrailEvent event = event_of(trail_event::update);
  event.details["state"] = to_string(status.state);
  if (!status.version.empty()) event.details["version"] = status.version;
  if (!status.from.empty()) event.details["from"] = status.from;
  if (!status.reason.empty()) event.details["reason"] = status.reason;
  return event;
}

}  // namespace wayside::app
