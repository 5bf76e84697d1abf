#include "src/app/watch_list_keeper.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"

#include "src/app/interruptible_wait.hpp"
#include "src/app/named_thread.hpp"
#include "src/app/trusted_key.hpp"

namespace wayside::app {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::size_t most_lists = 16;
constexpr int most_damaged = 3;
constexpr std::size_t longest_list_reason = 600;

}  // namespace

WatchListKeeper::WatchListKeeper(WatchListKeeperOptions options, Connect connect, const Clock& clock,
                                 Health& health, CounterSet& counters)
    : options_(std::move(options)),
      connect_(std::move(connect)),
      clock_(clock),
      health_(health),
      hits_(counters.counter("watch_list_hits", "Passes that fit an entry of a VOI list")),
      withheld_(counters.counter("watch_list_withheld",
                                 "Entries that a pass fitted, but that may have been weeded by then")),
      taken_(counters.counter("watch_lists_taken", "Revisions of VOI lists put in force")),
      refused_(counters.counter("watch_lists_refused", "VOI lists from the office that were not taken")),
      failures_(
          counters.counter("watch_list_failures", "Times that the office gave no answer about VOI lists")),
      unreadable_(
          counters.counter("watch_list_entries_unreadable", "Hits whose entry could not be read from flash")),
      back_off_(options_.first_retry, options_.longest_retry, std::random_device{}()),
      cap_(options_.bytes_per_s) {}

WatchListKeeper::~WatchListKeeper() {
  stop();
}

void WatchListKeeper::start() {
  thread_ = named_thread("watchlists", [this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const milliseconds wait = look();
      std::unique_lock lock(mutex_);
      woken_.wait_for(lock, stop, wait, [this] { return arrived_.has_value(); });
    }
  });
}

void WatchListKeeper::stop() {
  thread_.request_stop();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (office_) office_->hurry(std::chrono::steady_clock::now() + office_ends_within);
  }
  if (thread_.joinable()) thread_.join();
}

void WatchListKeeper::connect_anew(Connect connect) {
  connect_ = std::move(connect);
  under_way_.reset();
  not_before_ = upload::Time::min();
  failures_in_a_row_ = 0;
  const std::lock_guard lock(mutex_);
  office_.reset();
  stopping_ = false;
}

void WatchListKeeper::offered(std::span<const ListOffer> offers) {
  {
    const std::lock_guard lock(mutex_);
    arrived_.emplace(offers.begin(), offers.end());
  }
  woken_.notify_all();
}

milliseconds WatchListKeeper::look() {
  take_offers();
  let_go();
  milliseconds wait = options_.every;
  if (have_keys()) {
    open_stores();
    wait = fetch();
  }
  publish();
  tell();
  return wait;
}

void WatchListKeeper::take_offers() {
  std::optional<std::vector<ListOffer>> arrived;
  {
    const std::lock_guard lock(mutex_);
    arrived.swap(arrived_);
  }
  if (!arrived) return;
  if (arrived->size() > most_lists) arrived->resize(most_lists);
  offers_ = std::move(arrived);
  const auto offer_of = [&](const std::string& list) {
    return std::find_if(offers_->begin(), offers_->end(),
                        [&](const ListOffer& one) { return one.list == list; });
  };
  const upload::Time now = upload::Time::clock::now();
  // What is offered in another form may well be taken.
  std::erase_if(given_up_, [&](const auto& one) {
    const auto offer = offer_of(one.first);
    return offer == offers_->end() || now >= one.second.until ||
           (!offer->document.empty() && offer->document != one.second.document);
  });
  if (under_way_) {
    const auto offer = offer_of(under_way_->offer.list);
    if (offer == offers_->end() || (!offer->document.empty() && *offer != under_way_->offer))
      under_way_.reset();
  }
}

std::vector<std::string> WatchListKeeper::on_flash() const {
  std::vector<std::string> lists;
  std::error_code failed;
  fs::directory_iterator entries(options_.folder, failed);
  for (; !failed && entries != fs::directory_iterator(); entries.increment(failed)) {
    std::string list = entries->path().filename().string();
    std::error_code ignored;
    if (is_list_id(list) && entries->is_directory(ignored) && lists.size() < most_lists)
      lists.push_back(std::move(list));
  }
  return lists;
}

void WatchListKeeper::let_go() {
  if (!offers_) return;
  for (const std::string& list : on_flash()) {
    if (std::any_of(offers_->begin(), offers_->end(),
                    [&](const ListOffer& offer) { return offer.list == list; }))
      continue;
    std::error_code failed;
    const std::uint64_t before = revision_of(list);
    const bool was_there = fs::exists(options_.folder / list / (list + ".sealed"), failed);
    stores_.erase(list);
    wants_full_.erase(list);
    fs::remove_all(options_.folder / list, failed);
    if (failed) {
      log::error("watch_list_not_removed", {{"list", list}, {"reason", failed.message()}});
      continue;
    }
    if (!was_there) continue;
    log::info("watch_list_removed", {{"list", list}, {"revision", before}});
    put_on_record({list, ListChange::State::removed, 0, before, 0, {}});
  }
  // Given a list again, it is lent another.
  if (offers_->empty()) key_.reset();
}

bool WatchListKeeper::have_office() {
  if (office_) return true;
  // No lock while it is made; only this thread sets it.
  Result<std::unique_ptr<ListOffice>> office = connect_();
  if (!office) {
    key_problem_ = office.error().message;
    return false;
  }
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  office_ = std::move(*office);
  return true;
}

bool WatchListKeeper::have_keys() {
  key_problem_.clear();
  const bool any = offers_ ? !offers_->empty() : !on_flash().empty();
  if (!any) return false;
  if (!issuer_) {
    const fs::path file = options_.folder / "issuer-key";
    const Result<VerifyingKey> issuer = read_trusted_key(file);
    if (!issuer) {
      key_problem_ = fmt::format("{}: {}", json_escape(file.string()), issuer.error().message);
      return false;
    }
    issuer_ = *issuer;
  }
  if (key_) return true;
  key_problem_ = "the office has not lent the key yet that VOI lists are sealed with: nothing is matched";
  if (upload::Time::clock::now() < not_before_) return false;
  Result<Secret> key = fail(ErrorCode::unavailable, key_problem_);
  if (have_office()) key = office_->key();
  if (!key) {
    failures_.add();
    key_problem_ = fmt::format("without the key that they are sealed with no VOI list is matched: {}",
                               have_office() ? key.error().message : key_problem_);
    static_cast<void>(again());
    return false;
  }
  failures_in_a_row_ = 0;
  key_.emplace(std::move(*key));
  key_problem_.clear();
  return true;
}

void WatchListKeeper::open_stores() {
  std::set<std::string> lists;
  for (std::string& list : on_flash())
    lists.insert(std::move(list));
  if (offers_) {
    for (const ListOffer& offer : *offers_)
      lists.insert(offer.list);
  }
  for (const std::string& list : lists) {
    if (stores_.contains(list)) continue;
    auto store = WatchListStore::open(
        {options_.folder / list, list, Secret(key_->view()), {*issuer_}, options_.limits});
    if (!store) {
      key_problem_ = store.error().message;
      continue;
    }
    if (!(*store)->problem().empty())
      log::error("watch_list_unusable", {{"list", list}, {"reason", (*store)->problem()}});
    const auto current = (*store)->current();
    stores_.emplace(list, std::move(*store));
    if (!current) continue;
    log::info("watch_list_opened", {{"list", list}, {"revision", current->facts().revision}});
    // The offer was made to a camera that said nothing of this one.
    if (!offers_) continue;
    for (ListOffer& offer : *offers_) {
      if (offer.list == list) offer.document.clear();
    }
  }
}

std::uint64_t WatchListKeeper::revision_of(const std::string& list) const {
  const auto store = stores_.find(list);
  const auto current = store == stores_.end() ? nullptr : store->second->current();
  return current ? current->facts().revision : 0;
}

const ListOffer* WatchListKeeper::next_offer() const {
  if (!offers_) return nullptr;
  for (const ListOffer& offer : *offers_) {
    const auto given_up = given_up_.find(offer.list);
    const bool known_bad = given_up != given_up_.end() && given_up->second.document == offer.document;
    if (!offer.document.empty() && !known_bad && stores_.contains(offer.list) &&
        offer.revision > revision_of(offer.list))
      return &offer;
  }
  return nullptr;
}

milliseconds WatchListKeeper::fetch() {
  const upload::Time now = upload::Time::clock::now();
  if (!under_way_) {
    const ListOffer* const offer = next_offer();
    if (offer == nullptr) return options_.every;
    if (offer->bytes > options_.limits.bytes + largest_list_head_bytes) {
      give_up(*offer,
              fmt::format("it has {} bytes, and this camera takes {}: issue a smaller list", offer->bytes,
                          options_.limits.bytes),
              true);
      return milliseconds{0};
    }
    under_way_.emplace(
        UnderWay{*offer, stores_.at(offer->list)->begin_update(), 0, revision_of(offer->list)});
  }
  const upload::Time free_at = std::max(not_before_, cap_.free_at());
  if (now < free_at) {
    return std::clamp(std::chrono::ceil<milliseconds>(free_at - now), milliseconds{1}, options_.every);
  }
  if (!have_office()) return again();
  Result<std::string> piece = office_->piece(under_way_->offer, under_way_->at);
  if (piece) return take_piece(std::move(*piece));
  failures_.add();
  if (piece.error().code == ErrorCode::refused) {
    give_up(under_way_->offer, piece.error().message, false);
    under_way_.reset();
    return options_.every;
  }
  // What has come is kept: it goes on from there.
  return again();
}

milliseconds WatchListKeeper::again() {
  const milliseconds wait = back_off_.after(++failures_in_a_row_, std::nullopt);
  not_before_ = upload::Time::clock::now() + wait;
  return std::min(wait, options_.every);
}

milliseconds WatchListKeeper::take_piece(std::string piece) {
  failures_in_a_row_ = 0;
  const std::size_t size = piece.size();
  cap_.take(size, upload::Time::clock::now());
  const Status appended = under_way_->update.append(as_bytes(piece));
  wipe(piece);
  if (!appended) return refused(under_way_->update.wanted(), appended.error());
  under_way_->at += size;
  // Its own head says how long it is; the offer only when to stop asking.
  const bool ends = under_way_->at >= under_way_->offer.bytes || size < largest_list_piece;
  return ends ? finish() : milliseconds{0};
}

milliseconds WatchListKeeper::finish() {
  const auto list = under_way_->update.finish();
  if (!list) return refused(under_way_->update.wanted(), list.error());
  const ListFacts& facts = (*list)->facts();
  const std::uint64_t before = under_way_->before;
  under_way_.reset();
  given_up_.erase(facts.list);
  wants_full_.erase(facts.list);
  damaged_.erase(facts.list);
  taken_.add();
  log::info(
      "watch_list_in_force",
      {{"list", facts.list}, {"revision", facts.revision}, {"before", before}, {"entries", facts.entries}});
  put_on_record({facts.list, ListChange::State::in_force, facts.revision, before, facts.entries, {}});
  return milliseconds{0};
}

milliseconds WatchListKeeper::refused(ListWanted wanted, const Error& why) {
  const ListOffer offer = under_way_->offer;
  under_way_.reset();
  const bool full = offer.document.ends_with(".full");
  if (wanted == ListWanted::full && !full) {
    log::info("watch_list_wanted_full", {{"list", offer.list}, {"reason", why}});
    wants_full_.insert(offer.list);
    given_up_[offer.list] = {offer.document, {}, upload::Time::max()};
    return milliseconds{0};
  }
  if (wanted == ListWanted::again && ++damaged_[offer.list] < most_damaged) {
    log::warning("watch_list_damaged", {{"list", offer.list}, {"reason", why}, {"next", "trying again"}});
    return again();
  }
  damaged_.erase(offer.list);
  give_up(offer, why.message, wanted != ListWanted::again);
  return milliseconds{0};
}

void WatchListKeeper::give_up(const ListOffer& offer, std::string reason, bool for_good) {
  refused_.add();
  std::replace(reason.begin(), reason.end(), '\n', ' ');  // bad lines are told one a line
  if (reason.size() > longest_list_reason) reason.resize(longest_list_reason);
  GivenUp& given_up = given_up_[offer.list];
  given_up = {offer.document, reason, upload::Time::max()};
  if (!for_good) given_up.until = upload::Time::clock::now() + options_.given_up_for;
  const auto store = stores_.find(offer.list);
  const auto current = store == stores_.end() ? nullptr : store->second->current();
  const std::uint64_t revision = revision_of(offer.list);
  log::error("watch_list_refused",
             {{"list", offer.list}, {"offered", offer.revision}, {"held", revision}, {"reason", reason}});
  put_on_record({offer.list, ListChange::State::refused, revision, revision,
                 current ? current->facts().entries : 0, reason});
}

void WatchListKeeper::put_on_record(const ListChange& change) {
  const ClockReading now{clock_.monotonic_now(), clock_.utc_now()};
  outbox_.add(watch_list_record(change, options_.device_id, now, clock_.quality()));
  if (options_.on_change) options_.on_change(change);
}

}  // namespace wayside::app
