// Builds the reads of a road scene, frame by frame, for tests of the tracker: vehicles are plates that move
// in a straight line through a picture of 1280 x 720 at 25 frames a second.
#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "wayside/anpr/track/pass_tracker.hpp"

namespace wayside::testing {

inline constexpr int frame_width = 1280;
inline constexpr int frame_height = 720;
inline constexpr double frames_per_s = 25;

inline FrameInfo frame_info(int number) {
  const double seconds = number / frames_per_s;
  FrameInfo info;
  info.number = FrameNumber(static_cast<std::uint64_t>(number));
  info.utc.ms = 1'780'000'000'000 + static_cast<std::int64_t>(std::lround(seconds * 1e3));
  info.monotonic.ns = 5'000'000'000 + static_cast<std::int64_t>(std::llround(seconds * 1e9));
  return info;
}

inline PlateQuad quad_at(cv::Point2f centre, float width) {
  const float x = width / 2;
  const float y = width * 111 / 520 / 2;
  return {centre + cv::Point2f(-x, -y), centre + cv::Point2f(x, -y), centre + cv::Point2f(x, y),
          centre + cv::Point2f(-x, y)};
}

// A read whose positions name the characters of the text, and whose one-pixel plate patch is marked with
// `mark`.
inline EvidencedRead plate_read(const std::string& vrm, float confidence, cv::Point2f centre, float width,
                                int mark = 0) {
  EvidencedRead evidenced;
  PlateRead& read = evidenced.read;
  read.quad = quad_at(centre, width);
  read.vrm = vrm;
  read.confidence = confidence;
  read.format = "current";
  for (const char character : vrm)
    read.positions.push_back({{character, 0.9F}});
  evidenced.evidence.plate_patch_bgr = cv::Mat(1, 1, CV_32SC1, cv::Scalar(mark));
  evidenced.evidence.overview_bgr = std::make_shared<const cv::Mat>(1, 1, CV_8UC3, cv::Scalar(0));
  return evidenced;
}

struct Drive {
  std::string vrm;
  int from = 0;  // frames, both included
  int to = 0;
  cv::Point2f start{};  // of the plate's centre
  cv::Point2f step{};   // a frame
  float width = 120;
  float growth = 1;  // of the width, a frame
  float confidence = 0.9F;
};

class RecordedRoad {
 public:
  // told: what the read of a frame says; empty: no read there.
  using Told = std::function<std::string(int frame)>;

  RecordedRoad& drive(const Drive& drive) {
    return this->drive(drive, [&](int) { return drive.vrm; });
  }
  RecordedRoad& drive(const Drive& drive, const Told& told) {
    float width = drive.width;
    cv::Point2f centre = drive.start;
    for (int frame = drive.from; frame <= drive.to; ++frame, centre += drive.step, width *= drive.growth) {
      const std::string vrm = told(frame);
      if (!vrm.empty()) read(frame, plate_read(vrm, drive.confidence, centre, width, frame));
    }
    return *this;
  }
  RecordedRoad& read(int frame, EvidencedRead read) {
    reads_[frame].push_back(std::move(read));
    return *this;
  }

  [[nodiscard]] FrameReads frame(int number) const {
    FrameReads frame{frame_info(number), frame_width, frame_height, {}, {}};
    if (const auto found = reads_.find(number); found != reads_.end()) frame.reads = found->second;
    return frame;
  }
  [[nodiscard]] int last_frame() const { return reads_.empty() ? 0 : reads_.rbegin()->first; }

  // All frames up to a second after the last read, then the end of the source.
  std::vector<VehiclePass> play(PassTracker& tracker) const {
    std::vector<VehiclePass> passes;
    for (int number = 0; number <= last_frame() + static_cast<int>(frames_per_s); ++number) {
      for (VehiclePass& pass : tracker.update(frame(number)))
        passes.push_back(std::move(pass));
    }
    for (VehiclePass& pass : tracker.finish())
      passes.push_back(std::move(pass));
    return passes;
  }
  [[nodiscard]] std::vector<VehiclePass> play() const { return play(*make_pass_tracker({})); }

 private:
  std::map<int, std::vector<EvidencedRead>> reads_;
};

inline std::vector<std::string> vrms_of(const std::vector<VehiclePass>& passes) {
  std::vector<std::string> vrms;
  for (const VehiclePass& pass : passes)
    vrms.push_back(pass.vrm);
  return vrms;
}

inline int mark_of(const VehiclePass& pass) {
  return pass.evidence.plate_patch_bgr.at<int>(0, 0);
}

}  // namespace wayside::testing
