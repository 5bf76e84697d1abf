#include "src/app/update_keeper.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/log.hpp"

#include "src/app/interruptible_wait.hpp"
#include "src/app/named_thread.hpp"

namespace wayside::app {

namespace {

using std::chrono::milliseconds;

constexpr std::chrono::hours stuck_is_said{1};

}  // namespace

UpdateKeeper::UpdateKeeper(UpdateKeeperOptions options, Connect connect, const Clock& clock, Health& health,
                           CounterSet& counters)
    : options_(std::move(options)),
      connect_(std::move(connect)),
      clock_(clock),
      health_(health),
      bytes_(counters.counter("update_bytes_fetched", "Bytes of update bundles that came from the office")),
      fetched_(counters.counter("updates_fetched", "Update bundles that came whole")),
      failures_(counters.counter("update_failures", "Times that a piece of an update did not come")),
      wrong_(counters.counter("updates_wrong", "Update bundles thrown away because of their hash")),
      asked_(counters.counter("updates_asked", "Update bundles that were handed over to be installed")),
      part_(options_.folder),
      back_off_(options_.first_retry, options_.longest_retry, std::random_device{}()),
      cap_(options_.bytes_per_s),
      has_office_(static_cast<bool>(connect_)) {
  view_.system = options_.system;
  shown_ = view_;
}

UpdateKeeper::~UpdateKeeper() {
  stop();
}

void UpdateKeeper::start() {
  thread_ = named_thread("update", [this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const milliseconds wait = look();
      std::unique_lock lock(mutex_);
      woken_.wait_for(lock, stop, wait, [this] { return news_.any; });
    }
  });
}

void UpdateKeeper::stop() {
  thread_.request_stop();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (office_) office_->hurry(std::chrono::steady_clock::now() + office_ends_within);
  }
  if (thread_.joinable()) thread_.join();
}

void UpdateKeeper::connect_anew(Connect connect) {
  connect_ = std::move(connect);
  fresh_start();
  const std::lock_guard lock(mutex_);
  office_.reset();
  answered_.reset();
  has_office_ = static_cast<bool>(connect_);
  stopping_ = false;
}

void UpdateKeeper::offered(const std::optional<UpdateOffer>& offer) {
  {
    const std::lock_guard lock(mutex_);
    answered_ = now();
    news_.offer.emplace(offer);
    news_.any = true;
  }
  woken_.notify_all();
}

void UpdateKeeper::cap(std::uint64_t bytes_per_s) {
  const std::lock_guard lock(mutex_);
  news_.bytes_per_s = bytes_per_s;
}

Result<std::string> UpdateKeeper::check_now() {
  {
    const std::lock_guard lock(mutex_);
    if (!has_office_ || !options_.ask_office) {
      return fail(ErrorCode::unsupported,
                  "this camera has no office to fetch updates from: set upload.url, with upload.profile "
                  "wayside or bof2");
    }
    news_.check = news_.any = true;
  }
  woken_.notify_all();
  options_.ask_office();
  return "the office is asked; what it answers is in update show";
}

Status UpdateKeeper::check_waits() const {
  if (shown_.state == "waiting") return {};
  return fail(ErrorCode::refused,
              fmt::format("no update waits to be installed (state: {}): see update show", shown_.state));
}

Result<std::string> UpdateKeeper::waiting() const {
  const std::lock_guard lock(mutex_);
  if (const Status waits = check_waits(); !waits) return fail(waits.error());
  return fmt::format("version {} waits{}", shown_.version,
                     shown_.reason.empty() ? " to be installed" : ": " + shown_.reason);
}

Result<std::string> UpdateKeeper::install_now() {
  std::string said;
  {
    const std::lock_guard lock(mutex_);
    if (const Status waits = check_waits(); !waits) return fail(waits.error());
    news_.install = news_.any = true;
    said = fmt::format(
        "version {} does not wait for its hour: it is installed as soon as the camera does its work and the "
        "office answers, and the camera restarts then",
        shown_.version);
  }
  woken_.notify_all();
  return said;
}

UpdateView UpdateKeeper::state() const {
  const std::lock_guard lock(mutex_);
  return shown_;
}

ToldSystem UpdateKeeper::told() const {
  const std::lock_guard lock(mutex_);
  return {to_string(shown_.system.version), shown_.system.compatible, shown_.state, shown_.version,
          shown_.reason};
}

upload::Time UpdateKeeper::now() const {
  return upload::Time(std::chrono::nanoseconds(clock_.monotonic_now().ns));
}

milliseconds UpdateKeeper::look() {
  take_what_came();
  read_status();
  look_at_work();
  held_.clear();
  milliseconds wait = options_.every;
  if (offer_ && !held_off()) wait = go_on();
  tell();
  return wait;
}

void UpdateKeeper::take_what_came() {
  News news;
  {
    const std::lock_guard lock(mutex_);
    std::swap(news, news_);
  }
  if (!begun_) {
    offer_ = part_.left_over();
    tried_ = tried_update_in(options_.folder);
  }
  begun_ = true;
  if (news.bytes_per_s) cap_ = upload::BandwidthCap(*news.bytes_per_s);
  if (news.check) fresh_start();
  install_early_ = install_early_ || news.install;
  if (news.offer && *news.offer != offer_) take_offer(*news.offer);
}

void UpdateKeeper::take_offer(const std::optional<UpdateOffer>& offer) {
  if (!offer) {
    log::info("update_withdrawn", {{"version", offer_->version}});
    part_.drop();
  } else if (const Status begun = part_.begin(*offer); !begun) {
    static_cast<void>(again(begun.error(), true));
    return;  // the next heartbeat brings it again
  } else {
    log::info("update_offered", {{"version", offer->version}, {"bytes", offer->bytes}});
  }
  const bool other = !offer || !offer_ || offer->sha256 != offer_->sha256 || offer->given != offer_->given;
  offer_ = offer;
  if (!other) return;
  install_early_ = false;
  asked_at_.reset();
  fresh_start();
}

void UpdateKeeper::went_on() {
  problem_.clear();
  problem_said_ = false;
  stuck_since_.reset();
  failures_in_a_row_ = 0;
}

void UpdateKeeper::fresh_start() {
  went_on();
  wrong_in_a_row_ = 0;
  not_before_ = upload::Time::min();
}

void UpdateKeeper::read_status() {
  const auto status = read_update_status(options_.folder);
  // One that cannot be read is wayside-update's to mend; what was read before still holds.
  if (status && *status != status_) {
    status_ = *status;
    stands_since_ = now();
  }
  view_.state = to_string(status_.state);
  view_.version = status_.version;
  view_.reason = status_.reason;
  view_.percent = status_.percent;
  view_.offered = offer_;
}

void UpdateKeeper::at(std::string state, std::string reason, unsigned percent) {
  view_.state = std::move(state);
  view_.version = offer_->version;
  view_.reason = std::move(reason);
  view_.percent = percent;
}

// Why it is nothing for this camera; empty: it is.
std::string UpdateKeeper::unfit() const {
  if (offer_->compatible != options_.system.compatible) {
    return fmt::format("the office gives an update for {}, and this camera is a {}: give it its own",
                       offer_->compatible, options_.system.compatible);
  }
  const auto version = update_version_from(offer_->version);
  const auto confirmed = update_version_from(status_.confirmed);
  if (version && *version >= options_.system.version && (!confirmed || *version >= *confirmed)) return {};
  return fmt::format("the office gives version {}, and {} runs{}: versions only go up", offer_->version,
                     to_string(options_.system.version),
                     confirmed ? fmt::format(" ({} was confirmed)", status_.confirmed) : "");
}

// As it is given now.
bool UpdateKeeper::was_tried() const {
  // One that was confirmed, and whose slot was lost, is written anew once.
  std::uint64_t most = status_.confirmed == offer_->version ? 2 : 1;
  // Whoever installs takes the bundle away first: where it still lies here, the power went between the note
  // and the request.
  if (part_.is_whole()) ++most;
  return tried_.sha256 == offer_->sha256 && tried_.given == offer_->given && tried_.times >= most;
}

Status UpdateKeeper::note_try() {
  const bool came_to_nothing = status_.version == offer_->version && (status_.state == UpdateState::refused ||
                                                                      status_.state == UpdateState::reverted);
  TriedUpdate tried{offer_->sha256, offer_->given, 1};
  if (tried_.sha256 == tried.sha256 && tried_.given == tried.given)
    tried.times = tried_.times + (came_to_nothing ? 1 : 0);
  if (tried == tried_) return {};
  const Status kept = keep_tried_update(options_.folder, tried);
  if (kept) tried_ = tried;
  return kept;
}

bool UpdateKeeper::held_off() {
  held_ = unfit();
  if (!held_.empty()) {
    at("unfit", held_);
    return true;
  }
  if (update_version_from(offer_->version) == options_.system.version) return true;  // it is what runs
  const bool its_own = status_.version == offer_->version;
  switch (status_.state) {
    case UpdateState::refused:
    case UpdateState::reverted:
      if (!its_own || !was_tried()) return false;
      // Where it still lies here, that was said of the giving before.
      held_ =
          part_.is_whole()
              ? fmt::format(
                    "version {} was handed over twice, and nobody began with it: restart the "
                    "camera (reboot at its console), and give it again",
                    offer_->version)
              : fmt::format("version {} was {}: {}", offer_->version,
                            status_.state == UpdateState::refused ? "refused" : "given up", status_.reason);
      return true;
    case UpdateState::installing:
    case UpdateState::installed:
    case UpdateState::trial:
      went_on();
      asked_at_.reset();  // and somebody began with it
      // One after the other; and each goes on, or ends, within the hour by itself.
      if (now() - stands_since_ >= stuck_is_said) {
        held_ = fmt::format(
            "nobody goes on with version {} ({}): restart the camera (reboot at its console), and give it "
            "again where it was refused then",
            status_.version, to_string(status_.state));
      }
      return true;
    case UpdateState::none:
    case UpdateState::confirmed:
      break;
  }
  return false;
}

void UpdateKeeper::tell() {
  const bool stuck = problem_said_ || (stuck_since_ && now() - *stuck_since_ >= stuck_is_said);
  const std::string& ill = held_.empty() ? problem_ : held_;
  if (ill.empty() || (held_.empty() && !stuck)) {
    health_.well("update");
  } else if (health_.ill("update", ill)) {
    log::error("update_unhealthy", {{"reason", ill}});
  }
  if (view_.state == "fetching") view_.reason = problem_;
  if (view_.reason.size() > longest_reason_bytes) view_.reason.resize(longest_reason_bytes);
  static_cast<void>(health_.says("update", view_.state));
  const std::lock_guard lock(mutex_);
  shown_ = view_;
}

UpdateHooks hooks_of(UpdateKeeper& keeper) {
  UpdateHooks hooks;
  hooks.offered = [&keeper] {
    const UpdateView view = keeper.state();
    nlohmann::json out = nlohmann::json::object();
    if (!view.offered || update_version_from(view.offered->version) == view.system.version) return out;
    out["offered"] = view.offered->version;
    if (view.state == "fetching") out["fetched"] = view.percent;
    const bool own = view.state == "fetching" || view.state == "waiting" || view.state == "unfit";
    if (own && !view.reason.empty()) out["problem"] = view.reason;
    return out;
  };
  hooks.check = [&keeper] { return keeper.check_now(); };
  hooks.waiting = [&keeper] { return keeper.waiting(); };
  hooks.install = [&keeper] { return keeper.install_now(); };
  return hooks;
}

}  // namespace wayside::app
