#include "wayside/anpr/capture/frame.hpp"

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

namespace wayside {

cv::Mat Frame::bgr() const {
  if (make_bgr_) return make_bgr_();
  cv::Mat grey;
  cv::cvtColor(luma_, grey, cv::COLOR_GRAY2BGR);
  return grey;
}

Result<FramePtr> make_frame(FrameInfo info, const cv::Mat& picture) {
  constexpr int least = 16;
  constexpr int most = 16384;
  if (picture.cols < least || picture.rows < least || picture.cols > most || picture.rows > most) {
    return fail(ErrorCode::invalid_input,
                fmt::format("frame {} is {} x {} px; expected {} to {} on each side", info.number.value(),
                            picture.cols, picture.rows, least, most));
  }
  cv::Mat luma;
  switch (picture.type()) {
    case CV_8UC1:
      return std::make_shared<const Frame>(info, picture, Frame::BgrMaker{});
    case CV_8UC3:
      cv::cvtColor(picture, luma, cv::COLOR_BGR2GRAY);
      break;
    case CV_8UC4: {
      cv::Mat bgr;
      cv::cvtColor(picture, bgr, cv::COLOR_BGRA2BGR);
      cv::cvtColor(picture, luma, cv::COLOR_BGRA2GRAY);
      return std::make_shared<const Frame>(info, luma, [bgr] { return bgr; });
    }
    default:
      return fail(ErrorCode::invalid_input,
                  fmt::format("frame {} has pixel type {}; expected 8 bits in 1, 3 or 4 channels",
                              info.number.value(), cv::typeToString(picture.type())));
  }
  return std::make_shared<const Frame>(info, luma, [picture] { return picture; });
}

}  // namespace wayside
