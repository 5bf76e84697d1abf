#include "wayside/device/audit/trail.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/files.hpp"
#include "wayside/base/log.hpp"
#include "wayside/base/shared_folder.hpp"

#include "src/device/audit/trail_file.hpp"
#include "src/device/audit/trail_line.hpp"
#include "src/device/audit/trail_text.hpp"

namespace wayside {

namespace {

namespace fs = std::filesystem;
using audit::Link;

constexpr std::string_view trail_name = "trail.jsonl";
constexpr std::string_view key_name = "key";
constexpr std::string_view head_name = "head";
constexpr std::string_view carried_name = "carried";
constexpr std::size_t largest_small_file = 4096;
// Of the file, whatever somebody wrote into it.
constexpr std::size_t most_read = std::size_t{256} << 20U;

Result<std::string> text_in(const fs::path& file, std::size_t most) {
  Result<std::string> text = read_text_file(file, most);
  if (!text && text.error().code == ErrorCode::not_found) return std::string();
  return text;
}

// Made where there is none; what it signs then says so. One that cannot be understood is kept for whoever
// looks into it.
Result<Secret> load_or_make_key(const fs::path& folder) {
  const fs::path file = folder / key_name;
  Result<std::string> text = read_text_file(file, largest_small_file);
  if (!text && text.error().code != ErrorCode::not_found) return fail(text.error());
  if (text) {
    const Result<std::string_view> digits = without_checksum(*text);
    Result<Bytes> seed = digits ? bytes_from_hex(*digits) : fail(digits.error());
    const bool good = seed && seed->size() == Secret::bytes;
    std::optional<Secret> key;
    if (good) key.emplace(*seed);
    if (seed) wipe(*seed);
    wipe(*text);
    if (key) return std::move(*key);
    std::error_code failed;
    fs::rename(file, folder / "key.damaged", failed);
    log::error("trail_key_damaged", {{"file", file.string()}, {"next", "a new one is made"}});
  }
  Secret made = Secret::random();
  std::string digits = to_hex(made.view());
  std::string kept = with_checksum(digits);
  const Status stored = replace_file(file, as_bytes(kept), shared_file_mode);
  wipe(digits);
  wipe(kept);
  if (!stored) return fail(stored.error());
  return made;
}

Link link_of(const TrailEntry& entry) {
  return {entry.number, entry.hash, entry.key};
}

// What the next entry follows: the last one there is, or, where the file's end or all of it was lost, the
// last one that anybody knows of.
Link newest_known(const audit::Tail& tail, const std::string& head, const AuditTrail::Carried& carried) {
  Link newest;
  if (const auto cut = audit::head_from(head)) newest = *cut;
  if (carried.number > newest.number) newest = {carried.number, carried.hash, {}};
  if (tail.last && tail.last->number >= newest.number) newest = link_of(*tail.last);
  return newest;
}

}  // namespace

Result<AuditTrail> AuditTrail::open(Options options, const Clock& clock) {
  if (const Status made = make_shared_folder(options.folder); !made) return fail(made.error());
  return AuditTrail(std::move(options), clock);
}

Status AuditTrail::append(const TrailEvent& event) {
  return append(std::span(&event, 1));
}

Status AuditTrail::append(std::span<const TrailEvent> events) {
  const auto lock = FolderLock::take(options_.folder);
  if (!lock) return fail(lock.error());
  const auto key = load_or_make_key(options_.folder);
  if (!key) return fail(key.error());
  const VerifyingKey verifying = verifying_key(*key);
  auto file = audit::TrailFile::open(options_.folder / trail_name);
  if (!file) return fail(file.error());
  const auto head = text_in(options_.folder / head_name, largest_small_file);
  if (!head) return fail(head.error());
  const auto text = file->tail();
  if (!text) return fail(text.error());
  const audit::Tail tail = audit::tail_of(*text);
  Link at = newest_known(tail, *head, carried());

  const audit::LineTime time{
      {clock_->monotonic_now(), clock_->utc_now()}, clock_->quality(), options_.boot_id};
  std::string lines = text->empty() || text->ends_with('\n') ? "" : "\n";
  const auto add = [&](const TrailEvent& event) {
    const std::string line = audit::to_line(event, at, time, *key, verifying);
    lines += line + '\n';
    at = {at.number + 1, sha256(as_bytes(line)), verifying};
  };
  const bool other_key = at.key != verifying && at.key != VerifyingKey{};
  // The entry behind a tear names it, whatever else it says.
  if (!tail.torn.empty() || other_key) {
    TrailEvent event;
    if (!tail.torn.empty()) event = audit::torn_line_event(audit::without_end(tail.torn));
    if (other_key) event.event = trail_event::key_lost;
    add(event);
  } else if (at.number == 0) {
    add({std::string(trail_event::trail_begun), {}, {}});
  }
  for (const TrailEvent& event : events)
    add(event);
  if (const Status written = file->append(lines); !written) return written;
  if (file->size() > options_.most_bytes) cut_front(*key);
  return {};
}

// Under the lock. Where it fails, the trail is longer than it should be, and nothing is lost.
void AuditTrail::cut_front(const Secret& key) {
  const fs::path file = options_.folder / trail_name;
  const auto text = read_text_file(file, most_read);
  if (!text) return;
  const bool at_any_price = text->size() > options_.most_bytes_ever;
  const std::uint64_t may_go = at_any_price ? std::numeric_limits<std::uint64_t>::max() : carried().number;
  const std::size_t too_much = text->size() - options_.most_bytes / 2;
  std::optional<TrailEntry> last;
  std::size_t keep_from = 0;
  audit::for_each_line(*text, [&](std::size_t at, std::string_view line) {
    if (at + line.size() > too_much) return;
    auto entry = trail_entry_from(line);
    if (!entry || entry->number > may_go) return;
    last = std::move(*entry);
    keep_from = at + line.size() + 1;
  });
  if (!last) return;
  const std::string head = audit::to_head(link_of(*last), key) + "\n";
  Status cut = replace_file(options_.folder / head_name, as_bytes(head), shared_file_mode);
  if (cut) cut = replace_file(file, as_bytes(std::string_view(*text).substr(keep_from)), shared_file_mode);
  if (!cut) log::warning("trail_not_cut", {{"reason", cut.error()}});
}

Result<std::vector<TrailEntry>> AuditTrail::read(std::uint64_t from, std::size_t most) const {
  const auto text = text_in(options_.folder / trail_name, most_read);
  if (!text) return fail(text.error());
  std::vector<TrailEntry> entries = audit::newest_of(*text, from, std::numeric_limits<std::size_t>::max());
  if (entries.size() > most) entries.resize(most);
  return entries;
}

Result<std::vector<TrailEntry>> AuditTrail::last(std::size_t most) const {
  const auto text = text_in(options_.folder / trail_name, most_read);
  if (!text) return fail(text.error());
  return audit::newest_of(*text, 1, most);
}

Result<TrailReport> AuditTrail::verify() const {
  // Not between the two steps of a cut; a folder that cannot be written is not cut.
  const auto lock = FolderLock::take(options_.folder);
  const auto text = text_in(options_.folder / trail_name, most_read);
  if (!text) return fail(text.error());
  const auto head = text_in(options_.folder / head_name, largest_small_file);
  if (!head) return fail(head.error());
  TrailReport report = verify_trail(*text, *head);
  const Carried known = carried();
  const std::uint64_t last = std::max(report.last, report.cut);
  if (known.number > last) {
    report.faults.push_back(fmt::format(
        "entries {} to {} are missing at the end: the log of records has them", last + 1, known.number));
  } else if (known.number >= std::max(report.first, std::uint64_t{1})) {
    for (const TrailEntry& entry :
         audit::newest_of(*text, known.number, std::numeric_limits<std::size_t>::max())) {
      if (entry.number == known.number && entry.hash != known.hash)
        report.faults.push_back(
            fmt::format("entry {} is not the one that the log of records has", entry.number));
    }
  }
  if (report.cut > known.number)
    report.notes.push_back(
        fmt::format("entries {} to {} were given up for room before the log of records had them",
                    known.number + 1, report.cut));
  return report;
}

Result<std::string> AuditTrail::exported() const {
  const auto lock = FolderLock::take(options_.folder);
  auto text = text_in(options_.folder / trail_name, most_read);
  if (!text) return text;
  const auto head = text_in(options_.folder / head_name, largest_small_file);
  if (!head) return fail(head.error());
  return head->empty() ? *text : fmt::format("#head {}{}", *head, *text);
}

AuditTrail::Carried AuditTrail::carried() const {
  const auto text = text_in(options_.folder / carried_name, largest_small_file);
  if (!text || text->empty()) return {};
  const Result<Carried> carried = audit::carried_from(*text);
  // They are carried once more, and the office has them twice.
  return carried ? *carried : Carried{};
}

Status AuditTrail::set_carried(const Carried& carried) {
  const std::string text = audit::to_text(carried);
  return replace_file(options_.folder / carried_name, as_bytes(text), shared_file_mode);
}

}  // namespace wayside
