#include "src/app/update_keeper.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/statvfs.h>

#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"

#include "src/app/named_thread.hpp"

namespace wayside::app {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::chrono::seconds longest_stop{2};
constexpr std::uint64_t room_kept = std::uint64_t{1} << 20U;  // for what else is written there
constexpr std::uint64_t failures_before_said = 5;
constexpr unsigned most_wrong = 2;
constexpr std::chrono::minutes longest_asked{10};

Result<std::uint64_t> free_bytes(const fs::path& folder) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) == 0) return std::uint64_t{disk.f_bavail} * disk.f_frsize;
  return fail(ErrorCode::io,
              fmt::format("cannot look at {}: {}", json_escape(folder.string()), std::strerror(errno)));
}

unsigned percent_of(std::uint64_t part, std::uint64_t whole) {
  constexpr std::uint64_t all = 100;
  return whole == 0 ? 0 : static_cast<unsigned>(part * all / whole);
}

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
    if (office_) office_->hurry(std::chrono::steady_clock::now() + longest_stop);
  }
  if (thread_.joinable()) thread_.join();
}

void UpdateKeeper::connect_anew(Connect connect) {
  connect_ = std::move(connect);
  fresh_start();
  const std::lock_guard lock(mutex_);
  office_.reset();
  has_office_ = static_cast<bool>(connect_);
  stopping_ = false;
}

void UpdateKeeper::offered(const std::optional<UpdateOffer>& offer) {
  {
    const std::lock_guard lock(mutex_);
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

Result<std::string> UpdateKeeper::install_now() {
  std::string said;
  {
    const std::lock_guard lock(mutex_);
    if (shown_.state != "waiting") {
      return fail(ErrorCode::refused,
                  fmt::format("no update waits to be installed (state: {}): see update show", shown_.state));
    }
    news_.install = news_.any = true;
    said = fmt::format("version {} is about to be installed; then the camera restarts", shown_.version);
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
  if (!begun_) offer_ = part_.left_over();
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
    forgiven_ = true;
  } else if (const Status begun = part_.begin(*offer); !begun) {
    static_cast<void>(again(begun.error(), true));
    return;  // the next heartbeat brings it again
  } else {
    log::info("update_offered", {{"version", offer->version}, {"bytes", offer->bytes}});
  }
  const bool other = !offer || !offer_ || offer->sha256 != offer_->sha256;
  offer_ = offer;
  if (!other) return;
  install_early_ = false;
  asked_at_.reset();
  fresh_start();
}

void UpdateKeeper::fresh_start() {
  problem_.clear();
  problem_said_ = false;
  failures_in_a_row_ = 0;
  wrong_in_a_row_ = 0;
  not_before_ = upload::Time::min();
}

void UpdateKeeper::read_status() {
  const auto status = read_update_status(options_.folder);
  // One that cannot be read is wayside-update's to mend; what was read before still holds.
  if (status) status_ = *status;
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
      if (!its_own || forgiven_) return false;
      held_ = fmt::format("version {} was {}: {}", offer_->version,
                          status_.state == UpdateState::refused ? "refused" : "given up", status_.reason);
      return true;
    case UpdateState::installing:
    case UpdateState::installed:
    case UpdateState::trial:
      return true;  // one after the other
    case UpdateState::none:
    case UpdateState::confirmed:
      break;
  }
  return false;
}

milliseconds UpdateKeeper::go_on() {
  return part_.is_whole() ? have_installed() : fetch();
}

// Why it has to wait for its hour; empty: it has come, or there is none.
std::string UpdateKeeper::not_yet() const {
  if (!offer_->not_before || install_early_) return {};
  const TimeSource source = clock_.quality().source;
  const std::string hour = to_iso8601(*offer_->not_before);
  if (source != TimeSource::ntp && source != TimeSource::gnss)
    return fmt::format("to be installed from {} on, and the clock is not synchronised", hour);
  return clock_.utc_now() < *offer_->not_before ? fmt::format("to be installed from {} on", hour)
                                                : std::string();
}

milliseconds UpdateKeeper::have_installed() {
  std::error_code absent;
  const bool asking = fs::exists(options_.folder.install(), absent);
  if (asking && !asked_at_) asked_at_ = now();  // by the start before this one
  const bool lately = asked_at_ && now() - *asked_at_ < longest_asked;
  if (asking || lately) {
    at("asked");
    if (!lately) held_ = "nobody has begun to install what was fetched: look at wayside-update.service";
    return options_.every;
  }
  if (std::string why = not_yet(); !why.empty()) {
    at("waiting", std::move(why));
    return options_.every;
  }
  const Abilities able = options_.able ? options_.able() : Abilities{};
  at("waiting");
  if (now() < not_before_) return options_.every;
  if (const Status asked = request_install(options_.folder, {offer_->version, offer_->sha256, able}); !asked)
    return again(asked.error(), true);
  asked_.add();
  log::info("update_asked", {{"version", offer_->version}});
  asked_at_ = now();
  install_early_ = forgiven_ = false;
  fresh_start();
  at("asked");
  return options_.every;
}

Status UpdateKeeper::has_room() const {
  const auto ask = options_.free_bytes ? options_.free_bytes : free_bytes;
  const auto room = ask(options_.folder.incoming());
  if (!room) return fail(room.error());
  const std::uint64_t needed = offer_->bytes - part_.bytes() + room_kept;
  if (*room >= needed) return {};
  return fail(ErrorCode::exhausted,
              fmt::format("version {} needs {} more bytes in {}, and {} are free: make room there",
                          offer_->version, needed, json_escape(options_.folder.incoming().string()), *room));
}

bool UpdateKeeper::have_office() {
  if (office_) return true;
  // No lock while it is made; only this thread sets it.
  Result<std::unique_ptr<UpdateOffice>> office = connect_();
  if (!office) {
    static_cast<void>(again(office.error(), false));
    return false;
  }
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  office_ = std::move(*office);
  return true;
}

milliseconds UpdateKeeper::fetch() {
  if (!connect_) {
    held_ = fmt::format(
        "the office gives version {}, which comes over HTTPS only: set upload.profile to wayside or bof2",
        offer_->version);
    at("unfit", held_);
    return options_.every;
  }
  at("fetching", problem_, percent_of(part_.bytes(), offer_->bytes));
  const upload::Time free_at = std::max(not_before_, cap_.free_at());
  if (now() < free_at) {
    return std::clamp(std::chrono::ceil<milliseconds>(free_at - now()), milliseconds{1}, options_.every);
  }
  if (const auto open = part_.open(); !open) return again(open.error(), true);
  if (const Status room = has_room(); !room) return again(room.error(), true);
  if (!have_office()) return options_.every;
  const auto piece = office_->piece(*offer_, part_.bytes());
  if (!piece) {
    failures_.add();
    if (piece.error().code == ErrorCode::refused) return give_up(piece.error().message, options_.refused_for);
    return again(piece.error(), false);
  }
  cap_.take(piece->size(), now());
  bytes_.add(piece->size());
  if (const Status kept = part_.append(as_bytes(*piece)); !kept) return again(kept.error(), true);
  problem_.clear();
  problem_said_ = false;
  failures_in_a_row_ = 0;
  at("fetching", {}, percent_of(part_.bytes(), offer_->bytes));
  return part_.bytes() >= offer_->bytes ? finish() : milliseconds{0};
}

milliseconds UpdateKeeper::finish() {
  const Status whole = part_.finish();
  if (whole) {
    fetched_.add();
    wrong_in_a_row_ = 0;
    log::info("update_fetched", {{"version", offer_->version}, {"bytes", offer_->bytes}});
    return have_installed();
  }
  if (whole.error().code != ErrorCode::corrupt) return again(whole.error(), true);
  wrong_.add();
  part_.drop_pieces();
  log::error("update_thrown_away", {{"version", offer_->version}, {"reason", whole.error()}});
  const std::string why =
      fmt::format("version {} was thrown away: {}", offer_->version, whole.error().message);
  if (++wrong_in_a_row_ >= most_wrong) return give_up(why, options_.wrong_for);
  return again({whole.error().code, why}, true);
}

// What has come is kept: it goes on from there.
milliseconds UpdateKeeper::again(const Error& why, bool said) {
  const milliseconds wait = back_off_.after(++failures_in_a_row_, std::nullopt);
  not_before_ = now() + wait;
  problem_ = why.message;
  problem_said_ = problem_said_ || said || failures_in_a_row_ >= failures_before_said;
  return std::clamp(wait, milliseconds{1}, options_.every);
}

milliseconds UpdateKeeper::give_up(const std::string& why, milliseconds how_long) {
  static_cast<void>(again({ErrorCode::refused, why}, true));
  not_before_ = now() + how_long;
  return options_.every;
}

void UpdateKeeper::tell() {
  const std::string& ill = held_.empty() ? problem_ : held_;
  if (ill.empty() || (held_.empty() && !problem_said_)) {
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
    if (!view.offered) return out;
    out["offered"] = view.offered->version;
    if (view.state == "fetching") out["fetched"] = view.percent;
    const bool own = view.state == "fetching" || view.state == "waiting" || view.state == "unfit";
    if (own && !view.reason.empty()) out["problem"] = view.reason;
    return out;
  };
  hooks.check = [&keeper] { return keeper.check_now(); };
  hooks.install = [&keeper] { return keeper.install_now(); };
  return hooks;
}

}  // namespace wayside::app
