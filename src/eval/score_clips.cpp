#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "wayside/eval/clips.hpp"
#include "wayside/eval/statistics.hpp"

namespace wayside::eval {

namespace {

std::vector<Sighting> sightings_of(const ClipRun& run) {
  std::vector<Sighting> sightings;
  for (const ClipPass& pass : run.passes)
    sightings.push_back(pass.sighting);
  return sightings;
}

class Grouped {
 public:
  void add(const std::string& group, const SightingScore& score) {
    for (ClipGroup* into : {&all_, &groups_.try_emplace(group, ClipGroup{group, 0, {}}).first->second}) {
      ++into->clips;
      into->score += score;
    }
  }
  [[nodiscard]] std::vector<ClipGroup> list() const {
    std::vector<ClipGroup> out = {all_};
    for (const auto& [name, group] : groups_)
      out.push_back(group);
    return out;
  }

 private:
  ClipGroup all_{"all", 0, {}};
  std::map<std::string, ClipGroup> groups_;
};

void add_effort(ClipScore& score, const ClipRun& run) {
  score.frames += run.frames;
  score.cpu_s += run.cpu_s;
}

}  // namespace

ClipScore score_clips(const std::vector<ClipRun>& runs, const std::vector<ClipLabel>& labels) {
  ClipScore score;
  Grouped groups;
  std::map<std::string, const ClipLabel*> label_of;
  for (const ClipLabel& label : labels)
    label_of[label.file] = &label;
  for (const ClipRun& run : runs) {
    add_effort(score, run);
    const auto found = label_of.find(run.file);
    if (found == label_of.end()) {
      score.unlabelled.push_back(run.file);
      continue;
    }
    const ClipLabel& label = *found->second;
    groups.add(label.country.empty() ? "no country" : label.country,
               score_by_vrm(sightings_of(run), label.vrms));
    label_of.erase(found);
  }
  for (const auto& [file, label] : label_of)
    score.missing.push_back(file);
  score.groups = groups.list();
  return score;
}

ClipScore score_clips(const std::vector<ClipRun>& runs, const std::map<std::string, SceneTruth>& truths) {
  ClipScore score;
  Grouped groups;
  for (const ClipRun& run : runs) {
    add_effort(score, run);
    const auto found = truths.find(run.file);
    if (found == truths.end()) {
      score.unlabelled.push_back(run.file);
    } else {
      groups.add(run.file, score_by_place(sightings_of(run), found->second));
    }
  }
  score.groups = groups.list();
  return score;
}

std::string table(const ClipScore& score) {
  std::string out = fmt::format("{:<28} {:>5} {:>8}  {:<24} {:<24} {:>5} {:>10}\n", "clips", "n", "vehicles",
                                "captured (95 % Wilson)", "exact", "false", "duplicates");
  for (const ClipGroup& group : score.groups) {
    const SightingScore& s = group.score;
    out += fmt::format("{:<28} {:>5} {:>8}  {:<24} {:<24} {:>5} {:>10}\n", group.name, group.clips,
                       s.vehicles, share_text(s.captured, s.vehicles), share_text(s.exact, s.vehicles),
                       s.false_sightings, s.duplicates);
  }
  const SightingScore& all = score.groups.front().score;
  if (all.illegible_vehicles > 0) {
    out += fmt::format("not counted: {} vehicles that nobody could read, and {} passes of them\n",
                       all.illegible_vehicles, all.of_illegible);
  }
  if (!score.unlabelled.empty()) {
    out += fmt::format("not counted: {} clips without label line or ground truth\n", score.unlabelled.size());
  }
  out += fmt::format(
      "{} frames in {:.2f} CPU seconds, one thread, decoding excluded: {}\n", score.frames, score.cpu_s,
      score.cpu_s > 0
          ? fmt::format("{:.1f} frames per CPU second", static_cast<double>(score.frames) / score.cpu_s)
          : "too short to tell");
  return out;
}

}  // namespace wayside::eval
