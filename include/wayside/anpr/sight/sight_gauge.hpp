// Whether the camera could have read a plate, minute by minute: so that a vehicle that is not in its records
// means something. What it knows of a minute is what the minute itself showed: frames, light, the view
// compared with the commissioned one, and plates that were seen and not read. A night's flashed picture of an
// empty road may say nothing of the view, and is said to.
//
// Threads: saw_frame(), saw_reads() and close() from a thread each, the rest from any. Ownership: keeps no
// frame. Cost: a look at one picture a second, some milliseconds; no speed of any vehicle is worked out or
// kept. Failure: none.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "wayside/anpr/read/plate_read.hpp"
#include "wayside/anpr/sight/view.hpp"

namespace wayside {

enum class CouldRead { yes, doubtful, no };
std::string_view to_string(CouldRead could_read);

enum class Hindrance {
  no_frames,    // none came, or none was looked at
  frames_lost,  // came and could not be looked at, or did not come: a fifth of them and more
  dark,         // no light, and no flash
  glare,        // much of the picture is white
  blurred,      // edges are less steep than they were when the camera was commissioned
  covered,  // of much of the commissioned view nothing is left: web, dirt, leaves, fog, something in front
  moved,    // the commissioned view is there, elsewhere: the camera was turned
  plates_too_small,  // the plates that passed were narrower than can be read
  plates_unread,     // half of the plates that passed; or of many, far more than when it was commissioned
};
std::string_view to_string(Hindrance hindrance);

enum class ViewState { unknown, as_commissioned, covered, moved };
std::string_view to_string(ViewState state);

// What happened to frames beside the gauge, within the minute.
struct FramesLost {
  std::uint64_t missed = 0;   // the camera took them, and they never came, or not whole
  std::uint64_t dropped = 0;  // came faster than they could be looked at
  std::uint64_t unread = 0;   // plates in them were not read, for want of time
  double blind = 0;           // share of the minute in which none came at all
};

struct SightMinute {
  std::uint64_t frames = 0;  // that were looked at
  FramesLost lost;
  double light = 0;                 // the picture's median, 0 to 255, in the mean
  double glare = 0;                 // share of the picture that is white
  bool lit = false;                 // by the illuminator
  std::optional<double> sharpness;  // against the commissioned view's: 1 as sharp
  ViewState view = ViewState::unknown;
  std::optional<double> covered;  // share of the commissioned view; only where it can be compared
  double shift_x = 0;             // of the view, in shares of the picture; 0 unless moved
  double shift_y = 0;
  std::uint64_t reads = 0;
  std::uint64_t plates = 0;         // that moved through the view
  std::uint64_t plates_unread = 0;  // of these, never read: vehicles that were missed, as far as it can tell
  std::optional<double> plate_width_px;  // of the last plates at their widest, median; kept up for an hour
  CouldRead could_read = CouldRead::no;
  std::vector<Hindrance> hindrances;  // what stands against it, in the order above
};

class SightGauge {
 public:
  // commissioned: nothing: learnt from the first five minutes in which the view stands still in good light.
  SightGauge(double least_plate_width_px, std::optional<View> commissioned);
  ~SightGauge();
  SightGauge(const SightGauge&) = delete;
  SightGauge& operator=(const SightGauge&) = delete;

  // lit: the illuminator burns.
  void saw_frame(const Frame& frame, bool lit = false);
  void saw_reads(const FrameReads& reads);
  // The minute until now; the next begins.
  [[nodiscard]] SightMinute close(const FramesLost& lost);
  // Given or learnt.
  [[nodiscard]] std::optional<View> commissioned() const;
  // Grows whenever there is something new about it, which somebody should keep.
  [[nodiscard]] std::uint64_t changes() const;
  // Learns it anew, and what is usual there: the camera looks at something else now. False: there was none.
  bool forget();

 private:
  struct Minute;
  class Plates;
  void look_at_view(const Minute& minute, SightMinute& out);
  void learn(const Minute& minute, const SightMinute& so_far);
  void judge(SightMinute& minute) const;
  void count_plates(const SightMinute& minute);
  [[nodiscard]] bool more_unread_than_usual() const;

  const double least_plate_width_px_;
  mutable std::mutex mutex_;
  std::unique_ptr<Minute> minute_;
  std::unique_ptr<Plates> plates_;
  MonotonicTime last_look_{};
  bool looked_ = false;
  std::optional<View> commissioned_;
  std::uint64_t changes_ = 0;
  std::vector<View> learning_;  // minutes in a row that show one view
  struct Passed {
    std::uint64_t plates = 0;
    std::uint64_t unread = 0;
  };
  Passed first_;                // since the view was learnt
  std::deque<Passed> of_late_;  // minutes that had plates
};

}  // namespace wayside
