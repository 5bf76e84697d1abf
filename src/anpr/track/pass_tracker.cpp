#include "wayside/anpr/track/pass_tracker.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <string_view>
#include <tuple>
#include <utility>

#include "src/anpr/track/association.hpp"
#include "src/anpr/track/reported_passes.hpp"

namespace wayside {

namespace {

constexpr std::size_t most_open_tracks = 32;
// Frames lost on the way must not break a track, but after so many closing times a track is over whatever
// comes.
constexpr double longest_gap = 4;
// Signs, painted lettering and telephone numbers that pass for a plate in a frame or two take one of these
// forms, "unknown" being none at all: so few looks at a rare form say nothing, however sure each of them is.
constexpr std::array<std::string_view, 5> forms_of_lettering = {"unknown", "foreign", "trade", "dateless",
                                                                "ni"};
constexpr std::uint32_t more_reads_for_them = 1;

bool could_be_lettering(const VehiclePass& pass) {
  return std::find(forms_of_lettering.begin(), forms_of_lettering.end(), pass.format) !=
         forms_of_lettering.end();
}

class VotingPassTracker : public PassTracker {
 public:
  explicit VotingPassTracker(TrackerOptions options)
      : options_(std::move(options)), reported_(options_.suppress_repeat_s) {}

  std::vector<VehiclePass> update(const FrameReads& frame) override {
    assert(!latest_ || (latest_->number < frame.frame.number && latest_->monotonic < frame.frame.monotonic));
    const MonotonicTime now = frame.frame.monotonic;
    std::vector<PlateTrack> over =
        take_tracks([&](const PlateTrack& track) { return cannot_go_on(track, now); });
    associate(frame);
    latest_ = frame.frame;
    std::vector<PlateTrack> quiet =
        take_tracks([&](const PlateTrack& track) { return quiet_s(track, now) > options_.close_after_s; });
    std::move(quiet.begin(), quiet.end(), std::back_inserter(over));
    std::move(displaced_.begin(), displaced_.end(), std::back_inserter(over));
    displaced_.clear();
    std::vector<VehiclePass> passes = close(std::move(over));
    report_in_view(now, passes);
    reported_.forget_before(now);
    return passes;
  }

  std::vector<VehiclePass> finish() override { return close(std::exchange(open_, {})); }

  [[nodiscard]] Counts counts() const override {
    Counts counts = counts_;
    counts.open_tracks = open_.size();
    for (const PlateTrack& track : open_)
      counts.pictures_held += track.pictures();
    counts.passes_remembered = reported_.size();
    return counts;
  }

 private:
  static double quiet_s(const PlateTrack& track, MonotonicTime now) {
    return seconds_between(track.motion().last().time, now);
  }

  // Quiet for too long, and some frame since its last read showed that it was not there.
  [[nodiscard]] bool cannot_go_on(const PlateTrack& track, MonotonicTime now) const {
    const double quiet = quiet_s(track, now);
    const bool was_missed = track.last_frame().number != latest_->number;
    return quiet > options_.close_after_s * (was_missed ? 1 : longest_gap);
  }

  template <class Predicate>
  std::vector<PlateTrack> take_tracks(Predicate predicate) {
    const auto staying = std::stable_partition(open_.begin(), open_.end(), std::not_fn(predicate));
    std::vector<PlateTrack> taken(std::make_move_iterator(staying), std::make_move_iterator(open_.end()));
    open_.erase(staying, open_.end());
    return taken;
  }

  void associate(const FrameReads& frame) {
    const std::vector<UniqueRead> reads = unique_reads(frame, counts_.reads_unusable);
    const auto track_of = assign(reads, frame.frame, open_);
    for (std::size_t i = 0; i < reads.size(); ++i) {
      if (track_of[i]) open_[*track_of[i]].add(frame, *reads[i].read, reads[i].duplicates);
    }
    for (std::size_t i = 0; i < reads.size(); ++i) {
      if (track_of[i]) continue;
      if (open_.size() == most_open_tracks) displace_quietest();
      open_.emplace_back(++tracks_opened_, options_.lanes);
      open_.back().add(frame, *reads[i].read, reads[i].duplicates);
    }
  }

  // No room: the track that was seen longest ago closes early, and is reported if its votes suffice.
  void displace_quietest() {
    const auto quietest =
        std::min_element(open_.begin(), open_.end(), [](const PlateTrack& a, const PlateTrack& b) {
          return a.motion().last().time < b.motion().last().time;
        });
    displaced_.push_back(std::move(*quietest));
    open_.erase(quietest);
  }

  std::vector<VehiclePass> close(std::vector<PlateTrack> tracks) {
    std::sort(tracks.begin(), tracks.end(),
              [](const PlateTrack& a, const PlateTrack& b) { return a.number() < b.number(); });
    std::vector<VehiclePass> passes;
    for (const PlateTrack& track : tracks) {
      if (track.is_reported()) {
        reported_.refresh(track.reported_vrm(), track.motion());
        continue;
      }
      VehiclePass pass = track.pass();
      switch (judge(track, pass, tracks)) {
        case Verdict::report:
          report(track, std::move(pass), passes);
          break;
        case Verdict::repeat:
          ++counts_.repeats_suppressed;
          break;
        case Verdict::too_unsure:
          ++counts_.too_unsure;
          break;
      }
    }
    return passes;
  }

  enum class Verdict { report, repeat, too_unsure };

  // closing: the tracks that close together with this one.
  Verdict judge(const PlateTrack& track, const VehiclePass& pass, const std::vector<PlateTrack>& closing) {
    if (pass.reads_used == 0) return Verdict::too_unsure;
    if (reported_.repeats(pass, track.motion()) || is_leftover_of_any(track, pass, open_) ||
        is_leftover_of_any(track, pass, closing)) {
      return Verdict::repeat;
    }
    if (could_be_lettering(pass) && pass.reads_used < options_.min_reads + more_reads_for_them) {
      return Verdict::too_unsure;
    }
    const bool few_reads = pass.reads_used < options_.min_reads;
    const float least = few_reads ? options_.single_read_confidence : options_.min_pass_confidence;
    return pass.confidence < least ? Verdict::too_unsure : Verdict::report;
  }

  void report(const PlateTrack& track, VehiclePass pass, std::vector<VehiclePass>& passes) {
    pass.number = PassNumber(++counts_.passes);
    reported_.remember(pass, track.motion());
    passes.push_back(std::move(pass));
  }

  // A few misreads of a vehicle whose own track goes on: reporting them would make two vehicles of one.
  static bool is_leftover_of_any(const PlateTrack& track, const VehiclePass& pass,
                                 const std::vector<PlateTrack>& others) {
    return std::any_of(others.begin(), others.end(), [&](const PlateTrack& other) {
      if (other.number() == track.number() || other.reads_used() == 0) return false;
      const bool is_earlier = track.number() < other.number();
      const ImageMotion& earlier = is_earlier ? track.motion() : other.motion();
      const ImageMotion& later = is_earlier ? other.motion() : track.motion();
      if (!is_same_way(earlier, later)) return false;
      const VehiclePass rival = other.pass();
      return is_leftover(pass.vrm, vote_strength(pass), rival.vrm, vote_strength(rival));
    });
  }

  // A vehicle that never leaves must not keep its record waiting, nor may one that somebody waits for. Where
  // its reads do not suffice yet, it is asked again: the first after the same time, the other with its next
  // read.
  void report_in_view(MonotonicTime now, std::vector<VehiclePass>& passes) {
    for (PlateTrack& track : open_) {
      if (track.is_reported()) {
        reported_.refresh(track.reported_vrm(), track.motion());
        continue;
      }
      const bool stands = seconds_between(track.judged_at(), now) >= options_.longest_pass_s;
      if (!stands && !is_waited_for_and_settled(track)) continue;
      track.set_judged_at(now);
      VehiclePass pass = track.pass();
      const Verdict verdict = judge(track, pass, {});
      if (verdict == Verdict::too_unsure) continue;
      track.mark_reported(pass.vrm);
      if (verdict == Verdict::report) report(track, std::move(pass), passes);
      if (verdict == Verdict::repeat) ++counts_.repeats_suppressed;
    }
  }

  [[nodiscard]] bool is_waited_for_and_settled(const PlateTrack& track) const {
    if (!options_.is_waited_for || track.last_frame().number != latest_->number) return false;
    const VehiclePass pass = track.pass();
    return pass.confidence >= options_.settled_confidence && options_.is_waited_for(pass.vrm);
  }

  TrackerOptions options_;
  ReportedPasses reported_;
  std::vector<PlateTrack> open_;       // in the order of their numbers
  std::vector<PlateTrack> displaced_;  // within update() only
  std::optional<FrameInfo> latest_;
  std::uint64_t tracks_opened_ = 0;
  Counts counts_;
};

}  // namespace

std::unique_ptr<PassTracker> make_pass_tracker(TrackerOptions options) {
  return std::make_unique<VotingPassTracker>(std::move(options));
}

}  // namespace wayside
