// The vote of one vehicle's reads on its VRM; pass_tracker.hpp says how a confidence comes about.
//
// Threads: one. Memory: bounded, see the limits in the source.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "wayside/anpr/track/vehicle_pass.hpp"

#include "src/anpr/track/image_motion.hpp"

namespace wayside {

struct VoteOutcome {
  std::string vrm;  // empty where nobody voted
  float confidence = 0;
  std::vector<float> character_confidences;
  std::vector<VrmAlternative> alternatives;
};

class VrmVote {
 public:
  // where says which look the read belongs to: reads of one place and size are one look.
  void add(const PlateRead& read, const Sighting& where);

  // One of eligible (not empty) wins; alternatives may be anything that was named.
  [[nodiscard]] VoteOutcome outcome(const std::vector<std::string>& eligible) const;

 private:
  using Masses = std::map<std::string, double, std::less<>>;
  struct Look {
    Sighting anchor;
    Masses mass;  // summed over its reads
    double reads = 0;
  };
  Look& look_at(const Sighting& where);
  [[nodiscard]] Masses posterior(
      const std::vector<std::string>& eligible) const;  // under "" what nobody named

  std::vector<Look> looks_;
};

}  // namespace wayside
