#include "motion_watch.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace wayside::locate {
namespace {

constexpr int cell_px = 8;
// Noise of the sensor is an eighth in the mean of 64 pixels. Most cells show the noise alone: the mean of
// their differences tells it, with what has truly changed counted as little more.
constexpr int least_change = 4;  // grey levels
constexpr int most_needed = 14;
constexpr double noise_multiple = 3.5;
constexpr double counted_at_most = 8;
// A drop of rain or an insect is smaller: so many cells of a 3 x 3 neighbourhood must have changed.
constexpr int least_neighbours = 4;
constexpr int least_cells = 8;  // of a spot; a plate alone in the dark, 60 px wide, has more

}  // namespace

void MotionWatch::look(const cv::Mat& luma) {
  frame_ = luma.size();
  const cv::Size size(std::max(1, luma.cols / cell_px), std::max(1, luma.rows / cell_px));
  cv::Mat small;
  cv::resize(luma, small, size, 0, 0, cv::INTER_AREA);
  small_ = small;
  if (reference_.size() != size) {
    changed_ = cv::Mat(size, CV_8UC1, cv::Scalar(255));
    box_ = cv::Rect({}, frame_);
    return;
  }
  cv::Mat difference;
  cv::absdiff(small_, reference_, difference);
  const double noise = cv::mean(cv::min(difference, counted_at_most))[0];
  const int needed =
      std::clamp(static_cast<int>(std::ceil(noise_multiple * noise + 1)), least_change, most_needed);
  cv::threshold(difference, difference, needed - 1, 1, cv::THRESH_BINARY);
  cv::Mat neighbours;
  cv::boxFilter(difference, neighbours, CV_8U, {3, 3}, {-1, -1}, false, cv::BORDER_REPLICATE);
  cv::threshold(neighbours, changed_, least_neighbours - 1, 255, cv::THRESH_BINARY);
  keep_what_may_be_a_vehicle();
  const cv::Rect cells = cv::boundingRect(changed_);
  if (cells.empty()) {
    box_ = {};
    return;
  }
  const cv::Rect wider(cells.x - 1, cells.y - 1, cells.width + 2, cells.height + 2);
  const double across = static_cast<double>(frame_.width) / size.width;
  const double down = static_cast<double>(frame_.height) / size.height;
  box_ = cv::Rect(cv::Point(static_cast<int>(wider.x * across), static_cast<int>(wider.y * down)),
                  cv::Point(static_cast<int>((wider.x + wider.width) * across),
                            static_cast<int>((wider.y + wider.height) * down))) &
         cv::Rect({}, frame_);
}

// Rain close to the lens and streaks in headlamps pass the neighbourhood, in small spots all over the frame.
void MotionWatch::keep_what_may_be_a_vehicle() {
  cv::Mat spots;
  cv::Mat figures;
  cv::Mat centres;
  const int count = cv::connectedComponentsWithStats(changed_, spots, figures, centres, 8, CV_16U);
  for (int spot = 1; spot < count; ++spot) {
    if (figures.at<int>(spot, cv::CC_STAT_AREA) >= least_cells) continue;
    const cv::Rect box(figures.at<int>(spot, cv::CC_STAT_LEFT), figures.at<int>(spot, cv::CC_STAT_TOP),
                       figures.at<int>(spot, cv::CC_STAT_WIDTH), figures.at<int>(spot, cv::CC_STAT_HEIGHT));
    changed_(box).setTo(0, spots(box) == spot);
  }
}

bool MotionWatch::moved_within(const cv::Rect& area) const {
  const cv::Rect inside = area & cv::Rect({}, frame_);
  if (inside.empty() || changed_.empty()) return false;
  const int x0 = inside.x * changed_.cols / frame_.width;
  const int y0 = inside.y * changed_.rows / frame_.height;
  const int x1 = std::min(changed_.cols, (inside.x + inside.width) * changed_.cols / frame_.width + 1);
  const int y1 = std::min(changed_.rows, (inside.y + inside.height) * changed_.rows / frame_.height + 1);
  return cv::countNonZero(changed_(cv::Rect(x0, y0, x1 - x0, y1 - y0))) > 0;
}

}  // namespace wayside::locate
