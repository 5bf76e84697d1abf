// Searches what has moved, looks closely at each find, and follows what is a plate without another search: a
// closer look where the plate should be by now. A search costs ten times a closer look, and most frames of a
// road hold nothing new.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include <opencv2/core.hpp>

#include "wayside/anpr/locate/plate_locator.hpp"

#include "localiser_net.hpp"
#include "motion_watch.hpp"
#include "refiner_net.hpp"

namespace wayside {
namespace {

using namespace locate;

constexpr double most_searched_px = 6e5;  // of the reduced picture: a huge frame must not take a second
constexpr float least_plate = 0.4F;       // probability at the closer look
constexpr float still_plate = 0.3F;       // of one that was a plate in the frame before
// Both networks' probabilities multiplied: of the plates in 216 photographs that came so far it lets one go;
// a read costs half as much as the search.
constexpr float least_score = 0.17F;
constexpr float coarse_step = 0.03F;  // a closer look that moved a corner by more, in widths, is repeated
constexpr int least_side_px = 32;     // smaller regions are widened before they are searched
// With plates in view a new vehicle can wait so many frames for the search; without, none can.
constexpr int frames_between_searches = 3;
// Movement without a plate (trees, people, lorries that pass for seconds) is searched less often after a
// while.
constexpr int empty_searches_patient = 6;
constexpr int frames_between_empty_searches = 2;
constexpr int frames_between_checks = 50;  // even if nothing moves: light fades, the gate may be wrong
// A plate that has hardly moved looks as it did, and reading it is the dearest part of all: it is shown again
// after it has moved or grown so much that it is another look for the vote, or often enough for its pass to
// stay open at any rate of frames.
constexpr int frames_between_same_looks = 5;
constexpr std::chrono::milliseconds between_same_looks{350};
// How a plate moves is not known at its first sight, and the closer look does not reach as far as a vehicle
// drives between two frames: it is lost once, and found again by a search within so many frames, so far away
// at most.
constexpr int frames_to_find_again = 3;
constexpr float most_step_widths = 2.5F;  // a frame: 100 mph at 25 frames a second
constexpr float most_growth = 0.4F;       // of the logarithm of its width
// A plate that is known to move little is looked at after it has come so far, or so many frames later.
constexpr float look_again_widths = 0.08F;
constexpr int frames_between_looks = 3;
constexpr float new_look_widths = 0.25F;
constexpr float new_look_growth = 0.15F;  // of the logarithm of its width

struct Known {
  PlateCandidate plate;
  float heat = 0;     // the localiser's probability when it was found
  cv::Point2f step;   // px a frame, of the centre
  PlateQuad shown{};  // when it was last handed on
  MonotonicTime shown_at;
  int since_shown = 0;    // frames
  int since_looked = 0;   // frames
  bool followed = false;  // so that its step is known
};

struct Lost {
  PlateQuad quad{};
  int frames_ago = 0;
};

bool is_due(const Known& known, MonotonicTime now) {
  return known.since_shown >= frames_between_same_looks || now - known.shown_at >= between_same_looks;
}

bool is_new_look(const Known& known) {
  const float width = width_px(known.shown);
  const cv::Point2f moved = centre(known.plate.quad) - centre(known.shown);
  return std::hypot(moved.x, moved.y) >= new_look_widths * width ||
         std::abs(std::log(width_px(known.plate.quad) / width)) >= new_look_growth;
}

float largest_move(const PlateQuad& a, const PlateQuad& b) {
  float most = 0;
  for (std::size_t k = 0; k < a.size(); ++k)
    most = std::max(most, std::hypot(a[k].x - b[k].x, a[k].y - b[k].y));
  return most;
}

PlateQuad shifted(PlateQuad quad, cv::Point2f by) {
  for (cv::Point2f& corner : quad)
    corner += by;
  return quad;
}

bool is_finite(const PlateQuad& quad) {
  return std::all_of(quad.begin(), quad.end(),
                     [](cv::Point2f corner) { return std::isfinite(corner.x) && std::isfinite(corner.y); });
}

// At least least_side_px wide and high, within the frame where that is possible.
cv::Rect widened(cv::Rect region, cv::Size frame) {
  const int width = std::min(frame.width, std::max(region.width, least_side_px));
  const int height = std::min(frame.height, std::max(region.height, least_side_px));
  const int x = std::clamp(region.x - (width - region.width) / 2, 0, frame.width - width);
  const int y = std::clamp(region.y - (height - region.height) / 2, 0, frame.height - height);
  return {x, y, width, height};
}

class NetworkLocator final : public PlateLocator {
 public:
  NetworkLocator(const LocatorOptions& options, std::unique_ptr<LocaliserNet> localiser,
                 std::unique_ptr<RefinerNet> refiner)
      : options_(options), localiser_(std::move(localiser)), refiner_(std::move(refiner)) {}

  std::vector<PlateCandidate> locate(const Frame& frame) override {
    try {
      return look(frame.luma(), frame.info().monotonic);
    } catch (const cv::Exception&) {
      forget();  // out of memory for a huge picture: no plates in this frame, the next may fit
      return {};
    }
  }

  void forget() override {
    watch_.forget();
    known_.clear();
    lost_.clear();
    since_search_ = 0;
    empty_searches_ = 0;
  }

  [[nodiscard]] Counts counts() const override { return counts_; }

 private:
  std::vector<PlateCandidate> look(const cv::Mat& luma, MonotonicTime now) {
    watch_.look(luma);
    std::vector<PlateCandidate> shown = follow(luma, now);
    ++since_search_;
    const bool check = since_search_ >= frames_between_checks;
    const cv::Rect region = check ? cv::Rect({}, luma.size()) : watch_.box();
    if (region.empty()) {
      ++(known_.empty() ? counts_.frames_still : counts_.frames_followed);
      return shown;
    }
    if (!check && since_search_ < frames_to_wait()) {
      ++counts_.frames_followed;
      return shown;
    }
    search(luma, widened(region, luma.size()), now, shown);
    return shown;
  }

  [[nodiscard]] int frames_to_wait() const {
    if (lost_one_) return 1;
    if (!known_.empty()) return frames_between_searches;
    return empty_searches_ > empty_searches_patient ? frames_between_empty_searches : 1;
  }

  // The plates in view, each looked at again where it should be by now.
  std::vector<PlateCandidate> follow(const cv::Mat& luma, MonotonicTime now) {
    std::vector<PlateCandidate> shown;
    std::vector<Known> still;
    lost_one_ = false;
    for (Lost& lost : lost_)
      ++lost.frames_ago;
    lost_.erase(std::remove_if(lost_.begin(), lost_.end(),
                               [](const Lost& lost) { return lost.frames_ago > frames_to_find_again; }),
                lost_.end());
    for (Known& known : known_) {
      ++known.since_shown;
      ++known.since_looked;
      const cv::Point2f moved = known.step * static_cast<float>(known.since_looked);
      const cv::Rect2f box = bounding_box(known.plate.quad);
      const bool near = known.followed && known.since_looked < frames_between_looks &&
                        std::hypot(moved.x, moved.y) < look_again_widths * box.width;
      if (!is_due(known, now) && (near || !watch_.moved_within(cv::Rect(box)))) {
        still.push_back(known);
        continue;
      }
      const std::optional<PlateCandidate> plate =
          closer(luma, shifted(known.plate.quad, moved), known.heat, still_plate);
      if (!plate) {
        lost_.push_back({known.plate.quad, known.since_looked});
        lost_one_ = true;
        continue;
      }
      const bool taken = std::any_of(still.begin(), still.end(), [&](const Known& other) {
        return overlap(other.plate.quad, plate->quad) > 0.3F;
      });
      if (taken) continue;
      known.step = (centre(plate->quad) - centre(known.plate.quad)) / static_cast<float>(known.since_looked);
      known.followed = true;
      known.since_looked = 0;
      known.plate = *plate;
      if (is_due(known, now) || is_new_look(known)) {
        shown.push_back(*plate);
        known.shown = plate->quad;
        known.shown_at = now;
        known.since_shown = 0;
      }
      still.push_back(known);
    }
    known_ = std::move(still);
    return shown;
  }

  void search(const cv::Mat& luma, const cv::Rect& region, MonotonicTime now,
              std::vector<PlateCandidate>& shown) {
    ++counts_.frames_searched;
    since_search_ = 0;
    watch_.set_reference();
    double scale = std::min({1.0, static_cast<double>(narrowest_found_px / options_.min_plate_width_px),
                             std::sqrt(most_searched_px / static_cast<double>(region.area()))});
    std::vector<PlateCandidate> finds = localiser_->search(luma(region), scale);
    // Plates too wide at this scale are found at half of it, and so on: each costs a quarter of the one
    // before.
    while (options_.max_plate_width_px * scale > widest_found_px) {
      scale /= 2;
      const std::vector<PlateCandidate> wider = localiser_->search(luma(region), scale);
      finds.insert(finds.end(), wider.begin(), wider.end());
    }
    keep_each_place_once(finds);
    if (finds.size() > options_.max_candidates) finds.resize(options_.max_candidates);
    for (const PlateCandidate& find : finds) {
      const PlateQuad quad = shifted(find.quad, cv::Point2f(region.tl()));
      if (is_known(quad)) continue;
      const std::optional<PlateCandidate> plate = closer(luma, quad, find.score, least_plate);
      if (!plate || plate->score < least_score) {
        ++counts_.candidates_refused;
        continue;
      }
      if (is_known(plate->quad)) continue;
      known_.push_back({*plate, find.score, step_of(plate->quad), plate->quad, now, 0, 0, false});
      shown.push_back(*plate);
    }
    empty_searches_ = known_.empty() ? empty_searches_ + 1 : 0;
    std::stable_sort(shown.begin(), shown.end(),
                     [](const auto& a, const auto& b) { return a.score > b.score; });
    if (shown.size() > options_.max_candidates) shown.resize(options_.max_candidates);
    while (known_.size() > options_.max_candidates)
      known_.pop_back();
  }

  // How far the plate moves in a frame, where it is one that was lost a moment ago.
  [[nodiscard]] cv::Point2f step_of(const PlateQuad& quad) {
    auto nearest = lost_.end();
    float least = most_step_widths * width_px(quad);
    cv::Point2f step;
    for (auto lost = lost_.begin(); lost != lost_.end(); ++lost) {
      if (std::abs(std::log(width_px(quad) / width_px(lost->quad))) > most_growth) continue;
      const cv::Point2f moved = (centre(quad) - centre(lost->quad)) / static_cast<float>(lost->frames_ago);
      const float far = std::hypot(moved.x, moved.y);
      if (far > least) continue;
      least = far;
      nearest = lost;
      step = moved;
    }
    if (nearest != lost_.end()) lost_.erase(nearest);
    return step;
  }

  [[nodiscard]] bool is_known(const PlateQuad& quad) const {
    return std::any_of(known_.begin(), known_.end(), [&](const Known& known) {
      return overlap(known.plate.quad, quad) > 0.3F || bounding_box(known.plate.quad).contains(centre(quad));
    });
  }

  // Two looks where the first one moved far: the second sees the plate where the network was trained to see
  // it best.
  std::optional<PlateCandidate> closer(const cv::Mat& luma, const PlateQuad& quad, float heat, float least) {
    std::optional<CloserLook> seen = refiner_->look(luma, quad);
    if (!seen || !(seen->plate >= 0.5F * least) || !is_finite(seen->quad)) return std::nullopt;
    if (largest_move(seen->quad, quad) > coarse_step * width_px(quad)) {
      seen = refiner_->look(luma, seen->quad);
      if (!seen || !is_finite(seen->quad)) return std::nullopt;
    }
    const float width = width_px(seen->quad);
    if (!(seen->plate >= least) || width < 0.6F * options_.min_plate_width_px ||
        width > 1.3F * options_.max_plate_width_px)
      return std::nullopt;
    PlateCandidate plate;
    plate.quad = seen->quad;
    plate.score = heat * seen->plate;
    plate.lines = seen->two_lines > 0.5F ? 2 : 1;
    plate.light_on_dark = seen->light_on_dark;
    return plate;
  }

  LocatorOptions options_;
  std::unique_ptr<LocaliserNet> localiser_;
  std::unique_ptr<RefinerNet> refiner_;
  MotionWatch watch_;
  std::vector<Known> known_;
  std::vector<Lost> lost_;
  bool lost_one_ = false;  // in this frame
  int since_search_ = 0;
  int empty_searches_ = 0;
  Counts counts_;
};

}  // namespace

Result<std::unique_ptr<PlateLocator>> make_network_locator(const LocatorOptions& options,
                                                           const ModelStore& models) {
  Result<std::unique_ptr<LocaliserNet>> localiser = LocaliserNet::make(models);
  if (!localiser) return fail(localiser.error());
  Result<std::unique_ptr<RefinerNet>> refiner = RefinerNet::make(models);
  if (!refiner) return fail(refiner.error());
  return std::make_unique<NetworkLocator>(options, std::move(*localiser), std::move(*refiner));
}

}  // namespace wayside
