// A recogniser that reports what a test tells it to, and frames it can tell apart.
#pragma once

#include <deque>

#include <gtest/gtest.h>

#include "wayside/eval/recognise.hpp"

namespace wayside::doubles {

inline PlateQuad quad_of(const cv::Rect2f& box) {
  return {cv::Point2f{box.x, box.y}, cv::Point2f{box.x + box.width, box.y},
          cv::Point2f{box.x + box.width, box.y + box.height}, cv::Point2f{box.x, box.y + box.height}};
}

inline EvidencedRead read_of(const cv::Rect2f& box, const std::string& vrm, float confidence) {
  PlateRead read;
  read.quad = quad_of(box);
  read.vrm = vrm;
  read.confidence = confidence;
  for (const char c : vrm)
    read.positions.push_back({{c, 0.75F}, {'0', 0.1F}});
  return {read, {}};
}

// Reports one pass a frame, for the frame before.
class EchoTracker final : public PassTracker {
 public:
  std::vector<VehiclePass> update(const FrameReads& frame) override {
    std::vector<VehiclePass> closed = finish();
    for (const EvidencedRead& read : frame.reads) {
      VehiclePass pass;
      pass.vrm = read.read.vrm;
      pass.confidence = read.read.confidence;
      pass.quad = read.read.quad;
      pass.direction = Direction::towards;
      pass.first_frame = pass.best_frame = pass.last_frame = frame.frame;
      pass.reads_used = 3;
      open_.push_back(pass);
    }
    return closed;
  }
  std::vector<VehiclePass> finish() override { return std::exchange(open_, {}); }
  [[nodiscard]] Counts counts() const override { return {}; }

 private:
  std::vector<VehiclePass> open_;
};

// Frames of one brightness each; ends with an error where one is given.
class ListedSource final : public FrameSource {
 public:
  ListedSource(std::size_t frames, std::string error) : frames_(frames), error_(std::move(error)) {}
  Status start() override { return {}; }
  Result<NextFrame> next(std::chrono::milliseconds) override {
    if (at_ == frames_) {
      if (!error_.empty()) return fail(ErrorCode::corrupt, error_);
      return NextFrame(EndOfStream{});
    }
    FrameInfo info;
    info.number = FrameNumber(at_);
    return NextFrame(*make_frame(info, cv::Mat(20, 20, CV_8UC1, cv::Scalar(static_cast<double>(at_++)))));
  }
  void stop() override {}
  [[nodiscard]] bool waits_for_reader() const override { return true; }
  [[nodiscard]] std::string describe() const override { return "list"; }

 private:
  std::size_t frames_;
  std::string error_;
  std::size_t at_ = 0;
};

}  // namespace wayside::doubles
