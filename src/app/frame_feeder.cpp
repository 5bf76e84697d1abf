#include "src/app/frame_feeder.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/log.hpp"

#include "src/app/interruptible_wait.hpp"

namespace wayside::app {

namespace {

// The source is asked in slices, so that a request to stop is seen within one.
constexpr std::chrono::milliseconds slice{200};

}  // namespace

FrameFeeder::FrameFeeder(FrameSource& source, std::chrono::milliseconds stall_limit, CounterSet& counters,
                         Deliver deliver, std::function<bool()> may_capture)
    : source_(source),
      stall_limit_(stall_limit),
      deliver_(std::move(deliver)),
      may_capture_(std::move(may_capture)),
      restarts_(counters.counter("camera_restarts", "Restarts of a camera that had gone silent")) {}

Status FrameFeeder::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (!may_capture()) {
      answers_.fetch_add(1, std::memory_order_relaxed);  // alive, and doing as it is told
      wait_unless(stop, slice);
      continue;
    }
    const Status started = source_.start();
    if (!started) return fail(started.error().context("starting " + source_.describe()));
    const Result<Fed> fed = feed(stop);
    source_.stop();
    if (!fed) return fail(fed.error());
    if (*fed == Fed::to_the_end) return {};
    deliver_(nullptr);
  }
  return {};
}

Result<FrameFeeder::Fed> FrameFeeder::feed(const std::stop_token& stop) {
  std::chrono::milliseconds silent{0};
  while (!stop.stop_requested()) {
    const std::chrono::milliseconds limit = std::min(slice, stall_limit_ - silent);
    Result<NextFrame> next = source_.next(limit);
    answers_.fetch_add(1, std::memory_order_relaxed);
    if (!next) return fail(std::move(next.error()));
    // Also of a frame that came while it was still allowed to wait for it.
    if (!may_capture()) return Fed::until_forbidden;
    if (std::holds_alternative<EndOfStream>(*next)) return Fed::to_the_end;
    if (FramePtr* frame = std::get_if<FramePtr>(&*next)) {
      silent = std::chrono::milliseconds{0};
      restarts_in_a_row_ = 0;
      deliver_(numbered_on(std::move(*frame)));
      continue;
    }
    if (source_.restarts_itself()) continue;
    silent += limit;
    if (silent < stall_limit_) continue;
    if (const Status restarted = restart(stop); !restarted) return fail(restarted.error());
    silent = std::chrono::milliseconds{0};
  }
  return Fed::to_the_end;
}

Status FrameFeeder::restart(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (restarts_in_a_row_ == most_restarts_in_a_row) {
      return fail(ErrorCode::io,
                  fmt::format("{} gave no frame through {} restarts; check its cable and its power",
                              source_.describe(), most_restarts_in_a_row));
    }
    ++restarts_in_a_row_;
    restarts_.add();
    log::warning("camera_restart", {{"source", source_.describe()},
                                    {"silent_ms", stall_limit_.count()},
                                    {"in_a_row", restarts_in_a_row_}});
    source_.stop();
    const Status started = source_.start();
    if (started) return {};
    log::warning("camera_start_failed", {{"reason", started.error()}});
    wait_unless(stop, stall_limit_);
  }
  return {};
}

FramePtr FrameFeeder::numbered_on(FramePtr frame) {
  // A restarted source counts from 0 again; the stages behind need numbers that only grow.
  std::uint64_t number = frame->info().number.value() + number_offset_;
  if (last_number_ && number <= *last_number_) {
    number_offset_ += *last_number_ + 1 - number;
    number = *last_number_ + 1;
  }
  last_number_ = number;
  if (number_offset_ == 0) return frame;
  FrameInfo info = frame->info();
  info.number = FrameNumber(number);
  const Frame& original = *frame;
  auto lease = std::const_pointer_cast<Frame>(frame);
  return std::make_shared<Frame>(
      info, original.luma(), [original_frame = std::move(frame)] { return original_frame->bgr(); },
      std::move(lease));
}

}  // namespace wayside::app
