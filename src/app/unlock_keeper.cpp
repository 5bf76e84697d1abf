#include "src/app/unlock_keeper.hpp"

#include <algorithm>
#include <limits>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/log.hpp"

#include "src/app/interruptible_wait.hpp"
#include "src/app/named_thread.hpp"
#include "src/delivery/upload/back_off.hpp"

namespace wayside::app {

namespace {

// Time enough to bring a file to a camera on a pole.
constexpr std::chrono::milliseconds warned_before = std::chrono::days(14);
constexpr UtcTime never{std::numeric_limits<std::int64_t>::max()};

bool valid_at(const Recipient& one, UtcTime now) {
  return (!one.valid_from || *one.valid_from <= now) && (!one.valid_until || now < *one.valid_until);
}

}  // namespace

UnlockKeeper::UnlockKeeper(UnlockKeeperOptions options, Connect connect, UnlockKeys& keys, const Clock& clock,
                           Health& health, CounterSet& counters)
    : options_(std::move(options)),
      connect_(std::move(connect)),
      keys_(keys),
      clock_(clock),
      health_(health),
      fetched_(counters.counter("unlock_keys_fetched", "Times that the unlock service lent its keys")),
      failures_(
          counters.counter("unlock_failures", "Times that the unlock service gave no answer that counts")),
      revoked_(
          counters.counter("unlock_refused", "Times that the unlock service refused this camera its keys")) {}

UnlockKeeper::~UnlockKeeper() {
  stop();
}

void UnlockKeeper::start() {
  // No entry of the log: the first look may be answered at once.
  health_.ill("unlock_key", "no unlock key has been fetched yet: records stay sealed in the queue");
  thread_ = named_thread("unlock", [this](const std::stop_token& stop) {
    while (!stop.stop_requested() && !wait_unless(stop, look())) {
    }
  });
}

void UnlockKeeper::stop() {
  thread_.request_stop();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (service_) service_->hurry(std::chrono::steady_clock::now() + office_ends_within);
  }
  if (thread_.joinable()) thread_.join();
  keys_.drop();
}

std::chrono::milliseconds UnlockKeeper::look() {
  Result<UnlockKeys::Set> keys = fetch();
  if (keys) {
    fetched_.add();
    failures_in_a_row_ = 0;
    confirmed_ = clock_.monotonic_now();
    const std::string problem = problem_with(*keys);
    if (keys_.current()->empty()) log::info("unlock_key_fetched", {{"keys", keys->size()}});
    keys_.replace(std::move(*keys));
    say(problem);
    return options_.look_again;
  }
  const bool refused = keys.error().code == ErrorCode::refused;
  (refused ? revoked_ : failures_).add();
  const bool too_old = confirmed_ && clock_.monotonic_now() - *confirmed_ >= options_.longest_unconfirmed;
  if (refused || too_old) {
    keys_.drop();
    confirmed_.reset();
  }
  if (keys_.current()->empty()) say(keys.error().message + "; records stay sealed in the queue");
  upload::BackOff back_off(options_.first_retry, options_.longest_retry, std::random_device{}());
  return back_off.after(++failures_in_a_row_, std::nullopt);
}

Result<UnlockKeys::Set> UnlockKeeper::fetch() {
  // No lock while the service is asked; only this thread sets it.
  if (!service_) {
    Result<std::unique_ptr<UnlockService>> service = connect_();
    if (!service) return fail(ErrorCode::unavailable, service.error().message);
    const std::lock_guard lock(mutex_);
    if (stopping_) return fail(ErrorCode::unavailable, "the camera is stopping");
    service_ = std::move(*service);
  }
  return service_->fetch();
}

std::string UnlockKeeper::problem_with(const UnlockKeys::Set& keys) const {
  const Result<std::vector<Recipient>> recipients = load_recipients(options_.recipients);
  if (!recipients) return {};  // told as a problem of sealing
  const bool unsure = clock_.quality().source == TimeSource::unsynchronised;
  const UtcTime now = clock_.utc_now();
  const auto end_of = [](const Recipient& one) { return one.valid_until.value_or(never); };
  bool sealed_to = false;
  UtcTime last_end{};
  for (const Recipient& one : *recipients) {
    const bool lent =
        std::any_of(keys.begin(), keys.end(), [&](const RecipientSecret& key) { return key.key == one.key; });
    if (!lent || one.view != RecordView::full) continue;
    sealed_to |= unsure || valid_at(one, now);
    last_end = std::max(last_end, end_of(one));
  }
  if (sealed_to && (unsure || last_end == never || last_end - now > warned_before)) return {};
  if (sealed_to) {
    return fmt::format(
        "the last unlock key ends at {}, and records made after that cannot be sent: run "
        "wayside-backoffice unlock-key new, and put the new public file into {}",
        to_iso8601(last_end), options_.recipients.string());
  }
  return fmt::format(
      "no key that the unlock service lends is among the valid recipients, so that new records cannot be "
      "sent: put "
      "{}.toml, which wayside-backoffice unlock-key new made, into {}",
      to_hex(key_id(keys.back().key)), options_.recipients.string());
}

void UnlockKeeper::say(const std::string& problem) {
  if (problem.empty()) {
    health_.well("unlock_key");
  } else if (health_.ill("unlock_key", problem)) {
    log::warning("unlock_key_missing", {{"reason", problem}});
  }
}

}  // namespace wayside::app
