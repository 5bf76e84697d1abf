#include "src/app/authority_keeper.hpp"

#include <algorithm>
#include <utility>

#include "wayside/base/files.hpp"
#include "wayside/base/log.hpp"
#include "wayside/device/authority/authority_record.hpp"

#include "src/app/interruptible_wait.hpp"
#include "src/app/named_thread.hpp"

namespace wayside::app {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::string_view authority_part = "authority";
constexpr std::string_view memory_name = "seen";
constexpr std::size_t most_arrived = 16;
// What is known of the time grows by the second; flash lasts longer if it is not written as often. Each run
// without a clock counts towards a limit, and may end at any moment.
constexpr std::chrono::hours kept_every{1};
constexpr std::chrono::minutes keep_unsure_every{1};

}  // namespace

AuthorityKeeper::AuthorityKeeper(AuthorityKeeperOptions options, const Clock& clock, Health& health)
    : options_(std::move(options)),
      clock_(clock),
      health_(health),
      folder_(options_.folder, options_.device_id),
      place_(options_.site) {
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

Result<std::uint64_t> AuthorityKeeper::offer(const std::string& document) {
  const Result<AuthorityDocument> read = authority_offered(options_.folder, document);
  if (!read) return fail(read.error());
  if (!is_for(*read, options_.device_id))
    return fail(ErrorCode::invalid_input,
                "it is for another camera: have one issued for " + options_.device_id);
  take({&document, 1});
  return read->number;
}

void AuthorityKeeper::saw_position(const GnssPosition& position) {
  const std::lock_guard lock(mutex_);
  place_.saw(position);
}

void AuthorityKeeper::look() {
  std::vector<std::string> arrived;
  {
    const std::lock_guard lock(mutex_);
    arrived.swap(arrived_);
  }
  read_folder();
  if (!arrived.empty()) {
    folder_.adopt(arrived);
    read_folder();
  }
  const ClockReading now = read_together(clock_);
  time_->look(now, clock_.quality());
  {
    const std::lock_guard lock(mutex_);
    looked_at_ = now.monotonic;
    earliest_ = time_->now().earliest;
  }
  remove_what_is_done_with();
  AuthorityMoved place;
  const AuthorityDocument* decides = deciding_authority(held_, time_->now());
  if (decides != nullptr) {
    const std::lock_guard lock(mutex_);
    place = {place_.moved_from(*decides), options_.stops_where_moved};
    deciding_ = *decides;
  } else {
    const std::lock_guard lock(mutex_);
    deciding_.reset();
  }
  AuthorityJudgement judged = judge_authority(held_, time_->now(), place);
  if (!judged.may_capture && !folder_.problem().empty()) judged.sentence += "; " + folder_.problem();
  may_capture_ = judged.may_capture;
  leaves_occupants_clear_ = judged.may_capture && decides != nullptr && decides->clear_occupants;
  tell(judged, now);
  keep_memory(now);
}

void AuthorityKeeper::read_folder() {
  if (!folder_.read()) return;
  held_.documents.clear();
  std::uint64_t highest = 0;
  for (const auto& [path, document] : folder_.documents()) {
    held_.documents.push_back(document);
    highest = std::max(highest, document.number);
  }
  held_.for_others = folder_.has_others();
  highest_held_ = highest;
  held_.highest_seen = std::max(held_.highest_seen, highest);
}

void AuthorityKeeper::remove_what_is_done_with() const {
  for (const auto& [path, document] : folder_.documents()) {
    if (is_done_with(document, held_, time_->now())) folder_.remove(path, document);
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
      memory.unsure > milliseconds{0} ? std::chrono::nanoseconds(keep_unsure_every) : kept_every;
  if (!news && kept_at_ && now.monotonic - *kept_at_ < every) return;
  kept_at_ = now.monotonic;
  if (held_.highest_seen == 0 && held_.documents.empty() && !folder_.has_key())
    return;  // nothing to go by anyway
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
    health_.well(authority_part);
  } else {
    static_cast<void>(health_.ill(authority_part, judged.sentence));
  }
  static_cast<void>(health_.says(authority_part, std::string(to_string(judged.state))));
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
  std::string before;
  {
    const std::lock_guard lock(mutex_);
    sentence_ = judged.sentence;
    before = judged_as_ ? *judged_as_ : told_;
  }
  judged_as_ = as;
  if (before == as) return;
  outbox_.add(authority_record(judged, options_.device_id, now, clock_.quality()), [this, as] {
    const std::lock_guard lock(mutex_);
    told_ = as;
  });
  if (options_.on_change) options_.on_change(judged, before);
}

}  // namespace wayside::app
