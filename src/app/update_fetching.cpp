// How an update is fetched and handed over; the rest is in update_keeper.cpp.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sys/statvfs.h>

#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"

#include "src/app/update_keeper.hpp"

namespace wayside::app {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::uint64_t room_kept = std::uint64_t{1} << 20U;  // for what else is written there
constexpr unsigned most_wrong = 2;
constexpr std::chrono::minutes longest_asked{10};
constexpr std::chrono::minutes office_asked_again{1};

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

// What a camera is able to do it knows a minute or two after its start; what it fails to do for a moment the
// new system has to do all the same.
void UpdateKeeper::look_at_work() {
  able_ = options_.able ? options_.able() : Abilities{};
  if (covers(able_, {std::string(ability_capture), std::string(ability_deliver)})) {
    lacking_since_.reset();
  } else if (!lacking_since_) {
    lacking_since_ = now();
  }
}

// Why the new system could not show now that it delivers; empty: it could, or need not.
std::string UpdateKeeper::unheard() {
  if (!covers(able_, {std::string(ability_deliver)})) return {};
  std::optional<upload::Time> answered;
  {
    const std::lock_guard lock(mutex_);
    answered = answered_;
  }
  if (answered && now() - *answered < options_.answer_counts) return {};
  if (options_.ask_office && (!office_asked_at_ || now() - *office_asked_at_ >= office_asked_again)) {
    office_asked_at_ = now();
    options_.ask_office();
  }
  return fmt::format(
      "the office has not answered {}, and a new system has to show that it delivers",
      answered
          ? fmt::format("for {} minutes", std::chrono::floor<std::chrono::minutes>(now() - *answered).count())
          : "yet");
}

milliseconds UpdateKeeper::have_installed() {
  std::error_code absent;
  const bool asking = fs::exists(options_.folder.install(), absent);
  if (asking && !asked_at_) asked_at_ = now();  // by the start before this one
  const bool lately = asked_at_ && now() - *asked_at_ < longest_asked;
  if (asking || lately) {
    at("asked");
    if (!lately)
      held_ = "nobody has begun to install what was fetched: restart the camera (reboot at its console)";
    return options_.every;
  }
  const bool unheeded = asked_at_.has_value();
  if (std::string why = not_yet(); !why.empty()) {
    at("waiting", std::move(why));
    return options_.every;
  }
  at("waiting", lacking_since_
                    ? "the camera does not do all its work, or has only just begun, and a new system "
                      "is not measured by that yet"
                    : "");
  if (now() < not_before_ || (lacking_since_ && now() - *lacking_since_ < options_.settle))
    return options_.every;
  if (std::string why = unheard(); !why.empty()) {
    at("waiting", std::move(why));
    return options_.every;
  }
  if (const Status noted = note_try(); !noted) return again(noted.error(), true);
  if (const Status asked = request_install(options_.folder, {offer_->version, offer_->sha256, able_}); !asked)
    return again(asked.error(), true);
  asked_.add();
  log::info("update_asked", {{"version", offer_->version}});
  asked_at_ = now();
  install_early_ = false;
  fresh_start();
  if (unheeded) {
    problem_ = fmt::format(
        "version {} was handed over to be installed, and nobody began with it; it is asked for again: where "
        "that does not help, restart the camera (reboot at its console)",
        offer_->version);
    problem_said_ = true;
  }
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
  // All is here, and could not be looked at the last time.
  if (part_.bytes() >= offer_->bytes) return finish();
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
  went_on();
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
  return again({whole.error().code, why}, false);
}

// What has come is kept: it goes on from there. said: at once, since it does not by itself.
milliseconds UpdateKeeper::again(const Error& why, bool said) {
  const milliseconds wait = back_off_.after(++failures_in_a_row_, std::nullopt);
  not_before_ = now() + wait;
  problem_ = why.message;
  problem_said_ = problem_said_ || said;
  if (!stuck_since_) stuck_since_ = now();
  return std::clamp(wait, milliseconds{1}, options_.every);
}

milliseconds UpdateKeeper::give_up(const std::string& why, milliseconds how_long) {
  static_cast<void>(again({ErrorCode::refused, why}, true));
  not_before_ = now() + how_long;
  return options_.every;
}

}  // namespace wayside::app
