#include "src/anpr/track/vrm_vote.hpp"

#include <algorithm>
#include <cmath>

namespace wayside {

namespace {

constexpr float same_look_widths = 0.25F;  // moved less than this, and
constexpr float same_look_growth = 0.15F;  // grown less than this (logarithm): the same look
constexpr std::size_t most_looks = 32;
constexpr std::size_t most_names = 12;  // in one look; the rest counts as unnamed
constexpr std::size_t most_alternatives = 4;
constexpr double least_alternative = 0.0005;
constexpr double correlation = 0.3;         // between looks
constexpr double same_unnamed_again = 0.5;  // see the header: halves with every further look
constexpr double unnamed_weight =
    0.3;  // what no character guess accounts for, beside the guesses' probabilities
constexpr double outlier =
    0.02;  // that a look says nothing: one sure misread must not veto what the others agree on
constexpr double highest = 0.999;
constexpr double least_mass = 1e-9;  // keeps logarithms finite
const std::string unnamed;

// The read's own text and what one other character would make of it.
std::map<std::string, double, std::less<>> names_of(const PlateRead& read) {
  const double own = std::clamp(static_cast<double>(read.confidence), 1 - highest, highest);
  std::map<std::string, double, std::less<>> names;
  double total = unnamed_weight;
  for (std::size_t k = 0; k < read.positions.size() && k < read.vrm.size(); ++k) {
    for (const CharacterGuess& guess : read.positions[k]) {
      if (guess.character == read.vrm[k] || !(guess.probability > 0)) continue;
      std::string other = read.vrm;
      other[k] = guess.character;
      names[other] += static_cast<double>(guess.probability);
      total += static_cast<double>(guess.probability);
    }
  }
  for (auto& [name, mass] : names)
    mass *= (1 - own) / total;
  names[read.vrm] = own;
  return names;
}

template <class Map>
void keep_heaviest(Map& masses, std::size_t count) {
  while (masses.size() > count) {
    masses.erase(std::min_element(masses.begin(), masses.end(),
                                  [](const auto& a, const auto& b) { return a.second < b.second; }));
  }
}

bool is_same_look(const Sighting& a, const Sighting& b) {
  return distance(a.centre, b.centre) < same_look_widths * a.width &&
         std::abs(std::log(b.width / a.width)) < same_look_growth;
}

}  // namespace

VrmVote::Look& VrmVote::look_at(const Sighting& where) {
  for (Look& look : looks_) {
    if (is_same_look(look.anchor, where)) return look;
  }
  if (looks_.size() == most_looks) {
    for (std::size_t i = 0; i < most_looks; i += 2) {
      Look merged = std::move(looks_[i]);
      for (const auto& [name, mass] : looks_[i + 1].mass)
        merged.mass[name] += mass;
      merged.reads += looks_[i + 1].reads;
      keep_heaviest(merged.mass, most_names);
      looks_[i / 2] = std::move(merged);
    }
    looks_.resize(most_looks / 2);
  }
  looks_.push_back({where, {}, 0});
  return looks_.back();
}

void VrmVote::add(const PlateRead& read, const Sighting& where) {
  Look& look = look_at(where);
  for (const auto& [name, mass] : names_of(read))
    look.mass[name] += mass;
  look.reads += 1;
  // Twice as many while it grows, so that a late favourite has time to add up.
  if (look.mass.size() > 4 * most_names) keep_heaviest(look.mass, 2 * most_names);
}

VrmVote::Masses VrmVote::posterior(const std::vector<std::string>& eligible) const {
  Masses logs;
  for (const std::string& name : eligible)
    logs[name] = 0;
  logs[unnamed] = 0;
  for (const Look& look : looks_) {
    for (const auto& named : look.mass)
      logs[named.first] = 0;
  }
  const auto n = static_cast<double>(looks_.size());
  const double doubt = outlier * (n - 1) / n;  // a lone look has nothing to be doubted against
  for (const Look& look : looks_) {
    double left_over = 1;
    for (const auto& [name, mass] : look.mass)
      left_over -= mass / look.reads;
    left_over = std::max(left_over, 1 - highest);
    for (auto& [name, log] : logs) {
      const auto found = look.mass.find(name);
      const double named = found == look.mass.end() ? 0 : found->second / look.reads;
      log += std::log((name == unnamed ? left_over : named) + doubt + least_mass);
    }
  }
  logs[unnamed] += (n - 1) * std::log(same_unnamed_again);
  const double weight_of_one = 1 / (1 + correlation * (n - 1));
  double best = logs[unnamed];
  for (const auto& [name, log] : logs)
    best = std::max(best, log);
  double total = 0;
  for (auto& [name, log] : logs)
    total += log = std::exp((log - best) * weight_of_one);
  for (auto& [name, share] : logs)
    share /= total;
  return logs;
}

VoteOutcome VrmVote::outcome(const std::vector<std::string>& eligible) const {
  VoteOutcome outcome;
  if (looks_.empty()) return outcome;
  const Masses shares = posterior(eligible);
  double won = -1;
  for (const auto& [name, share] : shares) {
    if (share > won && std::find(eligible.begin(), eligible.end(), name) != eligible.end()) {
      outcome.vrm = name;
      won = share;
    }
  }
  if (outcome.vrm.empty()) return outcome;
  outcome.confidence = static_cast<float>(std::min(won, highest));

  // What nobody named is wrong in one character, anywhere, at the least.
  const std::size_t length = outcome.vrm.size();
  const double unnamed_agreeing =
      shares.at(unnamed) * static_cast<double>(length - 1) / static_cast<double>(length);
  for (std::size_t k = 0; k < length; ++k) {
    double agreeing = unnamed_agreeing;
    for (const auto& [name, share] : shares) {
      if (name.size() == length && name[k] == outcome.vrm[k]) agreeing += share;
    }
    outcome.character_confidences.push_back(static_cast<float>(std::min(agreeing, highest)));
  }

  for (const auto& [name, share] : shares) {
    if (name != unnamed && name != outcome.vrm && share >= least_alternative) {
      outcome.alternatives.push_back({name, static_cast<float>(share)});
    }
  }
  std::stable_sort(
      outcome.alternatives.begin(), outcome.alternatives.end(),
      [](const VrmAlternative& a, const VrmAlternative& b) { return a.confidence > b.confidence; });
  if (outcome.alternatives.size() > most_alternatives) outcome.alternatives.resize(most_alternatives);
  return outcome;
}

}  // namespace wayside
