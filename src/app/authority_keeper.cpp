#include "src/app/authority_keeper.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"
#include "wayside/device/authority/authority_record.hpp"

#include "src/app/interruptible_wait.hpp"
#include "src/app/named_thread.hpp"
#include "src/app/trusted_key.hpp"

namespace wayside::app {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::string_view part = "authority";
constexpr std::string_view extension = ".authority";
constexpr std::string_view key_name = "office-key";
constexpr std::string_view memory_name = "seen";
constexpr std::size_t most_files = 64;
constexpr std::size_t most_arrived = 16;
constexpr std::size_t most_offered_bytes = 8192;  // no document is longer
constexpr std::size_t most_unwritten = 256;
constexpr milliseconds longest_reading{2};
constexpr int readings_at_most = 20;
// What is known of the time grows by the second; flash lasts longer if it is not written as often. Each run
// without a clock counts towards a limit, and may end at any moment.
constexpr std::chrono::hours keep_every{1};
constexpr std::chrono::minutes keep_unsure_every{1};

}  // namespace

AuthorityKeeper::AuthorityKeeper(AuthorityKeeperOptions options, const Clock& clock, Health& health)
    : options_(std::move(options)), clock_(clock), health_(health), place_(options_.site) {
  load_memory();
}

void AuthorityKeeper::start() {
  thread_ = named_thread("authority", [this](const std::stop_token& stop) { run(stop); });
}

void AuthorityKeeper::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  look();  // for what is to be kept
}

void AuthorityKeeper::run(const std::stop_token& stop) {
  while (!wait_unless(stop, options_.every))
    look();
}

std::string AuthorityKeeper::sentence() const {
  const std::lock_guard lock(mutex_);
  return sentence_;
}

UtcTime AuthorityKeeper::known_earliest(MonotonicTime at) const {
  const std::lock_guard lock(mutex_);
  const std::chrono::nanoseconds before = std::max(looked_at_ - at, std::chrono::nanoseconds{0});
  // The clock that is never set is slewed by 500 ppm at most.
  return earliest_ + -std::chrono::ceil<milliseconds>(before + before / 2000);
}

std::optional<AuthorityDocument> AuthorityKeeper::deciding() const {
  const std::lock_guard lock(mutex_);
  return deciding_;
}

void AuthorityKeeper::take(std::span<const std::string> documents) {
  const std::lock_guard lock(mutex_);
  for (const std::string& document : documents) {
    if (arrived_.size() < most_arrived) arrived_.push_back(document);
  }
}

void AuthorityKeeper::saw_position(const GnssPosition& position) {
  const std::lock_guard lock(mutex_);
  place_.saw(position);
}

ClockReading AuthorityKeeper::read_clocks() const {
  ClockReading reading;
  for (int i = 0; i < readings_at_most; ++i) {
    reading.monotonic = clock_.monotonic_now();
    reading.utc = clock_.utc_now();
    if (clock_.monotonic_now() - reading.monotonic < longest_reading) break;
  }
  return reading;
}

void AuthorityKeeper::look() {
  std::vector<std::string> arrived;
  {
    const std::lock_guard lock(mutex_);
    arrived.swap(arrived_);
  }
  read_offered(arrived);
  read_folder();
  if (!arrived.empty()) {
    adopt(arrived);
    read_folder();
  }
  const ClockReading now = read_clocks();
  time_->look(now, clock_.quality());
  {
    const std::lock_guard lock(mutex_);
    looked_at_ = now.monotonic;
    earliest_ = time_->now().earliest;
  }
  remove_what_is_done_with();
  AuthorityMoved place;
  if (const AuthorityDocument* decides = deciding_authority(held_, time_->now())) {
    const std::lock_guard lock(mutex_);
    place = {place_.moved_from(*decides), options_.stops_where_moved};
    deciding_ = *decides;
  } else {
    const std::lock_guard lock(mutex_);
    deciding_.reset();
  }
  AuthorityJudgement judged = judge_authority(held_, time_->now(), place);
  if (!judged.may_capture && !unusable_.empty()) judged.sentence += "; " + unusable_;
  may_capture_ = judged.may_capture;
  tell(judged, now);
  keep_memory(now);
}

// Whoever is of the group can put anything there: what counts is the office's signature.
void AuthorityKeeper::read_offered(std::vector<std::string>& arrived) const {
  std::error_code failed;
  if (options_.offered.empty() || !fs::is_regular_file(fs::symlink_status(options_.offered, failed))) return;
  if (Result<std::string> text = read_text_file(options_.offered, most_offered_bytes)) {
    arrived.push_back(std::move(*text));
  } else {
    log::error("authority_not_taken", {{"reason", text.error()}});
  }
  fs::remove(options_.offered, failed);
}

AuthorityKeeper::Listing AuthorityKeeper::list() const {
  Listing listing;
  std::error_code failed;
  for (fs::directory_iterator entry(options_.folder, failed); !failed && entry != fs::directory_iterator();
       entry.increment(failed)) {
    const fs::path& path = entry->path();
    if (path.extension() != extension && path.filename() != key_name) continue;
    File file;
    std::error_code ignored;
    file.size = entry->file_size(ignored);
    file.changed = entry->last_write_time(ignored);
    listing.emplace(path, file);
  }
  return listing;
}

void AuthorityKeeper::read_folder() {
  Listing listing = list();
  if (listed_ == listing) return;
  held_.documents.clear();
  held_.for_others = false;
  files_.clear();
  std::string unusable;
  const auto cannot_use = [&](const fs::path& file, const Error& why) {
    const std::string sentence = fmt::format("{}: {}", json_escape(file.string()), why.message);
    if (unusable.empty()) unusable = sentence;
    if (unusable_.find(sentence) == std::string::npos)
      log::warning("authority_file_unusable", {{"reason", sentence}});
  };
  const Result<VerifyingKey> key = read_trusted_key(options_.folder / key_name);
  if (!key) cannot_use(options_.folder / key_name, key.error());
  key_ = key ? std::optional(*key) : std::nullopt;
  std::size_t left = most_files;
  for (const auto& [path, file] : listing) {
    if (!key_ || path.filename() == key_name || left-- == 0) continue;
    Result<AuthorityDocument> document = read_document(path);
    if (!document) {
      cannot_use(path, document.error());
    } else if (!is_for(*document, options_.device_id)) {
      held_.for_others = true;
    } else {
      held_.documents.push_back(*document);
      files_.emplace(path, std::move(*document));
    }
  }
  std::uint64_t highest = 0;
  for (const AuthorityDocument& one : held_.documents)
    highest = std::max(highest, one.number);
  highest_held_ = highest;
  held_.highest_seen = std::max(held_.highest_seen, highest);
  unusable_ = std::move(unusable);
  listed_ = std::move(listing);
}

Result<AuthorityDocument> AuthorityKeeper::read_document(const fs::path& file) const {
  const Result<std::string> text = read_text_file(file, largest_authority_bytes);
  if (!text) return fail(text.error());
  return authority_from(*text, *key_);
}

void AuthorityKeeper::adopt(const std::vector<std::string>& documents) {
  for (const std::string& text : documents) {
    const Status adopted = adopt_one(text);
    if (adopted) continue;
    // It comes again with the answer to each heartbeat.
    if (std::exchange(untaken_told_, adopted.error().message) != adopted.error().message)
      log::error("authority_not_taken", {{"reason", adopted.error()}});
  }
}

Status AuthorityKeeper::adopt_one(const std::string& text) {
  if (!key_) return fail(ErrorCode::not_found, "there is no usable office-key to check it with");
  const Result<AuthorityDocument> document = authority_from(text, *key_);
  if (!document) return fail(document.error());
  if (!is_for(*document, options_.device_id))
    return fail(ErrorCode::invalid_input, "it is for another camera");
  for (const AuthorityDocument& one : held_.documents) {
    if (one == *document) return {};
  }
  if (::mkdir(options_.folder.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(ErrorCode::io,
                fmt::format("cannot make {}: {}", options_.folder.string(), std::strerror(errno)));
  const fs::path file = options_.folder / fmt::format("{}{}", document->number, extension);
  if (Status written = replace_file(file, as_bytes(text)); !written) return written;
  log::info("authority_taken", {{"number", document->number}});
  listed_.reset();
  return {};
}

void AuthorityKeeper::remove_what_is_done_with() {
  for (const auto& [path, document] : files_) {
    if (!is_done_with(document, held_, time_->now())) continue;
    std::error_code failed;
    fs::remove(path, failed);
    if (!failed) log::info("authority_done_with", {{"number", document.number}});
  }
}

void AuthorityKeeper::load_memory() {
  const fs::path file = options_.folder / memory_name;
  const Result<std::string> text = read_text_file(file, largest_memory_bytes);
  Result<AuthorityMemory> memory = text ? authority_memory_from(*text) : fail(text.error());
  if (memory) {
    kept_ = *memory;
  } else if (memory.error().code != ErrorCode::not_found) {
    // It may have been cut or changed: the documents themselves still count.
    log::error("authority_memory_lost", {{"file", file.string()}, {"reason", memory.error()}});
  }
  held_.highest_seen = kept_.highest_seen;
  told_ = kept_.told;
  time_.emplace(std::max(kept_.not_before, options_.not_before), kept_.unsure);
}

void AuthorityKeeper::keep_memory(const ClockReading& now) {
  AuthorityMemory memory{held_.highest_seen, time_->kept(), time_->now().unsure, {}};
  {
    const std::lock_guard lock(mutex_);
    memory.told = told_;
  }
  const bool news = memory.highest_seen != kept_.highest_seen || memory.told != kept_.told ||
                    (memory.unsure == milliseconds{0}) != (kept_.unsure == milliseconds{0});
  const std::chrono::nanoseconds every =
      memory.unsure > milliseconds{0} ? std::chrono::nanoseconds(keep_unsure_every) : keep_every;
  if (!news && kept_at_ && now.monotonic - *kept_at_ < every) return;
  kept_at_ = now.monotonic;
  if (held_.highest_seen == 0 && held_.documents.empty() && !key_) return;  // nothing to go by anyway
  if (const Status kept = replace_file(options_.folder / memory_name, as_bytes(to_text(memory)), 0600);
      kept) {
    kept_ = std::move(memory);
    unkept_told_.clear();
  } else if (std::exchange(unkept_told_, kept.error().message) != kept.error().message) {
    log::error("authority_memory_unkept", {{"reason", kept.error()}, {"next", "trying again"}});
  }
}

void AuthorityKeeper::tell(const AuthorityJudgement& judged, const ClockReading& now) {
  if (judged.sentence.empty()) {
    health_.well(part);
  } else {
    static_cast<void>(health_.ill(part, judged.sentence));
  }
  static_cast<void>(health_.says(part, std::string(to_string(judged.state))));
  const std::string as = known_as(judged);
  const bool news = judged_as_ != as;
  if (news) {
    const log::Level level = judged.sentence.empty() ? log::Level::info
                             : judged.may_capture    ? log::Level::warning
                                                     : log::Level::error;
    log::write(level, "authority_state",
               {{"state", to_string(judged.state)},
                {"number", judged.number},
                {"captures", judged.may_capture},
                {"reason", judged.sentence}});
  }
  const std::lock_guard lock(mutex_);
  sentence_ = judged.sentence;
  const std::string& before = judged_as_ ? *judged_as_ : told_;
  if (before != as) {
    // The oldest and the newest are kept where the queue takes none.
    if (unwritten_.size() == most_unwritten) unwritten_.pop_back();
    unwritten_.push_back({authority_record(judged, options_.device_id, now, clock_.quality()), as});
  }
  judged_as_ = as;
}

bool AuthorityKeeper::write_records(RecordQueue& queue) {
  bool appended = false;
  for (;;) {
    RecordParts parts;
    parts.type = RecordType::audit;
    parts.record_class = RecordClass::ledger;
    {
      const std::lock_guard lock(mutex_);
      if (unwritten_.empty()) return appended;
      const std::string& document = unwritten_.front().document;
      parts.document.assign(document.begin(), document.end());
    }
    // Without the lock: a disk may take its time.
    const auto written = queue.append({&parts, 1});
    if (!written) {
      if (std::exchange(unwritten_told_, written.error().message) != written.error().message)
        log::error("authority_record_unwritten", {{"reason", written.error()}, {"next", "trying again"}});
      return appended;
    }
    unwritten_told_.clear();
    appended = true;
    const std::lock_guard lock(mutex_);
    told_ = std::move(unwritten_.front().judged_as);
    unwritten_.pop_front();
  }
}

}  // namespace wayside::app
