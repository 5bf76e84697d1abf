#include "src/app/trail_keeper.hpp"

#include <span>
#include <utility>
#include <vector>

#include "wayside/base/log.hpp"
#include "wayside/device/audit/trail_record.hpp"

namespace wayside::app {

namespace {

constexpr std::string_view part = "audit";
// In one record: few enough that a record stays small, many enough that a day of them is a handful.
constexpr std::size_t most_entries = 32;
constexpr std::size_t most_bytes = std::size_t{64} << 10U;

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

Result<AuditTrail*> TrailKeeper::trail() {
  const std::lock_guard lock(mutex_);
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

void TrailKeeper::say(const Error& error) {
  if (health_.ill(part, error.message)) log::error("audit_unhealthy", {{"reason", error}});
}

void TrailKeeper::put(const TrailEvent& event) {
  const auto opened = trail();
  const Status written = opened ? (*opened)->append(event) : fail(opened.error());
  if (!written) say(written.error());
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
  if (!carried) {
    say(carried.error());
    return false;
  }
  seen_ = now;
  health_.well(part);
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
    RecordParts parts;
    parts.type = RecordType::audit;
    parts.record_class = RecordClass::ledger;
    const std::string document =
        trail_record(now, options_.device_id, {clock_.monotonic_now(), clock_.utc_now()}, clock_.quality());
    parts.document.assign(document.begin(), document.end());
    const auto written = queue.append({&parts, 1});
    if (!written) return fail(written.error().context("the audit trail"));
    appended = true;
    // A stop between the two carries them twice, which the office knows from their hashes.
    if (const Status kept = trail.set_carried({now.back().number, now.back().hash}); !kept)
      return fail(kept.error());
  }
}

}  // namespace wayside::app
