#include "src/app/trail_keeper.hpp"

#include <span>
#include <utility>
#include <vector>

#include "wayside/base/log.hpp"
#include "wayside/device/audit/trail_record.hpp"

#include "src/app/named_thread.hpp"
#include "src/app/record_outbox.hpp"

namespace wayside::app {

namespace {

constexpr std::string_view audit_part = "audit";
// In one record: few enough that a record stays small, many enough that a day of them is a handful.
constexpr std::size_t most_entries = 32;
constexpr std::size_t most_bytes = std::size_t{64} << 10U;
constexpr std::size_t most_entries_waiting = 256;
constexpr std::chrono::seconds again{5};
// An entry has the time at which it is put down, which is soon after what it tells.
constexpr std::chrono::seconds soon{2};

// As many of the first as one record takes, and at least one.
std::span<const TrailEntry> portion(std::span<const TrailEntry> entries) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < entries.size() && count < most_entries) {
    bytes += entries[count].line.size();
    if (count > 0 && bytes > most_bytes) break;
    ++count;
  }
  return entries.first(count);
}

}  // namespace

TrailKeeper::TrailKeeper(TrailKeeperOptions options, const Clock& clock, Health& health)
    : options_(std::move(options)), clock_(clock), health_(health) {}

TrailKeeper::Waiting TrailKeeper::now(TrailEvent event) const {
  return {std::move(event), clock_.monotonic_now(), clock_.utc_now()};
}

void TrailKeeper::start(TrailEvent first) {
  {
    Waiting waiting = now(std::move(first));
    const std::lock_guard lock(mutex_);
    waiting_.push_front(std::move(waiting));
  }
  thread_ = named_thread("trail", [this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      look();
      std::unique_lock lock(mutex_);
      woken_.wait_for(lock, stop, again, [this] { return news_; });
    }
  });
}

void TrailKeeper::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  look();
}

void TrailKeeper::put(TrailEvent event) {
  {
    Waiting waiting = now(std::move(event));
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= most_entries_waiting) waiting_.pop_back();
    waiting_.push_back(std::move(waiting));
    news_ = true;
  }
  woken_.notify_all();
}

void TrailKeeper::look() {
  for (;;) {
    Waiting first;
    {
      const std::lock_guard lock(mutex_);
      news_ = false;
      if (waiting_.empty()) return;
      first = waiting_.front();
    }
    // Without the lock: a disk may take its time. What is put meanwhile never takes the place of the first.
    const Status done = put_down(std::move(first));
    tell(not_put_, done);
    if (!done) return;
    const std::lock_guard lock(mutex_);
    waiting_.pop_front();
  }
}

Status TrailKeeper::put_down(Waiting waiting) {
  const auto opened = trail();
  if (!opened) return fail(opened.error());
  if (clock_.monotonic_now() - waiting.at > soon) waiting.event.details["happened"] = to_iso8601(waiting.utc);
  return (*opened)->append(waiting.event);
}

Result<AuditTrail*> TrailKeeper::trail() {
  const std::lock_guard lock(opening_);
  if (!trail_) {
    AuditTrail::Options options;
    options.folder = options_.folder;
    options.boot_id = options_.boot_id;
    auto opened = AuditTrail::open(std::move(options), clock_);
    if (!opened) return fail(opened.error());
    trail_.emplace(std::move(*opened));
  }
  return &*trail_;
}

// problem: one of the two, which share a part of the health.
void TrailKeeper::tell(std::string& problem, const Status& done) {
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    problem = done ? std::string() : done.error().message;
    const std::string& first = not_put_.empty() ? not_carried_ : not_put_;
    if (first.empty()) {
      health_.well(audit_part);
    } else {
      news = health_.ill(audit_part, first);
    }
  }
  if (news && !done) log::error("audit_unhealthy", {{"reason", done.error()}, {"next", "trying again"}});
}

bool TrailKeeper::write_records(RecordQueue& queue) {
  const std::filesystem::path file = options_.folder / "trail.jsonl";
  std::error_code failed;
  Seen now;
  now.size = std::filesystem::file_size(file, failed);
  if (failed) return false;  // nothing was put down yet
  now.changed = std::filesystem::last_write_time(file, failed);
  if (seen_ == now) return false;
  const Result<bool> carried = carry(queue);
  tell(not_carried_, carried ? Status{} : fail(carried.error()));
  if (!carried) return false;
  seen_ = now;
  return *carried;
}

Result<bool> TrailKeeper::carry(RecordQueue& queue) {
  const auto opened = trail();
  if (!opened) return fail(opened.error());
  AuditTrail& trail = **opened;
  bool appended = false;
  for (;;) {
    const auto entries = trail.read(trail.carried().number + 1, most_entries);
    if (!entries) return fail(entries.error());
    if (entries->empty()) return appended;
    const std::span<const TrailEntry> now = portion(*entries);
    const std::string document =
        trail_record(now, options_.device_id, {clock_.monotonic_now(), clock_.utc_now()}, clock_.quality());
    if (Status written = append_to_ledger(queue, RecordType::audit, document); !written)
      return fail(written.error().context("the audit trail"));
    appended = true;
    // A stop between the two carries them twice, which the office knows from their hashes.
    if (const Status kept = trail.set_carried({now.back().number, now.back().hash}); !kept)
      return fail(kept.error());
  }
}

}  // namespace wayside::app
