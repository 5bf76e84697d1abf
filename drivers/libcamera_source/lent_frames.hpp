// The daemon's side of one capture process's life: what it says, checked, and the frames that it lends.
//
// Threads: next() and set_controls() from the capture thread; the frames' leases end in any. Ownership: a
// frame keeps the memory that it lies in, whatever becomes of the process that wrote it; the last one to let
// go of it gives the slot back. Failure: a process that says anything out of turn, or lends what it has lent
// already, is not believed any further: next() fails with corrupt; with unavailable where it has ended.
#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "wayside/base/result.hpp"

#include "drivers/capture_link/channel.hpp"
#include "drivers/capture_link/messages.hpp"

namespace wayside::libcamera_source {

// A picture as it lies in its slot.
struct LentFrame {
  capture_link::FrameReady facts;
  cv::Mat luma;  // views the slot
  cv::Mat first_chroma;
  cv::Mat second_chroma;
  std::shared_ptr<void> lease;
};

class LentFrames {
 public:
  explicit LentFrames(capture_link::Channel channel);

  using Event = std::variant<capture_link::Stream, LentFrame, capture_link::Skipped, capture_link::Trouble>;
  // Nothing: nothing has come.
  [[nodiscard]] Result<std::optional<Event>> next();
  void set_controls(const capture_link::Controls& controls);

  // Every slot is with the daemon: no frame can come, and it is not the camera's fault.
  [[nodiscard]] bool all_lent() const;
  [[nodiscard]] int descriptor() const;

 private:
  struct Slots;
  class Lease;
  struct Handler;

  std::shared_ptr<Slots> slots_;
  std::optional<capture_link::Stream> stream_;
};

// The picture in colour; the view's chroma at the size of its luma. BT.601, full range.
[[nodiscard]] cv::Mat bgr_of(const cv::Mat& luma, const cv::Mat& first_chroma, const cv::Mat& second_chroma);

}  // namespace wayside::libcamera_source
