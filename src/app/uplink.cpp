#include "src/app/uplink.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/log.hpp"

#include "src/app/interruptible_wait.hpp"
#include "src/app/named_thread.hpp"

namespace wayside::app {

Uplink::Uplink(UplinkOptions options, Connect connect, RecordQueue& queue, const Clock& clock, Health& health,
               CounterSet& counters)
    : options_(std::move(options)),
      connect_(std::move(connect)),
      queue_(queue),
      clock_(clock),
      health_(health),
      counters_(counters),
      failures_(counters.counter("uplink_failures", "Attempts to connect that failed on this side")),
      heartbeats_(counters.counter("heartbeats_sent", "Heartbeats that the back office took")),
      heartbeats_failed_(counters.counter("heartbeats_failed", "Heartbeats that did not arrive")) {}

Uplink::~Uplink() {
  stop();
}

void Uplink::start() {
  upload_ = named_thread("upload", [this](const std::stop_token& stop) { run_upload(stop); });
  heartbeat_ = named_thread("heartbeat", [this](const std::stop_token& stop) { run_heartbeat(stop); });
}

void Uplink::stop() {
  for (std::jthread* thread : {&upload_, &heartbeat_})
    thread->request_stop();
  {
    std::lock_guard lock(mutex_);
    if (back_office_) back_office_->hurry(std::chrono::steady_clock::now() + options_.longest_stop);
  }
  for (std::jthread* thread : {&upload_, &heartbeat_}) {
    if (thread->joinable()) thread->join();
  }
}

void Uplink::wake() {
  std::lock_guard lock(mutex_);
  if (uploader_) uploader_->wake();
}

void Uplink::heartbeat_now() {
  {
    std::lock_guard lock(mutex_);
    heartbeat_asked_ = true;
  }
  asked_.notify_all();
}

UploaderState Uplink::state() {
  std::lock_guard lock(mutex_);
  UploaderState state = uploader_ ? uploader_->state() : UploaderState{};
  if (last_failure_ && (!state.last_failure || state.last_failure->at < last_failure_->at))
    state.last_failure = last_failure_;
  return state;
}

void Uplink::remember(const std::optional<Error>& failure) {
  std::lock_guard lock(mutex_);
  last_failure_.reset();
  if (failure) last_failure_ = FailedTry{failure->message, std::chrono::steady_clock::now()};
}

bool Uplink::wait_drained(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  {
    std::unique_lock lock(mutex_);
    if (!connected_.wait_until(lock, deadline, [&] { return uploader_ != nullptr; })) return false;
  }
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return uploader_->wait_drained(std::max(left, std::chrono::milliseconds{0}));
}

void Uplink::run_upload(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Result<std::unique_ptr<BackOffice>> back_office = connect_();
    if (back_office) {
      remember(std::nullopt);
      {
        std::lock_guard lock(mutex_);
        back_office_ = std::move(*back_office);
        uploader_ = make_uploader(options_.uploader, queue_, *back_office_, counters_);
      }
      connected_.notify_all();
      health_.well("uplink");
      log::info("uplink_ready");
      uploader_->run(stop);
      return;
    }
    failures_.add();
    remember(back_office.error());
    if (health_.ill("uplink", back_office.error().message))
      log::error("uplink_unhealthy", {{"reason", back_office.error()}, {"records", "stay in the queue"}});
    wait_unless(stop, options_.connect_again);
  }
}

void Uplink::run_heartbeat(const std::stop_token& stop) {
  {
    std::unique_lock lock(mutex_);
    if (!connected_.wait(lock, stop, [&] { return back_office_ != nullptr; })) return;
  }
  bool arrived = send_heartbeat();
  while (wait_for_heartbeat(stop))
    arrived = send_heartbeat();
  if (arrived) static_cast<void>(send_heartbeat());
}

// False: it is to stop.
bool Uplink::wait_for_heartbeat(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  asked_.wait_for(lock, stop, options_.heartbeat_every, [this] { return heartbeat_asked_; });
  heartbeat_asked_ = false;
  return !stop.stop_requested();
}

bool Uplink::send_heartbeat() {
  // In this order: a record that comes in between waits, or is delivered and higher.
  const std::uint64_t newest = queue_.chain().number.value();
  const QueueDepth depth = queue_.depth();
  const UploaderState upload = state();
  std::uint64_t delivered_to = depth.all_delivered ? newest : 0;
  delivered_to = std::max(delivered_to, upload.highest_delivered);
  if (!back_office_->heartbeats_go_where_records_go()) delivered_to = 0;
  HeldForOffice held;
  if (options_.authority_held) held.authority = options_.authority_held();
  if (options_.watch_lists_held) held.watch_lists = options_.watch_lists_held();
  if (options_.system) held.system = options_.system();
  const Result<std::optional<KnownNumbers>> sent = back_office_->heartbeat(
      options_.uploader.device_id,
      heartbeat_json(clock_, health_, queue_.uuid(), depth, upload, counters_, delivered_to, held));
  if (sent && *sent) {
    compare_numbers(**sent, delivered_to);
    if (options_.on_authorities && !(*sent)->authorities.empty())
      options_.on_authorities((*sent)->authorities);
    if (options_.on_watch_lists && (*sent)->watch_lists) options_.on_watch_lists(*(*sent)->watch_lists);
    if (options_.on_update && (*sent)->update) options_.on_update(*(*sent)->update);
  }
  if (sent) {
    health_.well("uplink");
  } else if (sent.error().code == ErrorCode::refused &&
             health_.ill("uplink", sent.error().message)) {
    log::error("uplink_unhealthy", {{"reason", sent.error()}});
  }
  remember(sent ? std::nullopt : std::optional(sent.error()));
  (sent ? heartbeats_ : heartbeats_failed_).add();
  if (!sent) log::warning("heartbeat_failed", {{"reason", sent.error()}});
  return sent.has_value();
}

void Uplink::compare_numbers(const KnownNumbers& known, std::uint64_t delivered_to) {
  if (known.queue_uuid != queue_.uuid()) return;  // an answer to somebody else's question
  if (known.highest.value() >= delivered_to) {
    health_.well("back_office_records");
  } else if (const std::string problem = fmt::format(
                 "the back office has receipted record {} of this queue, and now says that it has none above "
                 "{}: it lost records, an older state of it was put back, or they went to another office; "
                 "this camera has let go of them. Look at the office: wayside-backoffice check",
                 delivered_to, known.highest.value());
             health_.ill("back_office_records", problem)) {
    log::error("back_office_lost_records", {{"reason", problem}});
  }
  const Result<std::uint64_t> skipped = queue_.skip_through(known.highest);
  if (skipped && *skipped == 0) return;
  std::string problem;
  if (skipped) {
    problem = fmt::format(
        "the back office has records up to number {} of this queue, {} more than were on this card: an older "
        "state of it was put back, or it is a copy. These numbers are not used again; find out who had "
        "the card, and look for what was not delivered yet",
        known.highest.value(), *skipped);
  } else if (skipped.error().code == ErrorCode::refused) {
    problem = fmt::format(
        "what the back office says of this queue's numbers is not believed: {}: look at the "
        "office, or at the broker between",
        skipped.error().message);
  } else {
    problem = fmt::format(
        "the back office has records up to number {} of this queue, which the card does not "
        "know, and that cannot be written down: {}",
        known.highest.value(), skipped.error().message);
  }
  if (health_.ill("queue_rolled_back", problem)) log::error("queue_numbers_unhealthy", {{"reason", problem}});
  if (skipped) wake();  // for the gap record
}

}  // namespace wayside::app
