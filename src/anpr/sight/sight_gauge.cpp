#include "wayside/anpr/sight/sight_gauge.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>

#include <opencv2/core.hpp>

#include "wayside/anpr/capture/plate_brightness.hpp"

#include "src/anpr/sight/moving_plates.hpp"

namespace wayside {

namespace {

constexpr std::chrono::milliseconds looks_apart{1000};
// A view that is judged, or learnt, is the mean of so many pictures: vehicles have to average out.
constexpr int pictures_judged = 10;
constexpr std::size_t minutes_learnt = 5;
constexpr std::size_t widths_kept = 200;
constexpr int minutes_kept = 60;
constexpr std::size_t widths_judged = 5;

// Where each hindrance makes a minute doubtful, and where hopeless. Tried on drawn roads in other light, rain
// and dirt, and with the camera turned, defocused and covered (tests/anpr/sight).
constexpr double lost_doubtful = 0.2, lost_hopeless = 0.5;          // of the frames, or of the minute
constexpr double glare_doubtful = 0.35, glare_hopeless = 0.6;       // of the picture
constexpr double blurred_doubtful = 0.6, blurred_hopeless = 0.4;    // of the commissioned sharpness
constexpr double covered_doubtful = 0.35, covered_hopeless = 0.65;  // of the view
constexpr double small_doubtful = 1.2;                              // of the least width that is read
constexpr double unread_doubtful = 0.5;
constexpr std::uint64_t plates_judged = 4;
// What is usual is the share among so many plates; far more is twice that and a twentieth on top, of so many
// of late.
constexpr std::uint64_t plates_usual = 500;
constexpr std::uint64_t plates_of_late = 200;
constexpr double dark_median = 10;
constexpr double good_light = 40;
// With less of the commissioned pattern than this, a picture in bad light says nothing about it.
constexpr double comparable_structure = 0.4;
// A turned camera: its view fits well elsewhere, much better than where it was, by so much of the picture.
constexpr double fits_elsewhere = 0.3;
constexpr double fits_better = 0.12;
constexpr double least_shift = 0.012;
// Two minutes show one view.
constexpr double one_view = 0.6;

double white_share(const cv::Mat& luma) {
  return cv::countNonZero(luma >= 250) / static_cast<double>(luma.total());
}

}  // namespace

struct SightGauge::Minute {
  std::uint64_t frames = 0;
  double light = 0;
  double glare = 0;
  bool lit = false;
  ViewMean pictures;
  std::uint64_t reads = 0;
  std::uint64_t plates = 0;
  std::uint64_t unread = 0;
};

class SightGauge::Plates {
 public:
  void saw(const FrameReads& reads, Minute& minute) {
    for (const MovingPlates::Gone& gone : moving_.update(reads)) {
      ++minute.plates;
      if (!gone.read) ++minute.unread;
      widths_.push_back({minute_, gone.widest_px});
      if (widths_.size() > widths_kept) widths_.pop_front();
    }
  }
  // Median of the last hour's.
  [[nodiscard]] std::optional<double> width() const {
    if (widths_.size() < widths_judged) return std::nullopt;
    std::vector<float> sorted;
    for (const Width& width : widths_)
      sorted.push_back(width.px);
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    return *middle;
  }
  void next_minute() {
    ++minute_;
    while (!widths_.empty() && widths_.front().minute + minutes_kept < minute_)
      widths_.pop_front();
  }

 private:
  struct Width {
    int minute = 0;
    float px = 0;
  };
  MovingPlates moving_;
  std::deque<Width> widths_;
  int minute_ = 0;
};

SightGauge::SightGauge(double least_plate_width_px, std::optional<View> commissioned)
    : least_plate_width_px_(least_plate_width_px),
      minute_(std::make_unique<Minute>()),
      plates_(std::make_unique<Plates>()),
      commissioned_(std::move(commissioned)) {}

SightGauge::~SightGauge() = default;

void SightGauge::saw_frame(const Frame& frame, bool lit) {
  const FrameInfo& info = frame.info();
  const std::scoped_lock lock(mutex_);
  ++minute_->frames;
  minute_->lit = minute_->lit || lit || info.strobe_level.value_or(0) > 0;
  if (looked_ && info.monotonic - last_look_ < looks_apart) return;
  last_look_ = info.monotonic;
  looked_ = true;
  minute_->light += scene_brightness(frame.luma());
  minute_->glare += white_share(frame.luma());
  minute_->pictures.add(frame.luma());
}

void SightGauge::saw_reads(const FrameReads& reads) {
  const std::scoped_lock lock(mutex_);
  minute_->reads += reads.reads.size();
  plates_->saw(reads, *minute_);
}

SightMinute SightGauge::close(const FramesLost& lost) {
  const std::scoped_lock lock(mutex_);
  const std::unique_ptr<Minute> minute = std::exchange(minute_, std::make_unique<Minute>());
  SightMinute out;
  out.frames = minute->frames;
  out.lost = lost;
  if (const int pictures = minute->pictures.pictures(); pictures > 0) {
    out.light = minute->light / pictures;
    out.glare = minute->glare / pictures;
  }
  out.lit = minute->lit;
  out.reads = minute->reads;
  out.plates = minute->plates;
  out.plates_unread = minute->unread;
  plates_->next_minute();
  out.plate_width_px = plates_->width();
  look_at_view(*minute, out);
  count_plates(out);
  judge(out);
  if (!commissioned_) learn(*minute, out);
  return out;
}

std::optional<View> SightGauge::commissioned() const {
  const std::scoped_lock lock(mutex_);
  return commissioned_;
}

std::uint64_t SightGauge::changes() const {
  const std::scoped_lock lock(mutex_);
  return changes_;
}

bool SightGauge::forget() {
  const std::scoped_lock lock(mutex_);
  const bool there_was_one = commissioned_.has_value();
  commissioned_.reset();
  learning_.clear();
  first_ = {};
  of_late_.clear();
  return there_was_one;
}

void SightGauge::count_plates(const SightMinute& minute) {
  if (!commissioned_ || minute.plates == 0) return;
  if (commissioned_->plates == 0) {
    first_ = {first_.plates + minute.plates, first_.unread + minute.plates_unread};
    if (first_.plates < plates_usual) return;
    commissioned_->plates = static_cast<std::uint32_t>(first_.plates);
    commissioned_->plates_unread = static_cast<std::uint32_t>(first_.unread);
    ++changes_;
    return;
  }
  of_late_.push_back({minute.plates, minute.plates_unread});
  std::uint64_t plates = 0;
  for (const Passed& passed : of_late_)
    plates += passed.plates;
  while (plates - of_late_.front().plates >= plates_of_late) {
    plates -= of_late_.front().plates;
    of_late_.pop_front();
  }
}

bool SightGauge::more_unread_than_usual() const {
  Passed all;
  for (const Passed& passed : of_late_)
    all = {all.plates + passed.plates, all.unread + passed.unread};
  if (all.plates < plates_of_late) return false;
  const double usual = commissioned_->plates_unread / static_cast<double>(commissioned_->plates);
  return static_cast<double>(all.unread) > (2 * usual + 0.05) * static_cast<double>(all.plates);
}

void SightGauge::look_at_view(const Minute& minute, SightMinute& out) {
  if (!commissioned_ || minute.pictures.pictures() < pictures_judged) return;
  const std::optional<View> now = minute.pictures.view();
  if (now->sharpness && commissioned_->sharpness && *commissioned_->sharpness > 0)
    out.sharpness = *now->sharpness / *commissioned_->sharpness;
  const ViewComparison compared = compare(*commissioned_, *now);
  const double shift = std::max(std::abs(compared.shift_x), std::abs(compared.shift_y));
  if (shift >= least_shift && compared.alike_shifted >= fits_elsewhere &&
      compared.alike_shifted >= compared.alike + fits_better) {
    out.view = ViewState::moved;
    out.shift_x = compared.shift_x;
    out.shift_y = compared.shift_y;
    return;
  }
  // By night other things are lit than by day: what is missing then need not be covered.
  const bool night = out.light < good_light;
  if (night && (compared.structure < comparable_structure || compared.covered >= covered_doubtful)) return;
  out.covered = compared.covered;
  out.view = compared.covered >= covered_doubtful ? ViewState::covered : ViewState::as_commissioned;
}

// The installer may still be aiming: one view, for five minutes.
void SightGauge::learn(const Minute& minute, const SightMinute& so_far) {
  if (so_far.light < good_light || so_far.could_read == CouldRead::no ||
      minute.pictures.pictures() < pictures_judged) {
    learning_.clear();
    return;
  }
  std::optional<View> now = minute.pictures.view();
  if (!learning_.empty() && compare(learning_.front(), *now).alike < one_view) learning_.clear();
  learning_.push_back(std::move(*now));
  if (learning_.size() < minutes_learnt) return;
  View all;
  all.pattern = cv::Mat::zeros(View::height, View::width, CV_32FC2);
  double sharpness = 0;
  int sharp = 0;
  for (const View& view : learning_) {
    all.pattern += view.pattern / static_cast<double>(learning_.size());
    sharpness += view.sharpness.value_or(0);
    sharp += view.sharpness ? 1 : 0;
  }
  if (sharp > 0) all.sharpness = sharpness / sharp;
  commissioned_ = std::move(all);
  ++changes_;
  learning_.clear();
}

void SightGauge::judge(SightMinute& minute) const {
  CouldRead verdict = CouldRead::yes;
  const auto against = [&](Hindrance hindrance, bool doubtful, bool hopeless) {
    if (!doubtful && !hopeless) return;
    minute.hindrances.push_back(hindrance);
    verdict = std::max(verdict, hopeless ? CouldRead::no : CouldRead::doubtful);
  };
  const auto lost = static_cast<double>(minute.lost.missed + minute.lost.dropped + minute.lost.unread);
  const double all =
      static_cast<double>(minute.frames) + static_cast<double>(minute.lost.missed + minute.lost.dropped);
  const bool frames = minute.frames > 0;
  const double lost_share = std::max(all > 0 ? lost / all : 0, frames ? minute.lost.blind : 0);
  against(Hindrance::no_frames, !frames, !frames);
  against(Hindrance::frames_lost, lost_share >= lost_doubtful, lost_share >= lost_hopeless);
  // A plate that was read is light enough, whatever the rest of the picture is.
  const bool dark = frames && minute.light < dark_median && !minute.lit && minute.reads == 0;
  against(Hindrance::dark, dark, dark);
  against(Hindrance::glare, minute.glare >= glare_doubtful, minute.glare >= glare_hopeless);
  if (minute.sharpness)
    against(Hindrance::blurred, *minute.sharpness < blurred_doubtful, *minute.sharpness < blurred_hopeless);
  if (minute.view == ViewState::covered)
    against(Hindrance::covered, true, *minute.covered >= covered_hopeless);
  against(Hindrance::moved, minute.view == ViewState::moved, minute.view == ViewState::moved);
  if (minute.plate_width_px) {
    against(Hindrance::plates_too_small, *minute.plate_width_px < small_doubtful * least_plate_width_px_,
            *minute.plate_width_px < least_plate_width_px_);
  }
  const bool unread =
      minute.plates >= plates_judged &&
      static_cast<double>(minute.plates_unread) >= unread_doubtful * static_cast<double>(minute.plates);
  against(Hindrance::plates_unread, unread || more_unread_than_usual(), false);
  minute.could_read = verdict;
}

std::string_view to_string(CouldRead could_read) {
  switch (could_read) {
    case CouldRead::yes:
      return "yes";
    case CouldRead::doubtful:
      return "doubtful";
    case CouldRead::no:
      break;
  }
  return "no";
}

std::string_view to_string(Hindrance hindrance) {
  switch (hindrance) {
    case Hindrance::no_frames:
      return "no_frames";
    case Hindrance::frames_lost:
      return "frames_lost";
    case Hindrance::dark:
      return "dark";
    case Hindrance::glare:
      return "glare";
    case Hindrance::blurred:
      return "blurred";
    case Hindrance::covered:
      return "covered";
    case Hindrance::moved:
      return "moved";
    case Hindrance::plates_too_small:
      return "plates_too_small";
    case Hindrance::plates_unread:
      break;
  }
  return "plates_unread";
}

std::string_view to_string(ViewState state) {
  switch (state) {
    case ViewState::as_commissioned:
      return "as_commissioned";
    case ViewState::covered:
      return "covered";
    case ViewState::moved:
      return "moved";
    case ViewState::unknown:
      break;
  }
  return "unknown";
}

}  // namespace wayside
