#include "src/anpr/track/plate_track.hpp"

#include <algorithm>
#include <cassert>

#include "src/anpr/track/vrm_text.hpp"

namespace wayside {

namespace {

constexpr std::size_t most_texts = 4;
constexpr double sure_mean_confidence = 0.8;
constexpr float cut_margin_px = 1;

// A plate that the edge of the picture cuts off reads as a shorter, perfectly valid VRM: it may not vote.
bool is_cut_off(const PlateQuad& quad, int frame_width, int frame_height) {
  return std::any_of(quad.begin(), quad.end(), [&](const cv::Point2f& corner) {
    return corner.x < cut_margin_px || corner.y < cut_margin_px ||
           corner.x > static_cast<float>(frame_width - 1) - cut_margin_px ||
           corner.y > static_cast<float>(frame_height - 1) - cut_margin_px;
  });
}

// Even-odd rule: a ray to the right crosses the outline an odd number of times.
bool contains(const std::vector<cv::Point2f>& polygon, cv::Point2f point) {
  bool inside = false;
  for (std::size_t i = 0, j = polygon.size() - 1; i < polygon.size(); j = i++) {
    const cv::Point2f& a = polygon[i];
    const cv::Point2f& b = polygon[j];
    if ((a.y > point.y) == (b.y > point.y)) continue;
    if (point.x < (b.x - a.x) * (point.y - a.y) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}

}  // namespace

Sighting sighting_of(const PlateRead& read, const FrameInfo& frame) {
  return {frame.monotonic, centre(read.quad), width_px(read.quad)};
}

void PlateTrack::add(const FrameReads& frame, const EvidencedRead& evidenced, std::uint32_t duplicates) {
  const PlateRead& read = evidenced.read;
  const Sighting sighting = sighting_of(read, frame.frame);
  if (motion_.sightings() == 0) {
    first_frame_ = frame.frame;
    judged_at_ = frame.frame.monotonic;
  }
  last_frame_ = frame.frame;
  motion_.add(sighting);
  count_lane(frame, sighting.centre);
  latest_vrm_ = read.vrm;
  reads_rejected_ += duplicates;
  if (is_cut_off(read.quad, frame.frame_width, frame.frame_height)) {
    ++reads_rejected_;
    return;
  }
  ++reads_used_;
  vote_.add(read, sighting);

  Text& text = text_for(read.vrm);
  text.weight += static_cast<double>(read.confidence);
  ++text.reads;
  if (text.format.empty() || read.confidence > text.best_confidence) {
    text.best_confidence = read.confidence;
    text.format = read.format;
    text.lines = read.lines;
  }
  const float view = read.confidence * sighting.width;
  if (view <= text.best_view) return;
  text.best_view = view;
  text.quad = read.quad;
  text.frame = frame.frame;
  text.frame_width = frame.frame_width;
  text.frame_height = frame.frame_height;
  text.evidence = evidenced.evidence;
}

PlateTrack::Text& PlateTrack::text_for(const std::string& vrm) {
  const auto found =
      std::find_if(texts_.begin(), texts_.end(), [&](const Text& text) { return text.vrm == vrm; });
  if (found != texts_.end()) return *found;
  if (texts_.size() == most_texts) {
    texts_.erase(std::min_element(texts_.begin(), texts_.end(),
                                  [](const Text& a, const Text& b) { return a.weight < b.weight; }));
  }
  texts_.push_back({});
  texts_.back().vrm = vrm;
  return texts_.back();
}

std::size_t PlateTrack::pictures() const {
  return static_cast<std::size_t>(std::count_if(
      texts_.begin(), texts_.end(), [](const Text& text) { return !text.evidence.plate_patch_bgr.empty(); }));
}

const PlateTrack::Text* PlateTrack::leading_text() const {
  if (texts_.empty()) return nullptr;
  return &*std::max_element(texts_.begin(), texts_.end(),
                            [](const Text& a, const Text& b) { return a.weight < b.weight; });
}

float PlateTrack::likeness(const std::string& vrm) const {
  const Text* leading = leading_text();
  const float to_latest = similarity(vrm, latest_vrm_);
  return leading == nullptr ? to_latest : std::max(to_latest, similarity(vrm, leading->vrm));
}

bool PlateTrack::is_sure() const {
  const Text* leading = leading_text();
  return leading != nullptr && leading->reads >= 2 &&
         leading->weight >= sure_mean_confidence * leading->reads;
}

void PlateTrack::count_lane(const FrameReads& frame, cv::Point2f centre_px) {
  lane_reads_.resize(lanes_->size() + 1);
  const cv::Point2f place(centre_px.x / static_cast<float>(std::max(1, frame.frame_width)),
                          centre_px.y / static_cast<float>(std::max(1, frame.frame_height)));
  const auto found =
      std::find_if(lanes_->begin(), lanes_->end(), [&](const Lane& l) { return contains(l.polygon, place); });
  ++lane_reads_[static_cast<std::size_t>(found - lanes_->begin())];
}

std::optional<int> PlateTrack::lane() const {
  const auto most = std::max_element(lane_reads_.begin(), lane_reads_.end());
  const auto index = static_cast<std::size_t>(most - lane_reads_.begin());
  if (index >= lanes_->size()) return std::nullopt;
  return (*lanes_)[index].number;
}

VehiclePass PlateTrack::pass() const {
  VehiclePass pass;
  pass.direction = motion_.direction();
  pass.lane = lane();
  pass.first_frame = first_frame_;
  pass.last_frame = last_frame_;
  pass.reads_used = reads_used_;
  pass.reads_rejected = reads_rejected_;
  if (texts_.empty()) return pass;

  std::vector<std::string> read_as;
  for (const Text& text : texts_)
    read_as.push_back(text.vrm);
  VoteOutcome outcome = vote_.outcome(read_as);
  pass.vrm = std::move(outcome.vrm);
  pass.confidence = outcome.confidence;
  pass.character_confidences = std::move(outcome.character_confidences);
  pass.alternatives = std::move(outcome.alternatives);

  const auto won =
      std::find_if(texts_.begin(), texts_.end(), [&](const Text& text) { return text.vrm == pass.vrm; });
  assert(won != texts_.end());
  pass.format = won->format;
  pass.lines = won->lines;
  pass.quad = won->quad;
  pass.best_frame = won->frame;
  pass.frame_width = won->frame_width;
  pass.frame_height = won->frame_height;
  pass.evidence = won->evidence;
  return pass;
}

}  // namespace wayside
