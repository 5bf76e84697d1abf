// Finds plates by their characters: connected strokes of like height in a row, at several scales, in both
// polarities. Characters give the plate's turn and perspective, which a rectangle of edges does not, and far
// fewer false finds. Lettering has characters too: what has no border above and below is left out.
#include <algorithm>
#include <array>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "wayside/anpr/locate/plate_locator.hpp"

#include "field_border.hpp"
#include "line_quad.hpp"

namespace wayside {
namespace {

using namespace locate;

// Prescribed plates, mm: the smallest character-to-plate ratio (one line) and the largest (two lines).
constexpr float least_character_share = 79.0F / 520.0F;
constexpr float most_character_share = 64.0F / 229.0F;
// Larger pictures are searched in a reduced copy: time stays bounded, the narrowest plates are lost.
constexpr double most_searched_px = 2.6e6;
constexpr float least_score = 0.12F;
constexpr std::size_t most_lines_paired = 200;
// Candidates of one frame whose border is looked at, best first: what bounds the time that a page of text
// takes.
constexpr std::size_t most_borders = 150;

struct Find {
  PlateCandidate plate;
  Polarity polarity = Polarity::dark_on_light;
};

cv::Mat reduced(const cv::Mat& luma, double scale) {
  if (scale >= 1) return luma;
  cv::Mat smaller;
  cv::resize(luma, smaller, {}, scale, scale, cv::INTER_AREA);
  return smaller;
}

void append_finds(const cv::Mat& luma, Polarity polarity, double scale, std::vector<Find>& finds) {
  const MarkMap map = find_marks(luma, polarity);
  std::vector<MeasuredLine> lines;
  for (const MarkLine& line : group_lines(map.marks, 2)) {
    if (std::optional<MeasuredLine> measured = measure_line(line, map.labels)) lines.push_back(*measured);
  }
  const auto add = [&](PlateCandidate candidate) {
    if (candidate.score < least_score) return;
    for (cv::Point2f& corner : candidate.quad) {
      corner = (corner + cv::Point2f(0.5F, 0.5F)) * static_cast<float>(1 / scale) - cv::Point2f(0.5F, 0.5F);
    }
    finds.push_back({candidate, polarity});
  };
  std::sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  for (const MeasuredLine& line : lines) {
    if (line.characters >= 3) add(candidate_of(line));
  }
  std::erase_if(lines, [](const MeasuredLine& line) { return line.characters > 4; });
  lines.resize(std::min(lines.size(), most_lines_paired));
  for (const MeasuredLine& upper : lines) {
    for (const MeasuredLine& lower : lines) {
      if (const std::optional<PlateCandidate> both = candidate_of(upper, lower)) add(*both);
    }
  }
}

float area(const cv::Rect2f& box) {
  return std::max(0.0F, box.width) * std::max(0.0F, box.height);
}

// The best of those that show the same place, without the lines of larger lettering.
std::vector<PlateCandidate> best_plates(const cv::Mat& luma, std::vector<Find> finds, std::size_t most) {
  std::stable_sort(finds.begin(), finds.end(),
                   [](const Find& a, const Find& b) { return a.plate.score > b.plate.score; });
  std::vector<PlateCandidate> kept;
  std::size_t borders = 0;
  for (const auto& [plate, polarity] : finds) {
    if (kept.size() == most || borders == most_borders) break;
    const cv::Rect2f box = bounding_box(plate.quad);
    const bool repeated = std::any_of(kept.begin(), kept.end(), [&](const PlateCandidate& better) {
      const cv::Rect2f other = bounding_box(better.quad);
      return area(box & other) > 0.4F * std::min(area(box), area(other));
    });
    if (repeated) continue;
    ++borders;
    if (is_plate_border(measure_border(luma, plate.quad, polarity))) kept.push_back(plate);
  }
  return kept;
}

class ContourLocator final : public PlateLocator {
 public:
  explicit ContourLocator(const LocatorOptions& options) : options_(options) {}

  std::vector<PlateCandidate> locate(const Frame& frame) override {
    try {
      return search(frame.luma());
    } catch (const cv::Exception&) {
      return {};  // out of memory for a huge picture: no plates in this frame, the next may fit
    }
  }

 private:
  std::vector<PlateCandidate> search(const cv::Mat& luma) const {
    const double pixels = static_cast<double>(luma.total());
    const double least_height = options_.min_plate_width_px * least_character_share;
    const double most_height = options_.max_plate_width_px * most_character_share;
    double scale = std::min({1.0, std::sqrt(most_searched_px / pixels), least_mark_height_px / least_height});
    std::vector<Find> finds;
    cv::Mat level = reduced(luma, scale);
    while (level.cols >= least_mark_height_px && level.rows >= least_mark_height_px) {
      for (const Polarity polarity : {Polarity::dark_on_light, Polarity::light_on_dark}) {
        append_finds(level, polarity, scale, finds);
      }
      if (most_mark_height_px / scale >= most_height) break;
      scale /= 2;
      level = reduced(level, 0.5);
    }
    std::erase_if(finds, [&](const Find& find) {
      const float width = width_px(find.plate.quad);
      // Candidates end near their outermost characters, so a full plate may be somewhat wider than its
      // candidate.
      return width < 0.6F * options_.min_plate_width_px || width > 1.1F * options_.max_plate_width_px;
    });
    return best_plates(luma, std::move(finds), options_.max_candidates);
  }

  LocatorOptions options_;
};

}  // namespace

std::unique_ptr<PlateLocator> make_contour_locator(const LocatorOptions& options) {
  return std::make_unique<ContourLocator>(options);
}

}  // namespace wayside
