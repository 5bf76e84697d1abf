#include "drivers/libcamera_source/libcamera_source.hpp"

#include <algorithm>
#include <cassert>
#include <mutex>
#include <utility>

#include <fmt/format.h>
#include <poll.h>

#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"

#include "drivers/libcamera_source/frame_times.hpp"
#include "drivers/libcamera_source/lent_frames.hpp"

namespace wayside {

namespace {

using capture_link::SkipReason;
using capture_link::TroubleKind;
using libcamera_source::CaptureProcess;
using libcamera_source::LentFrames;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// A camera that comes and goes names two; each is a line in the log, and puts off the limit of a stall.
constexpr int most_troubles = 8;

CameraState state_of(TroubleKind kind) {
  switch (kind) {
    case TroubleKind::none_present:
      return CameraState::none_present;
    case TroubleKind::undecided:
      return CameraState::undecided;
    case TroubleKind::busy:
      return CameraState::busy;
    case TroubleKind::wrong_format:
      return CameraState::wrong_format;
    case TroubleKind::unplugged:
      return CameraState::unplugged;
    case TroubleKind::failed:
      break;
  }
  return CameraState::failed;
}

class Source final : public LibcameraSource {
 public:
  Source(LibcameraOptions options, const Clock& clock, CounterSet& counters)
      : options_(std::move(options)),
        clock_(clock),
        damaged_(counters.counter("camera_frames_damaged",
                                  "Frames that came damaged or of another size, and were left out")),
        unbuffered_(counters.counter("camera_frames_unbuffered",
                                     "Frames left out because every buffer was still in use")),
        in_place_(counters.counter("camera_frames_in_place",
                                   "Frames looked at where the camera put them, without a copy")),
        decoded_(counters.counter("camera_frames_decoded", "Frames that had to be decompressed")),
        starts_(counters.counter("capture_starts", "Starts of the capture process")),
        blind_ms_(counters.counter("camera_blind_ms",
                                   "Time between a camera's last frame and the first one after a restart")),
        numbers_(counters),
        times_(clock, counters) {}
  ~Source() override { stop(); }

  Status start() override {
    running_ = true;
    pause_ = options_.first_pause;
    due_ = clock_.monotonic_now();
    tell(CameraState::starting, "the camera is being started");
    return {};
  }

  Result<NextFrame> next(milliseconds limit) override {
    assert(running_);
    const MonotonicTime until = clock_.monotonic_now() + limit;
    for (;;) {
      if (FramePtr frame = advance()) return NextFrame(std::move(frame));
      const MonotonicTime now = clock_.monotonic_now();
      if (now >= until) return NextFrame(Stalled{});
      wait(std::min(until - now, std::max(due_ - now, nanoseconds{0})));
    }
  }

  void stop() override {
    running_ = false;
    frames_.reset();
    process_.reset();
  }

  void set_controls(const capture_link::Controls& controls) override {
    const std::lock_guard lock(controls_mutex_);
    controls_ = controls;
    controls_new_ = true;
  }

  [[nodiscard]] bool waits_for_reader() const override { return false; }
  [[nodiscard]] bool restarts_itself() const override { return true; }
  [[nodiscard]] std::string describe() const override { return "camera through libcamera"; }

 private:
  // One step of what is to be done now: a frame, or nothing. Sets due_, the moment of the next step where
  // nothing comes before.
  FramePtr advance() {
    if (!frames_) {
      begin();
      return {};
    }
    pass_on_controls();
    Result<std::optional<LentFrames::Event>> event = frames_->next();
    if (!event) {
      lose(event.error());
      return {};
    }
    FramePtr frame = *event ? std::visit([this](auto& it) { return take(it); }, **event) : FramePtr();
    if (troubles_ > most_troubles) {
      explained_ = false;
      lose({ErrorCode::invalid_input, "it named one trouble after another"});
    } else if (!frame) {
      look_for_a_stall();
    }
    return frame;
  }

  void begin() {
    if (process_) {  // killed, and still there
      due_ = clock_.monotonic_now() + milliseconds(20);
      if (!process_->ended()) return;
      process_.reset();
      due_ = std::max(due_, clock_.monotonic_now() + pause_);
    }
    if (clock_.monotonic_now() < due_) return;
    starts_.add();
    auto ends = capture_link::Channel::make_pair();
    Result<CaptureProcess> started =
        ends ? CaptureProcess::start(options_.program, ends->second) : fail(ends.error());
    if (!started) {
      tell(CameraState::failed, started.error().message);
      pause_longer();
      due_ = clock_.monotonic_now() + pause_;
      return;
    }
    process_.emplace(std::move(*started));
    frames_.emplace(std::move(ends->first));
    numbers_.begin_anew();
    streaming_ = false;
    explained_ = false;
    troubles_ = 0;
    last_sign_ = clock_.monotonic_now();
    due_ = last_sign_;
    const std::lock_guard lock(controls_mutex_);
    controls_new_ = controls_ != capture_link::Controls{};
  }

  FramePtr take(const capture_link::Stream& stream) {
    log::info("camera_stream", {{"camera", stream.id},
                                {"model", stream.model},
                                {"format", stream.format},
                                {"width", stream.width},
                                {"height", stream.height},
                                {"buffers", int{stream.slots}},
                                {"in_place", stream.in_place}});
    stream_in_place_ = stream.in_place;
    if (options_.on_stream) options_.on_stream(stream);
    explained_ = false;
    return {};
  }

  FramePtr take(libcamera_source::LentFrame& lent) {
    const MonotonicTime now = clock_.monotonic_now();
    // One that was on its way when the camera went away says nothing of the next stream.
    if (!explained_) streams(now);
    troubles_ = 0;
    last_frame_ = last_sign_ = now;
    const std::optional<FrameNumber> number = numbers_.number(lent.facts.sequence);
    if (!number) return {};
    (stream_in_place_ ? in_place_ : decoded_).add();
    FrameInfo info;
    info.number = *number;
    times_.fill(info, lent.facts);
    Frame::BgrMaker colour;
    if (!lent.first_chroma.empty()) {
      colour = [luma = lent.luma, first = lent.first_chroma, second = lent.second_chroma] {
        return libcamera_source::bgr_of(luma, first, second);
      };
    }
    return std::make_shared<const Frame>(info, lent.luma, std::move(colour), std::move(lent.lease));
  }

  void streams(MonotonicTime now) {
    if (!streaming_ && last_frame_)
      blind_ms_.add(static_cast<std::uint64_t>(std::chrono::ceil<milliseconds>(now - *last_frame_).count()));
    if (!streaming_) streaming_since_ = now;
    streaming_ = true;
    if (now - streaming_since_ > options_.longest_pause) pause_ = options_.first_pause;
    tell(CameraState::streaming, "the camera gives frames");
  }

  FramePtr take(const capture_link::Skipped& skipped) {
    static_cast<void>(numbers_.number(skipped.sequence));
    if (skipped.reason == SkipReason::no_slot) {
      // No sign of life: where every buffer is lent look_for_a_stall() sees it, and a process that takes free
      // ones for lent gives no frame ever again.
      unbuffered_.add();
    } else {
      damaged_.add();
      last_skip_ = skipped.reason;
    }
    return {};
  }

  FramePtr take(const capture_link::Trouble& trouble) {
    // A camera that is gone and was here is unplugged, whoever notices first.
    const bool gone = trouble.kind == TroubleKind::none_present && last_frame_;
    tell(gone ? CameraState::unplugged : state_of(trouble.kind), json_escape(trouble.text));
    explained_ = true;
    ++troubles_;
    // It looks out for the camera, or ends by itself; if it does neither it is ended by the limit.
    last_sign_ = clock_.monotonic_now();
    streaming_ = false;
    return {};
  }

  // The process has ended, or is not to be believed.
  void lose(const Error& why) {
    frames_.reset();
    process_->kill();
    const std::optional<std::string> how = process_->ended(milliseconds(500));
    if (!explained_) {
      const std::string what = why.code != ErrorCode::unavailable ? "is not to be believed: " + why.message
                               : how                              ? *how
                                                                  : std::string("has closed its link");
      tell(CameraState::crashed, fmt::format("the capture process {}; it is started anew", what));
    }
    if (how) process_.reset();
    due_ = clock_.monotonic_now() + pause_;
    pause_longer();
  }

  void look_for_a_stall() {
    const MonotonicTime now = clock_.monotonic_now();
    if (frames_->all_lent()) last_sign_ = now;
    const milliseconds limit = streaming_ ? options_.stall_limit : options_.start_limit;
    due_ = last_sign_ + limit;
    if (now < due_) return;
    if (!explained_) {
      tell(CameraState::stalled,
           last_skip_ == SkipReason::wrong_size
               ? fmt::format("the camera gives pictures of another size than was agreed, for {} ms",
                             limit.count())
           : last_skip_ ? fmt::format("the camera gives only damaged pictures, for {} ms", limit.count())
                        : fmt::format("the camera gave no frame for {} ms; check its cable and its power",
                                      limit.count()));
    }
    frames_.reset();
    process_->kill();
    due_ = now + pause_;
    pause_longer();
  }

  void pause_longer() {
    last_skip_.reset();
    pause_ = std::min(2 * pause_, options_.longest_pause);
  }

  void pass_on_controls() {
    const std::lock_guard lock(controls_mutex_);
    if (std::exchange(controls_new_, false)) frames_->set_controls(controls_);
  }

  void wait(nanoseconds time) {
    // Controls that are set meanwhile go out with the next frame, or after a slice of the caller's.
    pollfd watched{frames_ ? frames_->descriptor() : -1, POLLIN, 0};
    const auto limit = std::chrono::ceil<milliseconds>(time);
    ::poll(&watched, 1, static_cast<int>(limit.count()));
  }

  void tell(CameraState state, const std::string& sentence) {
    if (state == state_ && (sentence == sentence_ || state == CameraState::streaming)) return;
    state_ = state;
    sentence_ = sentence;
    if (options_.on_state) options_.on_state(state, sentence);
  }

  const LibcameraOptions options_;
  const Clock& clock_;
  Counter& damaged_;
  Counter& unbuffered_;
  Counter& in_place_;
  Counter& decoded_;
  Counter& starts_;
  Counter& blind_ms_;
  libcamera_source::FrameNumbers numbers_;
  libcamera_source::FrameTimes times_;

  bool running_ = false;
  std::optional<CaptureProcess> process_;
  std::optional<LentFrames> frames_;
  MonotonicTime due_;
  milliseconds pause_{};
  bool streaming_ = false;  // this process has given a frame
  bool explained_ = false;  // and this one has said what is wrong
  bool stream_in_place_ = false;
  int troubles_ = 0;  // that it named since it began, or since its last frame
  MonotonicTime last_sign_;
  MonotonicTime streaming_since_;
  std::optional<MonotonicTime> last_frame_;  // of whichever process
  std::optional<SkipReason> last_skip_;
  std::optional<CameraState> state_;
  std::string sentence_;

  std::mutex controls_mutex_;
  capture_link::Controls controls_;
  bool controls_new_ = false;
};

}  // namespace

std::string_view to_string(CameraState state) {
  switch (state) {
    case CameraState::starting:
      return "starting";
    case CameraState::streaming:
      return "streaming";
    case CameraState::none_present:
      return "none present";
    case CameraState::undecided:
      return "undecided";
    case CameraState::busy:
      return "busy";
    case CameraState::wrong_format:
      return "wrong format";
    case CameraState::stalled:
      return "stalled";
    case CameraState::unplugged:
      return "unplugged";
    case CameraState::crashed:
      return "crashed";
    case CameraState::failed:
      break;
  }
  return "failed";
}

std::unique_ptr<LibcameraSource> make_libcamera_source(LibcameraOptions options, const Clock& clock,
                                                       CounterSet& counters) {
  return std::make_unique<Source>(std::move(options), clock, counters);
}

}  // namespace wayside
