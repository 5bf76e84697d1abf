#include "wayside/anpr/read/occupants.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace wayside {

namespace {

// In widths of the plate.
constexpr float begins = 0.5F;
constexpr float ends = 7.0F;
constexpr float to_either_side = 2.5F;
constexpr double square = 0.25;
constexpr double least_square_px = 4;

}  // namespace

cv::Rect2f occupants_above(const PlateQuad& plate) {
  const float width = width_px(plate);
  const float top = std::min(plate[0].y, plate[1].y);
  const float middle = centre(plate).x;
  return {middle - to_either_side * width, top - ends * width, 2 * to_either_side * width,
          (ends - begins) * width};
}

void blur_occupants(cv::Mat& picture, std::span<const PlateQuad> plates, double scale) {
  for (const PlateQuad& plate : plates) {
    const cv::Rect2f seen = occupants_above(plate);
    const cv::Rect area = cv::Rect(cv::Point(static_cast<int>(std::floor(seen.x * scale)),
                                             static_cast<int>(std::floor(seen.y * scale))),
                                   cv::Point(static_cast<int>(std::ceil(seen.br().x * scale)),
                                             static_cast<int>(std::ceil(seen.br().y * scale)))) &
                          cv::Rect(0, 0, picture.cols, picture.rows);
    if (area.empty()) continue;
    const double side = std::max(least_square_px, width_px(plate) * scale * square);
    const cv::Size squares(std::max(1, static_cast<int>(area.width / side)),
                           std::max(1, static_cast<int>(area.height / side)));
    cv::Mat part = picture(area);
    cv::Mat coarse;
    cv::resize(part, coarse, squares, 0, 0, cv::INTER_AREA);
    cv::resize(coarse, part, part.size(), 0, 0, cv::INTER_LINEAR);
  }
}

}  // namespace wayside
