#include "character_finder.hpp"

#include <algorithm>

#include <opencv2/imgproc.hpp>

namespace wayside::locate {
namespace {

// About one and a half character heights in the middle of the searched range: wide enough to see the field
// around a stroke, narrow enough not to see past the plate.
constexpr int window_px = 23;
// Grey levels a stroke must differ from the mean around it. Lower finds more in fog and dusk, and more road
// texture.
constexpr double least_difference = 7;

bool like_a_character(int width, int height, int area) {
  if (height < least_mark_height_px || height > most_mark_height_px) return false;
  const double aspect = static_cast<double>(width) / height;
  // From a lone "1" (stroke 14 of 79 mm) to a "W" turned by 20 degrees.
  if (aspect < 0.10 || aspect > 1.25) return false;
  const double fill = static_cast<double>(area) / (width * height);
  return fill > 0.18;
}

}  // namespace

MarkMap find_marks(const cv::Mat& luma, Polarity polarity) {
  cv::Mat mean;
  cv::boxFilter(luma, mean, CV_8U, {window_px, window_px}, {-1, -1}, true, cv::BORDER_REPLICATE);
  cv::Mat difference;
  if (polarity == Polarity::dark_on_light) {
    cv::subtract(mean, luma, difference);
  } else {
    cv::subtract(luma, mean, difference);
  }
  cv::Mat strokes;
  cv::threshold(difference, strokes, least_difference, 255, cv::THRESH_BINARY);

  MarkMap map;
  cv::Mat stats;
  cv::Mat centroids;
  const int count =
      cv::connectedComponentsWithStats(strokes, map.labels, stats, centroids, 4, CV_32S, cv::CCL_DEFAULT);
  std::vector<std::pair<double, Mark>> found;  // with their contrast
  for (int label = 1; label < count; ++label) {
    const int* row = stats.ptr<int>(label);
    const cv::Rect box(row[cv::CC_STAT_LEFT], row[cv::CC_STAT_TOP], row[cv::CC_STAT_WIDTH],
                       row[cv::CC_STAT_HEIGHT]);
    if (!like_a_character(box.width, box.height, row[cv::CC_STAT_AREA])) continue;
    const cv::Point2f middle(static_cast<float>(box.x) + static_cast<float>(box.width - 1) / 2,
                             static_cast<float>(box.y) + static_cast<float>(box.height - 1) / 2);
    found.emplace_back(0.0, Mark{box, middle, label});
  }
  if (found.size() > most_marks) {
    for (auto& [contrast, mark] : found)
      contrast = cv::mean(difference(mark.box))[0];
    std::nth_element(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(most_marks), found.end(),
                     [](const auto& a, const auto& b) {
                       return a.first != b.first ? a.first > b.first : a.second.label < b.second.label;
                     });
    found.resize(most_marks);
  }
  map.marks.reserve(found.size());
  for (const auto& [contrast, mark] : found)
    map.marks.push_back(mark);
  std::sort(map.marks.begin(), map.marks.end(), [](const Mark& a, const Mark& b) {
    return a.centre.x != b.centre.x ? a.centre.x < b.centre.x : a.label < b.label;
  });
  return map;
}

}  // namespace wayside::locate
