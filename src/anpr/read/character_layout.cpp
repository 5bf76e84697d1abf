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

// Beyond a gap this wide stands something else: groups are 33 of 79 mm apart, and one character may be lost.
constexpr double widest_gap = 1.1 * nominal;

// The run of boxes without a wide gap that has the most of them.
std::vector<cv::Rect> longest_run(const std::vector<cv::Rect>& boxes) {
  std::vector<cv::Rect> best;
  std::vector<cv::Rect> run;
  for (const cv::Rect& box : boxes) {
    if (!run.empty() && box.x - run.back().x - run.back().width > widest_gap) run.clear();
    run.push_back(box);
    if (run.size() > best.size()) best = run;
  }
  return best;
}

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
  return longest_run(boxes);
}

// Rows of the plate's own width only: the surroundings have no gap between lines.
int row_between_lines(const cv::Mat& luma, const cv::Rect& plate) {
  cv::Mat profile;
  cv::reduce(luma.colRange(plate.x, plate.x + plate.width), profile, 1, cv::REDUCE_AVG, CV_32F);
  const int from = plate.y + plate.height * 2 / 5;
  const int to = plate.y + plate.height * 3 / 5;
  int lightest = (from + to) / 2;
  for (int y = from; y < to; ++y) {
    if (profile.at<float>(y) > profile.at<float>(lightest)) lightest = y;
  }
  return lightest;
}

std::vector<CharacterLine> lines_with_boxes(const cv::Mat& luma, const PlatePatch& patch) {
  std::vector<CharacterLine> lines;
  if (patch.lines == 1) {
    lines.push_back({luma, {}});
  } else {
    const int cut = row_between_lines(luma, patch.plate);
    lines.push_back({luma.rowRange(0, cut), {}});
    lines.push_back({luma.rowRange(cut, luma.rows), {}});
  }
  for (CharacterLine& line : lines)
    line.boxes = find_characters(line.luma);
  return lines;
}

// The holes of letters are few and low, so that summed heights tell characters from what lies between them.
double amount_of_text(const std::vector<CharacterLine>& lines) {
  double amount = 0;
  for (const CharacterLine& line : lines) {
    for (const cv::Rect& box : line.boxes)
      amount += box.height;
  }
  return amount;
}

// Puts the field at white and the strokes at black, keeping their soft edges: shade within a character
// misleads.
void whiten(cv::Mat& character) {
  constexpr double soft = 60;  // grey levels on each side of the edge
  cv::Mat ignored;
  const double edge = cv::threshold(character, ignored, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
  const double gain = 255 / (2 * soft);
  character.convertTo(character, CV_8U, gain, 127.5 - gain * edge);
}

}  // namespace

std::vector<CharacterLine> find_lines(const PlatePatch& patch) {
  std::vector<CharacterLine> dark = lines_with_boxes(patch.luma, patch);
  cv::Mat negative;
  cv::bitwise_not(patch.luma, negative);
  std::vector<CharacterLine> light = lines_with_boxes(negative, patch);
  return amount_of_text(light) > amount_of_text(dark) ? light : dark;
}

cv::Mat typeset(const CharacterLine& line, const Typesetting& how) {
  const std::vector<cv::Rect>& boxes = line.boxes;
  if (boxes.empty()) return {};
  const cv::Rect line_area(0, 0, line.luma.cols, line.luma.rows);
  const int top = std::min_element(boxes.begin(), boxes.end(), [](const cv::Rect& a, const cv::Rect& b) {
                    return a.y < b.y;
                  })->y;
  int foot = 0;
  for (const cv::Rect& box : boxes)
    foot = std::max(foot, box.y + box.height);
  const int least_gap = character_height_px / 8;
  const int most_gap = character_height_px / 5;
  const int pad = 2;  // for the strokes' soft edges
  int width = page_margin_px;
  std::vector<int> places;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    if (i > 0) width += std::clamp(boxes[i].x - boxes[i - 1].x - boxes[i - 1].width, least_gap, most_gap);
    places.push_back(width);
    width += boxes[i].width;
  }
  cv::Mat page(foot - top + 2 * page_margin_px, width + page_margin_px, CV_8U, cv::Scalar(255));
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const cv::Rect from =
        cv::Rect(boxes[i].x - pad, boxes[i].y - pad, boxes[i].width + 2 * pad, boxes[i].height + 2 * pad) &
        line_area;
    const cv::Rect to(places[i] + from.x - boxes[i].x, page_margin_px + from.y - top, from.width,
                      from.height);
    cv::Mat character = line.luma(from).clone();
    if (how.whitened) whiten(character);
    cv::Mat place = page(to);
    cv::min(place, character, place);
  }
  if (how.widened != 1) cv::resize(page, page, {}, how.widened, 1, cv::INTER_LINEAR);
  return page;
}

}  // namespace wayside::read
