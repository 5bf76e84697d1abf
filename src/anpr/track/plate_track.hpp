// One vehicle as far as it has been seen: its way through the picture, its votes, and the best pictures of
// each text.
//
// Threads: one. Memory: at most 4 texts with one picture pair each, whatever is read.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "wayside/anpr/track/pass_tracker.hpp"

#include "src/anpr/track/image_motion.hpp"
#include "src/anpr/track/vrm_vote.hpp"

namespace wayside {

[[nodiscard]] Sighting sighting_of(const PlateRead& read, const FrameInfo& frame);

class PlateTrack {
 public:
  // number: in the order in which tracks are opened. lanes must outlive the track.
  PlateTrack(std::uint64_t number, const std::vector<Lane>& lanes) : number_(number), lanes_(&lanes) {}

  // duplicates: other reads of the same plate in the same frame, left out of the vote.
  void add(const FrameReads& frame, const EvidencedRead& read, std::uint32_t duplicates);

  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] const ImageMotion& motion() const { return motion_; }
  [[nodiscard]] const FrameInfo& first_frame() const { return first_frame_; }
  [[nodiscard]] const FrameInfo& last_frame() const { return last_frame_; }
  [[nodiscard]] std::uint32_t reads_used() const { return reads_used_; }
  [[nodiscard]] std::size_t pictures() const;

  // 0 to 1: how well a text fits what this vehicle was read as so far, its latest read included.
  [[nodiscard]] float likeness(const std::string& vrm) const;
  // Read more than once, and surely: a quite different sure text is another vehicle even at the same place.
  [[nodiscard]] bool is_sure() const;

  // The pass without its number; without a VRM or pictures where reads_used is 0.
  [[nodiscard]] VehiclePass pass() const;

  // When it was last judged whether to report it; when it was opened, where never.
  [[nodiscard]] MonotonicTime judged_at() const { return judged_at_; }
  void set_judged_at(MonotonicTime time) { judged_at_ = time; }

  // The pass was reported while the vehicle still stood in view.
  void mark_reported(std::string vrm) { reported_vrm_ = std::move(vrm); }
  [[nodiscard]] bool is_reported() const { return !reported_vrm_.empty(); }
  [[nodiscard]] const std::string& reported_vrm() const { return reported_vrm_; }

 private:
  struct Text {
    std::string vrm;
    double weight = 0;  // confidences of its reads, added up
    std::uint32_t reads = 0;
    float best_confidence = 0;
    std::string format;  // as the most confident read had it
    int lines = 1;
    float best_view = -1;  // confidence x width of the read that the rest comes from
    PlateQuad quad{};
    FrameInfo frame;
    int frame_width = 0;
    int frame_height = 0;
    ReadEvidence evidence;
  };
  Text& text_for(const std::string& vrm);
  [[nodiscard]] const Text* leading_text() const;
  void count_lane(const FrameReads& frame, cv::Point2f centre);
  [[nodiscard]] std::optional<int> lane() const;

  std::uint64_t number_;
  const std::vector<Lane>* lanes_;
  ImageMotion motion_;
  VrmVote vote_;
  std::vector<Text> texts_;
  std::string latest_vrm_;
  std::vector<std::uint32_t> lane_reads_;  // one a lane, then outside all lanes
  FrameInfo first_frame_;
  FrameInfo last_frame_;
  std::uint32_t reads_used_ = 0;
  std::uint32_t reads_rejected_ = 0;
  MonotonicTime judged_at_;
  std::string reported_vrm_;
};

}  // namespace wayside
