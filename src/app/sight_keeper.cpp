#include "src/app/sight_keeper.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/files.hpp"
#include "wayside/base/log.hpp"
#include "wayside/base/remove_any.hpp"
#include "wayside/delivery/event/sight_record.hpp"

#include "src/app/record_outbox.hpp"

namespace wayside::app {

namespace {

constexpr std::chrono::minutes a_minute{1};
// Between two frames; with more the camera was away.
constexpr std::chrono::seconds longest_pause{2};
constexpr std::size_t minutes_a_record = 10;
constexpr std::size_t most_minutes = 24 * 60;
constexpr std::size_t most_view_bytes = std::size_t{1} << 20U;
// How many minutes in a row make an alarm, so that a lorry that stops before the lens makes none.
constexpr int blind_alarm = 3;
constexpr int unsure_alarm = 60;

constexpr std::string_view sight_part = "sight";
constexpr std::string_view view_part = "commissioned-view";

// One that is there and damaged is not written over: somebody should look why. Until then the view is learnt
// at each start.
std::optional<View> load_view(const std::filesystem::path& file, Health& health, bool& damaged) {
  std::error_code ignored;
  if (!std::filesystem::exists(std::filesystem::symlink_status(file, ignored))) return std::nullopt;
  const Result<std::string> bytes = read_text_file(file, most_view_bytes);
  Result<View> view = bytes ? decode_view(as_bytes(*bytes)) : fail(bytes.error());
  if (view) return std::move(*view);
  const std::string reason = fmt::format(
      "the commissioned view {} is unusable ({}): the camera cannot tell whether it was turned since;"
      " with \"commissioning view forget\" at the console the view is learnt anew and kept",
      file.string(), view.error().message);
  damaged = true;
  health.ill(view_part, reason);
  log::error("commissioned_view_unusable", {{"reason", reason}});
  return std::nullopt;
}

std::string remedy(Hindrance hindrance, const SightMinute& minute) {
  switch (hindrance) {
    case Hindrance::no_frames:
      return "no frames come from the camera";
    case Hindrance::frames_lost:
      return "many frames are lost";
    case Hindrance::dark:
      return "the picture is dark and the illuminator does not burn";
    case Hindrance::glare:
      return "much of the picture is white: look for light into the lens";
    case Hindrance::blurred:
      return fmt::format(
          "the picture is {:.0f} % as sharp as when it was commissioned: look at lens and focus",
          100 * minute.sharpness.value_or(0));
    case Hindrance::covered:
      return fmt::format(
          "{:.0f} % of the commissioned view is covered: look for dirt, a web, leaves; where the camera was "
          "commissioned elsewhere, type \"commissioning view forget\" at the console",
          100 * minute.covered.value_or(0));
    case Hindrance::moved:
      return fmt::format(
          "the view has moved by {:.1f} % of its width and {:.1f} % of its height: the camera was "
          "turned; where that was meant, type \"commissioning view forget\" at the console",
          100 * minute.shift_x, 100 * minute.shift_y);
    case Hindrance::plates_too_small:
      return fmt::format("plates are {:.0f} px wide: move closer or lengthen the lens",
                         minute.plate_width_px.value_or(0));
    case Hindrance::plates_unread:
      break;
  }
  return "many plates pass unread";
}

}  // namespace

SightKeeper::SightKeeper(SightKeeperOptions options, RecordQueue& queue, const Clock& clock, Health& health,
                         CounterSet& counters)
    : options_(std::move(options)),
      queue_(queue),
      clock_(clock),
      health_(health),
      could_read_(counters.counter("sight_minutes", "Minutes in which a plate could have been read")),
      doubtful_(counters.counter("sight_minutes_doubtful", "Minutes in which it may have been")),
      could_not_read_(counters.counter("sight_minutes_blind", "Minutes in which it could not")),
      unwritten_(counters.counter("sight_minutes_lost", "Minutes of which no record could be kept")),
      plates_unread_(
          counters.counter("plates_unread", "Plates that moved through the view and were never read")),
      missed_(counters.counter("camera_frames_missed")),
      damaged_(counters.counter("camera_frames_damaged")),
      unbuffered_(counters.counter("camera_frames_unbuffered")),
      dropped_(counters.counter("frames_dropped")),
      unread_(counters.counter("frames_unread")),
      gauge_(options_.least_plate_width_px, load_view(options_.view_file, health, view_damaged_)),
      minute_began_(clock.monotonic_now()),
      lost_until_(lost_so_far()),
      seen_until_(minute_began_) {}

void SightKeeper::saw_frame(const Frame& frame, bool lit) {
  close_minutes();
  {
    const std::scoped_lock lock(mutex_);
    count_gap(std::max(clock_.monotonic_now(), minute_began_));
  }
  gauge_.saw_frame(frame, lit);
}

void SightKeeper::saw_reads(const FrameReads& reads) {
  gauge_.saw_reads(reads);
}

bool SightKeeper::look() {
  close_minutes();
  keep_view();
  return write(minutes_a_record);
}

void SightKeeper::close() {
  close_minutes();
  static_cast<void>(write(1));
}

Result<std::string> SightKeeper::forget_view() {
  const std::scoped_lock lock(view_mutex_);
  std::error_code ignored;
  const bool has_file = std::filesystem::exists(std::filesystem::symlink_status(options_.view_file, ignored));
  // First: one that is only forgotten would be back with the next start.
  if (const Status removed = remove_any(options_.view_file); !removed) {
    return fail(
        removed.error().code,
        fmt::format("the commissioned view stays: {}; try again, and replace the card where it stays so",
                    removed.error().message));
  }
  const bool learnt = gauge_.forget();
  view_damaged_ = false;
  health_.well(view_part);
  constexpr std::string_view from = "the next five minutes in good light in which it stands still";
  if (learnt || has_file)
    return fmt::format("The commissioned view is forgotten: it is learnt anew from {}.", from);
  return fmt::format("There is no commissioned view yet: it is learnt from {}.", from);
}

void SightKeeper::close_minutes() {
  const MonotonicTime now = clock_.monotonic_now();
  const std::scoped_lock lock(mutex_);
  for (; now - minute_began_ >= a_minute; minute_began_ = minute_began_ + a_minute) {
    SightMinute minute = gauge_.close(lost_until(minute_began_ + a_minute));
    judge(minute);
    minutes_.push_back(std::move(minute));
    if (minutes_.size() <= most_minutes) continue;
    minutes_.pop_front();
    unwritten_.add();
  }
}

FramesLost SightKeeper::lost_so_far() const {
  return {missed_.value() + damaged_.value() + unbuffered_.value(), dropped_.value(), unread_.value()};
}

FramesLost SightKeeper::lost_until(MonotonicTime end) {
  count_gap(end);
  const FramesLost now = lost_so_far();
  const FramesLost before = std::exchange(lost_until_, now);
  const std::chrono::duration<double> blind = std::exchange(blind_for_, {});
  return {now.missed - before.missed, now.dropped - before.dropped, now.unread - before.unread,
          blind / a_minute};
}

// A camera that was away does not count what it did not take.
void SightKeeper::count_gap(MonotonicTime end) {
  const std::chrono::nanoseconds gap = end - seen_until_;
  if (gap >= longest_pause) blind_for_ += gap;
  seen_until_ = end;
}

void SightKeeper::judge(const SightMinute& minute) {
  const bool blind = minute.could_read == CouldRead::no;
  const bool sure = minute.could_read == CouldRead::yes;
  (blind ? could_not_read_ : sure ? could_read_ : doubtful_).add();
  plates_unread_.add(minute.plates_unread);
  blind_ = blind ? blind_ + 1 : 0;
  unsure_ = sure ? 0 : unsure_ + 1;
  if (blind_ < blind_alarm && unsure_ < unsure_alarm) {
    if (!blind) health_.well(sight_part);
    return;
  }
  std::string reason = blind ? "no plate can be read" : "it is doubtful that plates can be read";
  for (const Hindrance hindrance : minute.hindrances)
    reason += "; " + remedy(hindrance, minute);
  if (health_.ill(sight_part, reason)) log::error("sight_unhealthy", {{"reason", reason}});
}

void SightKeeper::keep_view() {
  const std::scoped_lock lock(view_mutex_);
  const std::uint64_t changes = gauge_.changes();
  if (changes == view_kept_ || view_damaged_) return;
  const std::optional<View> view = gauge_.commissioned();
  if (!view) return;  // forgotten before it was kept
  const Status kept = replace_file(options_.view_file, encode(*view), 0600);
  if (kept) {
    view_kept_ = changes;
    log::info("view_learnt", {{"file", options_.view_file.string()}});
  } else if (std::exchange(unkept_told_, kept.error().message) != kept.error().message) {
    log::error("view_not_kept", {{"reason", kept.error()}});
  }
}

bool SightKeeper::write(std::size_t at_least) {
  SightMinutes next;
  bool wrote = false;
  const auto take = [&] {
    const std::scoped_lock lock(mutex_);
    if (minutes_.size() < at_least) return false;
    const auto first = minutes_.begin();
    const auto count = std::min(minutes_.size(), minutes_a_record);
    next.minutes.assign(first, first + static_cast<std::ptrdiff_t>(count));
    const auto ago = a_minute * static_cast<std::int64_t>(minutes_.size());
    const MonotonicTime now = clock_.monotonic_now();
    next.monotonic = minute_began_ + -ago;
    next.from =
        clock_.utc_now() + std::chrono::duration_cast<std::chrono::milliseconds>(next.monotonic - now);
    return true;
  };
  while (take()) {
    next.time = clock_.quality();
    const Status written =
        append_to_ledger(queue_, RecordType::sight, sight_record(next, options_.device_id));
    if (!written) {
      if (std::exchange(unwritten_told_, written.error().message) != written.error().message)
        log::error("sight_record_unwritten", {{"reason", written.error()}});
      return wrote;
    }
    unwritten_told_.clear();
    wrote = true;
    const std::scoped_lock lock(mutex_);
    minutes_.erase(minutes_.begin(), minutes_.begin() + static_cast<std::ptrdiff_t>(next.minutes.size()));
  }
  return wrote;
}

}  // namespace wayside::app
