// Stages whose behaviour a test decides: what a pipeline is proved with.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "wayside/device/clock/clock.hpp"

#include "src/app/pipeline.hpp"

namespace wayside::doubles {

// Shut until opened; then open for good.
class Gate {
 public:
  void open() {
    {
      std::lock_guard lock(mutex_);
      open_ = true;
    }
    opened_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    someone_came_.notify_all();
    opened_.wait(lock, [&] { return open_; });
  }
  // False: nobody came within ten seconds.
  bool wait_for_arrivals(std::size_t count) {
    std::unique_lock lock(mutex_);
    return someone_came_.wait_for(lock, std::chrono::seconds(10), [&] { return arrived_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  std::condition_variable someone_came_;
  bool open_ = false;
  std::size_t arrived_ = 0;
};

inline FramePtr numbered_frame(std::uint64_t number) {
  FrameInfo info;
  info.number = FrameNumber(number);
  info.utc = UtcTime{1'767'225'600'000 + static_cast<std::int64_t>(number) * 40};
  info.monotonic = MonotonicTime{static_cast<std::int64_t>(number) * 40'000'000};
  return std::make_shared<Frame>(info, cv::Mat(48, 64, CV_8UC1, cv::Scalar(90)), Frame::BgrMaker{});
}

// Plays a script, one step a call of next(); at its end the stream has ended.
class ScriptedSource final : public FrameSource {
 public:
  using Step = std::function<Result<NextFrame>()>;
  ScriptedSource(std::vector<Step> script, bool waits) : script_(std::move(script)), waits_(waits) {}

  bool brings_itself_back = false;

  static std::vector<Step> frames(std::uint64_t count) {
    std::vector<Step> script;
    for (std::uint64_t n = 0; n < count; ++n)
      script.emplace_back([n] { return NextFrame(numbered_frame(n)); });
    return script;
  }

  Status start() override {
    ++starts;
    return {};
  }
  Result<NextFrame> next(std::chrono::milliseconds) override {
    return at_ == script_.size() ? Result<NextFrame>(NextFrame(EndOfStream{})) : script_[at_++]();
  }
  void stop() override { ++stops; }
  [[nodiscard]] bool waits_for_reader() const override { return waits_; }
  [[nodiscard]] bool restarts_itself() const override { return brings_itself_back; }
  [[nodiscard]] std::string describe() const override { return "a scripted source"; }

  int starts = 0;
  int stops = 0;

 private:
  std::vector<Step> script_;
  std::size_t at_ = 0;
  bool waits_;
};

// Sees one plate in every frame whose number is no multiple of `empty_every`.
class FakeLocator final : public PlateLocator {
 public:
  explicit FakeLocator(std::uint64_t empty_every, std::function<void(const Frame&)> on_frame = {})
      : empty_every_(empty_every), on_frame_(std::move(on_frame)) {}
  [[nodiscard]] std::vector<PlateCandidate> locate(const Frame& frame) override {
    if (on_frame_) on_frame_(frame);
    const std::uint64_t number = frame.info().number.value();
    if (empty_every_ != 0 && number % empty_every_ == 0) return {};
    PlateCandidate candidate;
    candidate.score = static_cast<float>(number % 7) / 7;
    return {candidate};
  }
  void forget() override {}
  [[nodiscard]] Counts counts() const override { return {}; }

 private:
  std::uint64_t empty_every_;
  std::function<void(const Frame&)> on_frame_;
};

class FakeReader final : public PlateReader {
 public:
  explicit FakeReader(std::function<void(const Frame&)> on_frame = {}) : on_frame_(std::move(on_frame)) {}
  [[nodiscard]] FrameReads read(const FrameCandidates& candidates, bool) override {
    const Frame& frame = *candidates.frame;
    if (on_frame_) on_frame_(frame);
    FrameReads reads;
    reads.frame = frame.info();
    reads.frame_width = frame.luma().cols;
    reads.frame_height = frame.luma().rows;
    EvidencedRead read;
    read.read.vrm = "AB12CDE";
    read.read.quad = {cv::Point2f(10, 10), {50, 10}, {50, 20}, {10, 20}};
    read.evidence.plate_patch_bgr = cv::Mat(20, 90, CV_8UC3, cv::Scalar(200, 200, 200));
    read.evidence.overview_bgr = std::make_shared<cv::Mat>(48, 64, CV_8UC3, cv::Scalar(60, 70, 80));
    reads.reads.push_back(std::move(read));
    return reads;
  }

 private:
  std::function<void(const Frame&)> on_frame_;
};

// Makes a pass of every read, and remembers every frame it was given. Read what it saw after the pipeline has
// ended. Where it is told to keep the last pass open, one closes with the next.
class FakeTracker final : public PassTracker {
 public:
  explicit FakeTracker(std::vector<std::uint64_t>& seen, bool keeps_last_open = false)
      : seen_(seen), keeps_last_open_(keeps_last_open) {}
  [[nodiscard]] std::vector<VehiclePass> update(const FrameReads& frame) override {
    seen_.push_back(frame.frame.number.value());
    std::vector<VehiclePass> passes;
    for (const EvidencedRead& read : frame.reads) {
      VehiclePass pass;
      pass.number = PassNumber(counts_.passes++);
      pass.vrm = read.read.vrm;
      pass.confidence = 0.9F;
      pass.character_confidences.assign(pass.vrm.size(), 0.9F);
      pass.format = "current";
      pass.first_frame = pass.best_frame = pass.last_frame = frame.frame;
      pass.frame_width = frame.frame_width;
      pass.frame_height = frame.frame_height;
      pass.reads_used = 1;
      pass.evidence = read.evidence;
      passes.push_back(std::move(pass));
    }
    if (keeps_last_open_ && !passes.empty()) passes.swap(open_);
    return passes;
  }
  [[nodiscard]] std::vector<VehiclePass> finish() override { return std::exchange(open_, {}); }
  [[nodiscard]] Counts counts() const override { return counts_; }

 private:
  std::vector<std::uint64_t>& seen_;
  bool keeps_last_open_;
  std::vector<VehiclePass> open_;
  Counts counts_;
};

}  // namespace wayside::doubles
