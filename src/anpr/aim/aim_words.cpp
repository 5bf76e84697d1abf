// What the figures mean, and the page that shows them.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "wayside/anpr/aim/aim_gauge.hpp"

namespace wayside {

namespace {

// A plate that much wider than wanted costs road that could be seen.
constexpr double wasteful = 2;
// Of the best that was seen since the installer began: the ring was turned past it.
constexpr double past_focus = 0.85;
// An edge that is eight pixels wide and wider: of characters 20 px high, strokes of 3.5 px, little is left.
constexpr double soft = 0.125;
constexpr double dark_plate = 70;
// Plates lie a few degrees askew on vehicles and in perspective; beyond that it is the camera.
constexpr double most_tilt_deg = 8;
constexpr double most_skew_deg = 25;

constexpr std::size_t most_text_bytes = 960;
constexpr std::size_t most_line = 69;
constexpr std::size_t most_verdicts_shown = 2;

std::string width_verdict(const AimReport& report, const AimOptions& limits) {
  const double width = std::round(*report.plate_width_px);
  const std::string plates = fmt::format("plates {:.0f} px wide", width);
  if (width < limits.least_width_px)
    return fmt::format("{}: move closer or lengthen the lens; {:.0f} wanted", plates, limits.wanted_width_px);
  if (width < limits.wanted_width_px)
    return fmt::format("{}: enough to read; {:.0f} wanted", plates, limits.wanted_width_px);
  // Wider than is searched for are not found: those that are come close to it.
  if (width > limits.wanted_width_px * wasteful || width > limits.widest_px * 0.9)
    return fmt::format("{}: a shorter lens covers more road; {:.0f} wanted", plates, limits.wanted_width_px);
  return {};
}

std::string light_verdict(const AimReport& report) {
  if (report.plate_saturated && *report.plate_saturated >= saturated_share)
    return fmt::format("plates washed out, {:.0f} % of them white: less light, gain or exposure",
                       100 * *report.plate_saturated);
  if (report.plate_bright && *report.plate_bright < dark_plate)
    return fmt::format("plates dark, {:.0f} of 255: more light, gain or exposure", *report.plate_bright);
  return {};
}

std::string pose_verdict(const AimReport& report) {
  if (report.tilt_deg && std::abs(*report.tilt_deg) > most_tilt_deg)
    return fmt::format("plates lie {:.0f} degrees {}: turn the camera about its lens {}",
                       std::abs(*report.tilt_deg), *report.tilt_deg > 0 ? "clockwise" : "anticlockwise",
                       *report.tilt_deg > 0 ? "clockwise" : "anticlockwise");
  if (report.skew_deg && std::abs(*report.skew_deg) > most_skew_deg)
    return fmt::format("plates skewed {:.0f} degrees: stand more in line with the lane",
                       std::abs(*report.skew_deg));
  return {};
}

std::string sharpness_verdict(const AimReport& report) {
  if (!report.sharpness) return {};
  if (*report.sharpness < soft)
    return fmt::format("the picture is soft, {:.2f}: turn the focus until it stops rising",
                       *report.sharpness);
  if (*report.sharpness < past_focus * report.best_sharpness.value_or(0))
    return fmt::format("sharpness {:.2f} was {:.2f} before: turn the focus back", *report.sharpness,
                       *report.best_sharpness);
  return {};
}

std::string lanes_verdict(const AimReport& report) {
  std::vector<int> unseen;
  std::set_difference(report.lanes.begin(), report.lanes.end(), report.lanes_seen.begin(),
                      report.lanes_seen.end(), std::back_inserter(unseen));
  if (unseen.empty()) return {};
  return fmt::format("no plate yet in lane {}", fmt::join(unseen, ", "));
}

std::string figure(const std::optional<double>& value, int decimals) {
  return value ? fmt::format("{:.{}f}", *value, decimals) : "-";
}

void add_line(std::string& text, std::string line) {
  if (line.size() > most_line) line.resize(most_line);
  text += line + '\n';
}

}  // namespace

void AimGauge::judge(AimReport& report) const {
  const auto say = [&](std::string verdict) {
    if (!verdict.empty()) report.verdicts.push_back(std::move(verdict));
  };
  std::sort(report.lanes.begin(), report.lanes.end());
  if (!report.sees) {
    say("no picture comes from the camera");
    return;
  }
  if (!report.plate_width_px) {
    say("no plate in the last 10 s: wait for traffic, or turn to the road");
    say(sharpness_verdict(report));
    return;
  }
  say(width_verdict(report, options_));
  say(sharpness_verdict(report));
  if (report.unread) say("plates found, and none of them read");
  say(light_verdict(report));
  say(pose_verdict(report));
  say(lanes_verdict(report));
  if (report.verdicts.empty())
    say(fmt::format("good: plates {:.0f} px wide", std::round(*report.plate_width_px)));
}

std::string text_of(const AimReport& report, bool with_reads) {
  std::string text;
  for (const std::string& line : report.picture)
    text += line.substr(0, AimReport::picture_width) + '\n';
  add_line(text, fmt::format("plates {} px wide, {:.0f} wanted, characters {} px, {} in 10 s",
                             figure(report.plate_width_px, 0), report.wanted_width_px,
                             figure(report.character_height_px, 0), report.plates));
  std::string light =
      fmt::format("sharpness {} best {}, scene {}, plates {}", figure(report.sharpness, 2),
                  figure(report.best_sharpness, 2), figure(report.scene, 0), figure(report.plate_bright, 0));
  if (report.plate_saturated) light += fmt::format(", {:.0f} % white", 100 * *report.plate_saturated);
  add_line(text, std::move(light));
  add_line(text, fmt::format("{} us, {} dB, tilt {} skew {} deg, {:.1f} frames/s",
                             report.exposure_us ? fmt::format("{}", *report.exposure_us) : "-",
                             figure(report.gain_db, 1), figure(report.tilt_deg, 0),
                             figure(report.skew_deg, 0), report.frames_per_s));
  if (!report.lanes.empty()) {
    add_line(text, fmt::format(
                       "lanes {} of {}",
                       report.lanes_seen.empty() ? "-" : fmt::format("{}", fmt::join(report.lanes_seen, " ")),
                       fmt::join(report.lanes, " ")));
  }
  for (std::size_t i = 0; i < report.verdicts.size() && i < most_verdicts_shown; ++i)
    add_line(text, "> " + report.verdicts[i]);
  if (with_reads && !report.reads.empty()) {
    std::string line = fmt::format("reads {}", fmt::join(report.reads, " "));
    const std::size_t room =
        std::min(most_text_bytes - std::min(most_text_bytes, text.size() + 1), most_line);
    if (line.size() > room) line.resize(std::min(line.size(), line.rfind(' ', room)));
    if (line.size() <= room) add_line(text, std::move(line));
  }
  return text;
}

}  // namespace wayside
