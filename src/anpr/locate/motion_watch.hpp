// What has moved in the view, told from small copies of the frames.
//
// Threads: one thread. Memory: two copies of a sixty-fourth of a frame.
#pragma once

#include <opencv2/core/mat.hpp>

namespace wayside::locate {

class MotionWatch {
 public:
  // Takes the next frame (CV_8UC1) and compares it with the reference: the whole frame where there is none,
  // or the size has changed. Then moved() and box() say what is different.
  void look(const cv::Mat& luma);

  // In pixels of the frame, with a margin of a cell; empty where nothing has moved.
  [[nodiscard]] cv::Rect box() const { return box_; }
  [[nodiscard]] bool moved_within(const cv::Rect& area) const;

  // The frame last looked at becomes the reference: what is different from it has moved since.
  void set_reference() { reference_ = small_; }
  void forget() { reference_.release(); }

 private:
  void keep_what_may_be_a_vehicle();

  cv::Mat small_;
  cv::Mat reference_;
  cv::Mat changed_;  // CV_8UC1, 255 where a cell has
  cv::Rect box_;
  cv::Size frame_;
};

}  // namespace wayside::locate
