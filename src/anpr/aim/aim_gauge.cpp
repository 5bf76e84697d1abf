#include "wayside/anpr/aim/aim_gauge.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <opencv2/imgproc.hpp>

#include "wayside/anpr/sight/view.hpp"

#include "plate_pose.hpp"

namespace wayside {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds plates_kept{10};
constexpr std::size_t most_plates_kept = 2'000;
constexpr std::size_t brightness_kept = 20;
constexpr seconds frames_counted{2};
constexpr milliseconds drawn_every{95};
constexpr milliseconds looked_every{500};
constexpr milliseconds boxes_shown{400};

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// A pixel in sixteen is enough for a hundred to be averaged.
cv::Mat coarse_picture(const cv::Mat& luma) {
  cv::Mat fewer;
  cv::resize(luma, fewer, {}, 0.25, 0.25, cv::INTER_NEAREST);
  cv::Mat out;
  cv::resize(fewer, out, {AimReport::picture_width, AimReport::picture_height}, 0, 0, cv::INTER_AREA);
  return out;
}

// Of the middle third, where plates are wanted; of the whole where that has no edges.
std::optional<double> sharpness_of(const cv::Mat& luma) {
  const auto middle = sharpness(luma.rowRange(luma.rows / 3, 2 * luma.rows / 3));
  return middle ? middle : sharpness(luma);
}

struct Vehicle {
  std::set<std::string> vrms;  // what it was read as
  MonotonicTime at;            // last
  PlateQuad last{};
  PlateQuad widest{};
  int lines = 1;
};

// By its mark, or by where it was a moment ago: far away one plate is read as many.
bool is_of(const Vehicle& vehicle, MonotonicTime at, const PlateQuad& quad, const std::string& vrm) {
  if (vehicle.vrms.contains(vrm)) return true;
  const cv::Point2f apart = centre(quad) - centre(vehicle.last);
  return at - vehicle.at <= milliseconds(500) && at > vehicle.at &&
         std::hypot(apart.x, apart.y) < width_px(vehicle.last);
}

template <class Item, class Value>
std::optional<double> median_over(const std::deque<Item>& items, const Value& value) {
  std::vector<double> values;
  for (const Item& item : items)
    values.push_back(value(item));
  if (values.empty()) return std::nullopt;
  return median_of(std::move(values));
}

}  // namespace

void AimGauge::forget() {
  frames_.clear();
  drawn_at_.reset();
  looked_at_.reset();
  last_ = {};
  picture_.release();
  sharpness_.reset();
  best_sharpness_.reset();
  scene_.reset();
  brightness_.clear();
  plates_.clear();
  lanes_seen_.clear();
}

void AimGauge::saw_frame(const Frame& frame) {
  const MonotonicTime at = frame.info().monotonic;
  if (!frames_.empty() && at < frames_.back()) forget();  // a recording that begins again
  last_ = frame.info();
  size_ = frame.luma().size();
  frames_.push_back(at);
  while (at - frames_.front() > frames_counted)
    frames_.pop_front();
  if (!drawn_at_ || at - *drawn_at_ >= drawn_every) {
    drawn_at_ = at;
    picture_ = coarse_picture(frame.luma());
  }
  if (!looked_at_ || at - *looked_at_ >= looked_every) {
    looked_at_ = at;
    sharpness_ = sharpness_of(frame.luma());
    if (sharpness_) best_sharpness_ = std::max(best_sharpness_.value_or(0), *sharpness_);
  }
}

void AimGauge::saw_reads(const FrameReads& reads) {
  const MonotonicTime at = reads.frame.monotonic;
  for (const EvidencedRead& one : reads.reads)
    take({at, one.read.quad, one.read.vrm, one.read.lines}, reads);
  for (const PlateQuad& quad : reads.rejected)
    take({at, quad, {}, 1}, reads);
  while (!plates_.empty() && (at - plates_.front().at > plates_kept || plates_.size() > most_plates_kept))
    plates_.pop_front();
}

void AimGauge::take(const Plate& plate, const FrameReads& reads) {
  plates_.push_back(plate);
  if (plate.vrm.empty() || reads.frame_width == 0 || reads.frame_height == 0) return;
  const cv::Point2f middle = centre(plate.quad);
  const cv::Point2f there(middle.x / static_cast<float>(reads.frame_width),
                          middle.y / static_cast<float>(reads.frame_height));
  for (const AimLane& lane : options_.lanes) {
    std::vector<cv::Point2f> polygon;
    for (const auto& [x, y] : lane.polygon)
      polygon.emplace_back(static_cast<float>(x), static_cast<float>(y));
    const bool seen = std::find(lanes_seen_.begin(), lanes_seen_.end(), lane.number) != lanes_seen_.end();
    if (!seen && polygon.size() >= 3 && cv::pointPolygonTest(polygon, there, false) >= 0) {
      lanes_seen_.insert(std::upper_bound(lanes_seen_.begin(), lanes_seen_.end(), lane.number), lane.number);
    }
  }
}

void AimGauge::saw_light(double scene, std::span<const PlateBrightness> plates) {
  scene_ = scene;
  for (const PlateBrightness& plate : plates)
    brightness_.push_back(plate);
  while (brightness_.size() > brightness_kept)
    brightness_.pop_front();
}

void AimGauge::measure_plates(AimReport& report) const {
  // Each vehicle counts once, at its widest.
  std::vector<Vehicle> vehicles;
  std::vector<double> found;
  std::deque<const Plate*> posed;
  for (const Plate& plate : plates_) {
    found.push_back(width_px(plate.quad));
    if (plate.vrm.empty()) continue;
    posed.push_back(&plate);
    const auto known = std::find_if(vehicles.rbegin(), vehicles.rend(), [&](const Vehicle& vehicle) {
      return is_of(vehicle, plate.at, plate.quad, plate.vrm);
    });
    if (known == vehicles.rend()) {
      vehicles.push_back({{plate.vrm}, plate.at, plate.quad, plate.quad, plate.lines});
      continue;
    }
    known->vrms.insert(plate.vrm);
    known->at = plate.at;
    known->last = plate.quad;
    if (width_px(plate.quad) <= width_px(known->widest)) continue;
    known->widest = plate.quad;
    known->lines = plate.lines;
  }
  report.plates = vehicles.size();
  report.unread = vehicles.empty() && !found.empty();
  if (report.unread) {
    // Vehicles cannot be told apart: of all looks at them the upper quarter.
    const auto at = found.begin() + static_cast<std::ptrdiff_t>(found.size() * 3 / 4);
    std::nth_element(found.begin(), at, found.end());
    report.plate_width_px = *at;
    return;
  }
  std::vector<double> widths;
  std::vector<double> heights;
  for (const Vehicle& vehicle : vehicles) {
    widths.push_back(width_px(vehicle.widest));
    heights.push_back(aim::character_height_px(vehicle.widest, vehicle.lines));
  }
  if (widths.empty()) return;
  report.plate_width_px = median_of(std::move(widths));
  report.character_height_px = median_of(std::move(heights));
  report.tilt_deg = median_over(posed, [](const Plate* plate) { return aim::tilt_deg(plate->quad); });
  report.skew_deg = median_over(posed, [](const Plate* plate) { return aim::skew_deg(plate->quad); });
  for (auto plate = posed.rbegin(); plate != posed.rend(); ++plate) {
    if (std::find(report.reads.begin(), report.reads.end(), (*plate)->vrm) == report.reads.end())
      report.reads.push_back((*plate)->vrm);
  }
}

AimReport AimGauge::report(bool sees) const {
  AimReport out;
  out.sees = sees && !frames_.empty();
  out.wanted_width_px = options_.wanted_width_px;
  for (const AimLane& lane : options_.lanes)
    out.lanes.push_back(lane.number);
  out.lanes_seen = lanes_seen_;
  if (out.sees) {
    measure_plates(out);
    out.sharpness = sharpness_;
    out.best_sharpness = best_sharpness_;
    out.scene = scene_;
    out.plate_bright = median_over(brightness_, [](const PlateBrightness& one) { return one.bright; });
    out.plate_saturated = median_over(brightness_, [](const PlateBrightness& one) { return one.saturated; });
    out.exposure_us = last_.exposure_us;
    out.gain_db = last_.gain_db;
    const double span = std::chrono::duration<double>(frames_.back() - frames_.front()).count();
    if (span > 0) out.frames_per_s = static_cast<double>(frames_.size() - 1) / span;
    draw(out);
  }
  judge(out);
  return out;
}

void AimGauge::draw(AimReport& report) const {
  if (picture_.empty()) return;
  constexpr std::string_view shades = " .,:;ox%#@";
  double least = 0;
  double most = 0;
  cv::minMaxLoc(picture_, &least, &most);
  const double span = std::max(most - least, 16.0);  // noise is no picture
  for (int y = 0; y < picture_.rows; ++y) {
    std::string line;
    for (int x = 0; x < picture_.cols; ++x) {
      const double share = (picture_.at<std::uint8_t>(y, x) - least) / span;
      line +=
          shades[static_cast<std::size_t>(std::clamp(std::floor(share * static_cast<double>(shades.size())),
                                                     0.0, static_cast<double>(shades.size() - 1)))];
    }
    report.picture.push_back(std::move(line));
  }
  for (const Plate& plate : plates_) {
    if (last_.monotonic - plate.at > boxes_shown) continue;
    const cv::Rect2f box = bounding_box(plate.quad);
    const auto column = [&](float x) {
      return std::clamp(static_cast<int>(x * AimReport::picture_width / static_cast<float>(size_.width)), 0,
                        AimReport::picture_width - 1);
    };
    const int row = std::clamp(
        static_cast<int>(centre(plate.quad).y * AimReport::picture_height / static_cast<float>(size_.height)),
        0, AimReport::picture_height - 1);
    const int left = column(box.x);
    const int right = std::max(column(box.x + box.width), std::min(left + 1, AimReport::picture_width - 1));
    std::string& line = report.picture[static_cast<std::size_t>(row)];
    for (int x = left; x <= right; ++x)
      line[static_cast<std::size_t>(x)] = plate.vrm.empty() ? '-' : '=';
    line[static_cast<std::size_t>(left)] = plate.vrm.empty() ? '(' : '[';
    line[static_cast<std::size_t>(right)] = plate.vrm.empty() ? ')' : ']';
  }
}

}  // namespace wayside
