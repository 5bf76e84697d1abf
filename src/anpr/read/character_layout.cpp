#include "character_layout.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace wayside::read {
namespace {

constexpr double nominal = character_height_px;
constexpr int page_margin_px = character_height_px / 2;

// Strokes against the field around them: lighting differs along a plate, so one threshold for all will not
// do.
cv::Mat strokes_of(const cv::Mat& line) {
  const int window = (character_height_px * 3 / 2) | 1;
  cv::Mat strokes;
  cv::adaptiveThreshold(line, strokes, 255, cv::ADAPTIVE_THRESH_MEAN_C, cv::THRESH_BINARY_INV, window, 12);
  return strokes;
}

bool could_be_character(const cv::Rect& box) {
  return box.height > 0.55 * nominal && box.height < 1.5 * nominal && box.width > 0.08 * nominal &&
         box.width < 2.3 * nominal;
}

double median_of(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

// The height and middle that most of the boxes agree on.
struct Standing {
  double height = 0;
  double middle = 0;
  [[nodiscard]] bool holds(const cv::Rect& box) const {
    return std::abs(box.height - height) < 0.17 * height &&
           std::abs(box.y + box.height / 2.0 - middle) < 0.13 * height;
  }
};

Standing common_standing(const std::vector<cv::Rect>& boxes) {
  Standing best;
  std::size_t most = 0;
  for (const cv::Rect& box : boxes) {
    const Standing trial{static_cast<double>(box.height), box.y + box.height / 2.0};
    std::vector<double> heights;
    std::vector<double> middles;
    for (const cv::Rect& other : boxes) {
      if (!trial.holds(other)) continue;
      heights.push_back(other.height);
      middles.push_back(other.y + other.height / 2.0);
    }
    if (heights.size() > most) {
      most = heights.size();
      best = {median_of(heights), median_of(middles)};
    }
  }
  return best;
}

}  // namespace

std::vector<cv::Rect> find_characters(const cv::Mat& line) {
  cv::Mat labels;
  cv::Mat stats;
  cv::Mat centroids;
  const int count = cv::connectedComponentsWithStats(strokes_of(line), labels, stats, centroids, 8);
  std::vector<cv::Rect> boxes;
  for (int label = 1; label < count; ++label) {
    const int* row = stats.ptr<int>(label);
    const cv::Rect box(row[cv::CC_STAT_LEFT], row[cv::CC_STAT_TOP], row[cv::CC_STAT_WIDTH],
                       row[cv::CC_STAT_HEIGHT]);
    if (could_be_character(box)) boxes.push_back(box);
  }
  if (boxes.empty()) return boxes;
  const Standing standing = common_standing(boxes);
  std::erase_if(boxes, [&](const cv::Rect& box) { return !standing.holds(box); });
  std::sort(boxes.begin(), boxes.end(), [](const cv::Rect& a, const cv::Rect& b) { return a.x < b.x; });
  return boxes;
}

cv::Mat typeset(const cv::Mat& line, const std::vector<cv::Rect>& boxes) {
  if (boxes.empty()) return {};
  const cv::Rect page_area(0, 0, line.cols, line.rows);
  int top = line.rows;
  int foot = 0;
  for (const cv::Rect& box : boxes) {
    top = std::min(top, box.y);
    foot = std::max(foot, box.y + box.height);
  }
  const int pad = 2;
  const int least_gap = character_height_px / 8;
  const int most_gap = character_height_px / 5;
  int width = 2 * page_margin_px;
  std::vector<int> places;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    if (i > 0) {
      width += std::clamp(boxes[i].x - boxes[i - 1].x - boxes[i - 1].width, least_gap, most_gap);
    }
    places.push_back(width - page_margin_px);
    width += boxes[i].width;
  }
  cv::Mat page(foot - top + 2 * page_margin_px, width, CV_8U, cv::Scalar(255));
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const cv::Rect from =
        cv::Rect(boxes[i].x - pad, boxes[i].y - pad, boxes[i].width + 2 * pad, boxes[i].height + 2 * pad) &
        page_area;
    const cv::Rect to(places[i] - (boxes[i].x - from.x), page_margin_px + from.y - top, from.width,
                      from.height);
    cv::Mat place = page(to);
    cv::min(place, line(from), place);
  }
  return page;
}

std::vector<cv::Mat> lines_of(const PlatePatch& patch) {
  if (patch.lines == 1) return {patch.luma};
  // Rows of the plate's own width only: the surroundings have no gap between lines.
  cv::Mat profile;
  cv::reduce(patch.luma.colRange(patch.plate.x, patch.plate.x + patch.plate.width), profile, 1,
             cv::REDUCE_AVG, CV_32F);
  const int from = patch.plate.y + patch.plate.height * 2 / 5;
  const int to = patch.plate.y + patch.plate.height * 3 / 5;
  int lightest = (from + to) / 2;
  for (int y = from; y < to; ++y) {
    if (profile.at<float>(y) > profile.at<float>(lightest)) lightest = y;
  }
  return {patch.luma.rowRange(0, lightest), patch.luma.rowRange(lightest, patch.luma.rows)};
}

}  // namespace wayside::read
