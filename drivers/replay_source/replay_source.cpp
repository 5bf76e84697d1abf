#include "drivers/replay_source/replay_source.hpp"

#include <cassert>
#include <condition_variable>
#include <mutex>
#include <optional>

#include <fmt/format.h>

#include "drivers/replay_source/recording.hpp"
#include "drivers/replay_source/sidecar.hpp"

namespace wayside {

namespace {

using replay::RecordedPicture;
using replay::Recording;
using replay::Sidecar;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// Gives the pictures of one recording, run through once or more, their frame numbers and times.
class FrameMaker {
 public:
  FrameMaker(const ReplayOptions& options, std::unique_ptr<Recording> recording,
             std::shared_ptr<const Sidecar> sidecar)
      : options_(options), recording_(std::move(recording)), sidecar_(std::move(sidecar)) {}

  // Nothing at the end of the last run.
  Result<FramePtr> next() {
    Result<std::optional<RecordedPicture>> picture = recording_->next();
    if (picture && !*picture) {
      if (Status whole = check_whole(); !whole) return fail(whole.error());
      if (++runs_ == options_.runs) return FramePtr{};
      if (Status ready = begin_again(); !ready) return fail(ready.error());
      picture = recording_->next();
    }
    if (!picture) return fail(picture.error());
    if (!*picture) return FramePtr{};
    Result<FrameInfo> info = info_of(**picture);
    if (!info) return fail(info.error());
    Result<FramePtr> frame = make_frame(*info, (*picture)->picture);
    if (!frame) return fail(frame.error().context((*picture)->name));
    ++in_run_;
    before_ = std::exchange(last_, *info);
    return frame;
  }

 private:
  Result<FrameInfo> info_of(const RecordedPicture& picture) const {
    FrameInfo info;
    if (sidecar_) {
      if (in_run_ == sidecar_->rows.size()) {
        return fail(ErrorCode::invalid_input,
                    fmt::format("{} ends at line {}, before {}; expected one line a frame",
                                sidecar_->path.string(), sidecar_->rows.back().line, picture.name));
      }
      info = sidecar_->rows[in_run_].info;
    } else {
      info.number = FrameNumber(in_run_);
      info.monotonic = MonotonicTime{} + picture.at;
      info.utc = options_.start_utc + std::chrono::round<milliseconds>(picture.at);
    }
    info.number = FrameNumber(info.number.value() + number_offset_);
    info.monotonic = info.monotonic + monotonic_offset_;
    info.utc = info.utc + utc_offset_;
    return info;
  }

  Status check_whole() const {
    if (!sidecar_ || in_run_ == sidecar_->rows.size()) return {};
    return fail(ErrorCode::corrupt,
                fmt::format("{} ends after {} frames; {}, line {} promises one more", options_.path.string(),
                            in_run_, sidecar_->path.string(), sidecar_->rows[in_run_].line));
  }

  // The next run's first frame follows the last one as that followed the one before it.
  Status begin_again() {
    const nanoseconds step = before_ ? last_->monotonic - before_->monotonic : nanoseconds(milliseconds(40));
    const FrameInfo first =
        sidecar_ ? sidecar_->rows.front().info : FrameInfo{{}, options_.start_utc, {}, {}, {}, {}};
    number_offset_ = last_->number.value() + 1 - first.number.value();
    monotonic_offset_ = last_->monotonic + step - first.monotonic;
    utc_offset_ = last_->utc + std::chrono::round<milliseconds>(step) - first.utc;
    in_run_ = 0;
    return recording_->rewind();
  }

  const ReplayOptions options_;
  std::unique_ptr<Recording> recording_;
  std::shared_ptr<const Sidecar> sidecar_;
  std::size_t in_run_ = 0;
  std::uint64_t runs_ = 0;
  std::optional<FrameInfo> before_;
  std::optional<FrameInfo> last_;
  std::uint64_t number_offset_ = 0;
  nanoseconds monotonic_offset_{};
  milliseconds utc_offset_{};
};

class ReplaySource final : public FrameSource {
 public:
  ReplaySource(const ReplayOptions& options, FrameMaker frames, const Clock& clock)
      : paced_(options.realtime_paced),
        path_(options.path.string()),
        frames_(std::move(frames)),
        clock_(clock) {}
  ~ReplaySource() override { stop(); }

  Status start() override {
    started_ = true;
    std::lock_guard lock(mutex_);
    stopped_ = false;
    return {};
  }

  Result<NextFrame> next(milliseconds limit) override {
    assert(started_);
    if (failed_) return fail(*failed_);
    if (!waiting_) {
      if (ended_ || stopped()) return NextFrame(EndOfStream{});
      Result<FramePtr> frame = frames_.next();
      if (!frame) {
        failed_ = frame.error();
        return fail(*failed_);
      }
      ended_ = *frame == nullptr;
      if (ended_) return NextFrame(EndOfStream{});
      waiting_ = std::move(*frame);
    }
    if (paced_ && !wait_until_due(limit)) {
      if (stopped()) return NextFrame(EndOfStream{});
      return NextFrame(Stalled{});
    }
    return NextFrame(std::exchange(waiting_, nullptr));
  }

  void stop() override {
    {
      std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    stopping_.notify_all();
  }

  [[nodiscard]] bool waits_for_reader() const override { return !paced_; }
  [[nodiscard]] std::string describe() const override {
    return fmt::format("replay of {}, {}", path_, paced_ ? "in real time" : "as fast as it is read");
  }

 private:
  bool stopped() {
    std::lock_guard lock(mutex_);
    return stopped_;
  }

  // False: not due within the limit, or stopped.
  bool wait_until_due(milliseconds limit) {
    const MonotonicTime recorded = waiting_->info().monotonic;
    if (!origin_) origin_ = clock_.monotonic_now() + (MonotonicTime{} - recorded);
    const MonotonicTime due = *origin_ + (recorded - MonotonicTime{});
    std::unique_lock lock(mutex_);
    const nanoseconds until_due = due - clock_.monotonic_now();
    if (until_due > nanoseconds{0})
      stopping_.wait_for(lock, std::min<nanoseconds>(until_due, limit), [&] { return stopped_; });
    return !stopped_ && clock_.monotonic_now() >= due;
  }

  const bool paced_;
  const std::string path_;
  FrameMaker frames_;
  const Clock& clock_;
  FramePtr waiting_;                     // decoded, and not due yet
  std::optional<MonotonicTime> origin_;  // on the clock, of the recording's time 0
  std::optional<Error> failed_;
  bool started_ = false;
  bool ended_ = false;
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool stopped_ = false;
};

}  // namespace

Result<std::unique_ptr<FrameSource>> open_replay(const ReplayOptions& options, const Clock& clock) {
  std::error_code failed;
  const auto kind = std::filesystem::status(options.path, failed).type();
  if (kind == std::filesystem::file_type::not_found) {
    return fail(
        ErrorCode::not_found,
        fmt::format("{} does not exist; expected a video or a folder of pictures", options.path.string()));
  }
  if (kind == std::filesystem::file_type::none) {
    return fail(ErrorCode::io, fmt::format("cannot look at {}: {}", options.path.string(), failed.message()));
  }
  const bool folder = kind == std::filesystem::file_type::directory;
  if (!folder && kind != std::filesystem::file_type::regular) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} is neither a file nor a folder; expected a video or a folder of "
                            "pictures",
                            options.path.string()));
  }
  Result<std::optional<Sidecar>> found = replay::find_sidecar(options.path);
  if (!found) return fail(found.error());
  const auto sidecar = *found ? std::make_shared<const Sidecar>(std::move(**found)) : nullptr;
  Result<std::unique_ptr<Recording>> recording =
      folder ? replay::open_folder(options.path, sidecar.get(), options.pictures_per_s)
             : replay::open_video(options.path);
  if (!recording) return fail(recording.error());
  return std::make_unique<ReplaySource>(options, FrameMaker(options, std::move(*recording), sidecar), clock);
}

}  // namespace wayside
