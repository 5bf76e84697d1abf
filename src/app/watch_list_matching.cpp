// What others ask of the keeper: what a pass fits, what is held, and how its lists are.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/log.hpp"

#include "src/app/watch_list_keeper.hpp"

namespace wayside::app {

namespace {

WatchedRead read_of(const VehiclePass& pass) {
  WatchedRead read;
  read.texts.push_back({pass.vrm, pass.confidence});
  for (const VrmAlternative& other : pass.alternatives)
    read.texts.push_back({other.vrm, other.confidence});
  read.character_confidences = pass.character_confidences;
  return read;
}

void forget(WatchedRead& read) {
  for (WatchedText& text : read.texts)
    wipe(text.vrm);
}

std::string_view why_not(WatchAnswer::State state) {
  switch (state) {
    case WatchAnswer::State::in_force:
      break;
    case WatchAnswer::State::not_yet_valid:
      return "is not valid yet, or not for certain: nothing is matched against it";
    case WatchAnswer::State::ended:
      return "has ended: nothing is matched against it; issue the next revision (wayside-backoffice "
             "watchlist issue)";
    case WatchAnswer::State::clock_unsure:
      return "is not matched against: the clock cannot say for certain that it has not ended";
  }
  return {};
}

}  // namespace

// A recording's times are its own, whatever is known of today's.
TimeBounds WatchListKeeper::bounds_of(UtcTime said, MonotonicTime at, const TimeQuality& time) const {
  const TimeBounds bounds = time_bounds(said, time);
  if (time.source == TimeSource::recording || !options_.known_earliest) return bounds;
  return not_before(bounds, options_.known_earliest(at));
}

std::vector<RecordHit> WatchListKeeper::match(const VehiclePass& pass, const TimeQuality& time) {
  std::shared_ptr<const InForce> lists;
  {
    const std::lock_guard lock(mutex_);
    lists = in_force_;
  }
  std::vector<RecordHit> hits;
  if (lists->empty()) return hits;
  WatchedRead read = read_of(pass);
  const TimeBounds taken = bounds_of(pass.best_frame.utc, pass.best_frame.monotonic, time);
  for (const auto& list : *lists) {
    const WatchAnswer answer = list->match(read, taken, options_.matching);
    withheld_.add(answer.withheld);
    for (const WatchHit& hit : answer.hits)
      hits.push_back(record_of(hit, read, list));
  }
  forget(read);
  std::stable_sort(hits.begin(), hits.end(),
                   [](const RecordHit& a, const RecordHit& b) { return a.probability > b.probability; });
  if (hits.size() > most_record_hits) hits.resize(most_record_hits);
  if (!hits.empty()) hits_.add();
  return hits;
}

RecordHit WatchListKeeper::record_of(const WatchHit& hit, const WatchedRead& read,
                                     const std::shared_ptr<const WatchList>& list) {
  RecordHit record;
  record.list = list->facts().list;
  record.revision = list->facts().revision;
  record.entry = hit.place;
  record.match = to_string(hit.kind);
  record.vrm = read.texts[hit.text].vrm;
  if (hit.differing_place) record.differing = static_cast<int>(*hit.differing_place);
  record.probability = hit.probability;
  if (Result<WatchEntry> entry = list->entry(hit.place)) {
    record.pnc_id = (*entry)[WatchField::pnc_id];
    wipe(*entry);
  } else {
    entry_unreadable(list, entry.error());
  }
  return record;
}

void WatchListKeeper::entry_unreadable(const std::shared_ptr<const WatchList>& list, const Error& why) {
  unreadable_.add();
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    damaged_in_force_[list->facts().list] = list;
    news = tell_damaged();
  }
  if (news) log::error("watch_list_entry_unreadable", {{"list", list->facts().list}, {"reason", why}});
}

// True: it is news. Under the mutex.
bool WatchListKeeper::tell_damaged() {
  std::string lists;
  for (const auto& [id, list] : damaged_in_force_)
    lists += (lists.empty() ? "" : ", ") + id;
  if (lists.empty()) {
    health_.well("watch_list_entries");
    return false;
  }
  return health_.ill(
      "watch_list_entries",
      fmt::format("VOI list {} was damaged on flash since it was opened: it is matched all the "
                  "same, but hits lack the PNC id; issue its next revision "
                  "(wayside-backoffice watchlist issue)",
                  lists));
}

std::map<std::string, std::uint64_t> WatchListKeeper::held() const {
  const std::lock_guard lock(mutex_);
  return told_held_;
}

void WatchListKeeper::publish() {
  auto in_force = std::make_shared<InForce>();
  std::map<std::string, std::uint64_t> told;
  for (const auto& [list, store] : stores_) {
    auto current = store->current();
    if (!current) continue;
    told[list] = wants_full_.contains(list) ? 0 : current->facts().revision;
    in_force->push_back(std::move(current));
  }
  const std::lock_guard lock(mutex_);
  if (*in_force_ != *in_force) in_force_ = std::move(in_force);
  told_held_ = std::move(told);
  const auto replaced = [&](const auto& one) {
    return std::find(in_force_->begin(), in_force_->end(), one.second.lock()) == in_force_->end();
  };
  if (std::erase_if(damaged_in_force_, replaced) > 0) static_cast<void>(tell_damaged());
}

std::vector<WatchListKeeper::Held> WatchListKeeper::lists() const {
  std::shared_ptr<const InForce> lists;
  {
    const std::lock_guard lock(mutex_);
    lists = in_force_;
  }
  const TimeBounds now = bounds_of(clock_.utc_now(), clock_.monotonic_now(), clock_.quality());
  std::vector<Held> held;
  for (const auto& list : *lists) {
    held.push_back(
        {list->facts(), options_.recording ? WatchAnswer::State::in_force : list->match({}, now).state});
  }
  return held;
}

std::vector<LabelledGauge> WatchListKeeper::gauges() const {
  std::vector<LabelledGauge> all;
  const std::vector<Held> held = lists();
  const UtcTime now = clock_.utc_now();
  const auto add = [&](const char* name, const char* help, const auto& value_of) {
    for (const Held& one : held)
      all.push_back({name, help, "list", one.facts.list, value_of(one)});
  };
  add("watch_list_revision", "Of each VOI list held",
      [](const Held& one) { return static_cast<double>(one.facts.revision); });
  add("watch_list_entries", "Of each VOI list held",
      [](const Held& one) { return static_cast<double>(one.facts.entries); });
  add("watch_list_age_seconds", "Since each VOI list held was issued, by the camera's clock",
      [&](const Held& one) { return std::chrono::duration<double>(now - one.facts.issued).count(); });
  add("watch_list_in_force", "1 where passes are matched against it now",
      [](const Held& one) { return one.state == WatchAnswer::State::in_force ? 1.0 : 0.0; });
  return all;
}

void WatchListKeeper::tell() {
  std::string problems = key_problem_;
  std::string states;
  const auto add = [](std::string& to, const std::string& what) { to += (to.empty() ? "" : "; ") + what; };
  for (const Held& one : lists()) {
    add(states,
        fmt::format("{} revision {}, {} entries", one.facts.list, one.facts.revision, one.facts.entries));
    if (one.state != WatchAnswer::State::in_force)
      add(problems, fmt::format("VOI list {} {}", one.facts.list, why_not(one.state)));
  }
  for (const auto& [list, given_up] : given_up_) {
    if (!given_up.reason.empty())
      add(problems, fmt::format("VOI list {} as the office has it is not taken: {}", list, given_up.reason));
  }
  if (offers_) {
    for (const ListOffer& offer : *offers_) {
      if (offer.revision >= revision_of(offer.list)) continue;
      add(problems,
          fmt::format("the office has revision {} of VOI list {}, and this camera holds {}: an older "
                      "state of the office was put back; issue the list under a higher revision",
                      offer.revision, offer.list, revision_of(offer.list)));
    }
  }
  if (states.empty() && problems.empty() && !offers_) return;
  static_cast<void>(health_.says("watch_lists", states.empty() ? "none" : states));
  if (problems.empty()) {
    health_.well("watch_lists");
  } else if (health_.ill("watch_lists", problems)) {
    log::warning("watch_lists_unhealthy", {{"reason", problems}});
  }
}

}  // namespace wayside::app
