// One picture from the camera, on loan: the value that starts the flow.
//
// Threads: immutable once made; share the pointer freely. Ownership: the last FramePtr to go gives the buffer
// back to its source (a camera has few), so hold a frame no longer than the stage needs and never in a pass:
// copy the cut-out. Shapes: luma is CV_8UC1, rows x cols, at least 16 x 16; bgr() is CV_8UC3 of the same
// size, or grey in three channels where the camera has no colour (infrared).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <opencv2/core/mat.hpp>

#include "wayside/base/strong.hpp"
#include "wayside/base/time.hpp"

namespace wayside {

struct FrameInfo {
  FrameNumber number;
  UtcTime utc;              // middle of the exposure, by the camera's clock
  MonotonicTime monotonic;  // the same instant
  std::optional<std::int32_t> exposure_us;
  std::optional<double> gain_db;
  std::optional<double> strobe_level;  // 0 dark to 1 full, of the illuminator's permitted maximum
};

class Frame {
 public:
  using BgrMaker = std::function<cv::Mat()>;

  // luma may view a buffer that lease keeps alive. make_bgr is called at most when colour is asked for;
  // empty: no colour.
  Frame(FrameInfo info, cv::Mat luma, BgrMaker make_bgr, std::shared_ptr<void> lease = {})
      : info_(info), luma_(std::move(luma)), make_bgr_(std::move(make_bgr)), lease_(std::move(lease)) {}

  [[nodiscard]] const FrameInfo& info() const { return info_; }
  [[nodiscard]] const cv::Mat& luma() const { return luma_; }
  // Costs a conversion where the camera delivers YUV: ask once per frame and stage.
  [[nodiscard]] cv::Mat bgr() const;

 private:
  FrameInfo info_;
  cv::Mat luma_;
  BgrMaker make_bgr_;
  std::shared_ptr<void> lease_;
};

using FramePtr = std::shared_ptr<const Frame>;

// A frame from a decoded picture: CV_8UC1, CV_8UC3 (BGR) or CV_8UC4 (BGRA), any stride. Fails with
// invalid_input on any other type, and on pictures smaller than 16 x 16 or larger than 16384 on a side.
[[nodiscard]] Result<FramePtr> make_frame(FrameInfo info, const cv::Mat& picture);

}  // namespace wayside
