#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "wayside/eval/images.hpp"
#include "wayside/eval/statistics.hpp"

#include "src/eval/overlap.hpp"

namespace wayside::eval {

namespace {

void count(PictureGroup& group, const PlateLabel& label, const ReportedPlate* plate) {
  ++group.labels;
  if (plate == nullptr) return;
  ++group.captured;
  if (normal_text(plate->vrm) == label.text) ++group.exact;
  if (folded_text(plate->vrm) == folded_text(label.text)) ++group.exact_folded;
}

// Pairs reports and labels one to one (Kuhn's augmenting paths). Who comes first keeps some label, so that
// the more confident reports are those that capture.
class Pairing {
 public:
  Pairing(const PictureReads& reads, const std::vector<const PlateLabel*>& labels)
      : labels_(labels), taken_(labels.size(), nullptr) {
    std::vector<const ReportedPlate*> by_confidence;
    for (const ReportedPlate& plate : reads.plates)
      by_confidence.push_back(&plate);
    std::stable_sort(by_confidence.begin(), by_confidence.end(),
                     [](const auto* a, const auto* b) { return a->confidence > b->confidence; });
    for (const ReportedPlate* plate : by_confidence) {
      std::vector<bool> tried(labels.size(), false);
      static_cast<void>(find_label_for(*plate, tried));
    }
  }
  [[nodiscard]] std::vector<const ReportedPlate*> captors() && { return std::move(taken_); }

 private:
  // Where labels lie close together the one that the report covers best.
  [[nodiscard]] std::vector<std::size_t> places_of(const ReportedPlate& plate) const {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      if (same_place(plate.box, labels_[i]->box)) places.push_back(i);
    }
    std::stable_sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
      return common_share(plate.box, labels_[a]->box) > common_share(plate.box, labels_[b]->box);
    });
    return places;
  }

  bool find_label_for(const ReportedPlate& plate, std::vector<bool>& tried) {
    const std::vector<std::size_t> places = places_of(plate);
    for (const std::size_t place : places) {
      if (taken_[place] != nullptr) continue;
      taken_[place] = &plate;
      return true;
    }
    // None is free: somebody surer may be as well off elsewhere.
    for (const std::size_t place : places) {
      if (tried[place]) continue;
      tried[place] = true;
      if (!find_label_for(*taken_[place], tried)) continue;
      taken_[place] = &plate;
      return true;
    }
    return false;
  }

  const std::vector<const PlateLabel*>& labels_;
  std::vector<const ReportedPlate*> taken_;  // by label
};

std::string per_picture(std::size_t reads, std::size_t pictures) {
  if (pictures == 0) return "-";
  return fmt::format("{:.3f}", static_cast<double>(reads) / static_cast<double>(pictures));
}

}  // namespace

std::vector<const ReportedPlate*> captured_plates(const PictureReads& reads,
                                                  const std::vector<const PlateLabel*>& labels) {
  return Pairing(reads, labels).captors();
}

std::vector<const PlateLabel*> labels_outside(const std::vector<PlateLabel>& labels,
                                              const std::map<std::string, cv::Size>& sizes) {
  constexpr double rounding_px = 1;
  std::vector<const PlateLabel*> outside;
  for (const PlateLabel& label : labels) {
    const auto found = sizes.find(label.file);
    if (found == sizes.end()) continue;
    const cv::Rect2d& box = label.box;
    if (box.x < -rounding_px || box.y < -rounding_px ||
        box.x + box.width > found->second.width + rounding_px ||
        box.y + box.height > found->second.height + rounding_px)
      outside.push_back(&label);
  }
  return outside;
}

PictureScore score_pictures(const std::vector<PictureReads>& reads, const std::vector<PlateLabel>& labels) {
  std::map<std::string, std::vector<const PlateLabel*>> labels_of;
  for (const PlateLabel& label : labels)
    labels_of[label.file].push_back(&label);

  PictureScore score;
  PictureGroup all{"all", 0, 0, 0, 0};
  PictureGroup core{"core", 0, 0, 0, 0};
  std::map<std::string, PictureGroup> by_tag;
  for (const PictureReads& picture : reads) {
    score.cpu_ms.push_back(picture.cpu_ms);
    const auto found = labels_of.find(picture.file);
    if (found == labels_of.end()) {
      ++score.unlabelled_pictures;
      score.false_reads += picture.plates.size();
      score.pictures_with_false += picture.plates.empty() ? 0U : 1U;
      for (const ReportedPlate& plate : picture.plates)
        score.judged.push_back({plate.confidence, false});
      continue;
    }
    ++score.labelled_pictures;
    score.other_reads += picture.plates.size();
    const std::vector<const ReportedPlate*> captors = captured_plates(picture, found->second);
    for (std::size_t i = 0; i < captors.size(); ++i) {
      const PlateLabel* label = found->second[i];
      const ReportedPlate* plate = captors[i];
      if (plate != nullptr) --score.other_reads;
      count(all, *label, plate);
      if (plate != nullptr)
        score.judged.push_back({plate->confidence, normal_text(plate->vrm) == label->text});
      if (label->core()) count(core, *label, plate);
      for (const std::string& tag : std::set<std::string>(label->tags.begin(), label->tags.end())) {
        count(by_tag.try_emplace(tag, PictureGroup{tag, 0, 0, 0, 0}).first->second, *label, plate);
      }
    }
    labels_of.erase(found);
  }
  score.groups = {all, core};
  for (const auto& [tag, group] : by_tag)
    score.groups.push_back(group);
  for (const auto& [file, lost] : labels_of) {
    score.missing.push_back(file);
    score.missing_labels += lost.size();
  }
  return score;
}

std::string table(const PictureScore& score) {
  std::string out = fmt::format("{:<18} {:>5}  {:<24} {:<24} {:<24}\n", "plates", "n",
                                "captured (95 % Wilson)", "exact", "exact, 0/O and 1/I folded");
  for (const PictureGroup& group : score.groups) {
    out += fmt::format("{:<18} {:>5}  {:<24} {:<24} {:<24}\n", group.name, group.labels,
                       share_text(group.captured, group.labels), share_text(group.exact, group.labels),
                       share_text(group.exact_folded, group.labels));
  }
  out += fmt::format(
      "false reads: {} in {} pictures without labels, {} a picture; {} of those pictures have one: {}\n",
      score.false_reads, score.unlabelled_pictures, per_picture(score.false_reads, score.unlabelled_pictures),
      score.pictures_with_false, share_text(score.pictures_with_false, score.unlabelled_pictures));
  out += fmt::format(
      "other reads: {} in {} pictures with labels, {} a picture (plates nobody labelled, reported twice, or "
      "false)\n",
      score.other_reads, score.labelled_pictures, per_picture(score.other_reads, score.labelled_pictures));
  out += table(reliability_of(score.judged));
  if (score.missing_labels > 0) {
    out += fmt::format("not counted: {} labels on {} files that were not read\n", score.missing_labels,
                       score.missing.size());
  }
  out += fmt::format(
      "CPU a picture, one thread, decoding excluded: mean {:.1f} ms, median {:.1f} ms, p95 {:.1f} ms\n",
      mean(score.cpu_ms), percentile(score.cpu_ms, 0.5), percentile(score.cpu_ms, 0.95));
  return out;
}

}  // namespace wayside::eval
