// Finds plates in a frame.
//
// Threads: one locator a thread; locate() keeps state between the frames of one source (what moves, which
// plates are in view), so frames come in order and forget() stands between two sources. Failure: a picture
// without plates, or not like a road at all, gives no candidates, and locate() never throws. Only making a
// locator can fail: a model that is missing or damaged, named with the remedy.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "wayside/anpr/locate/plate_candidate.hpp"
#include "wayside/anpr/model/model_store.hpp"
#include "wayside/base/result.hpp"

namespace wayside {

class PlateLocator {
 public:
  virtual ~PlateLocator() = default;
  [[nodiscard]] virtual std::vector<PlateCandidate> locate(const Frame& frame) = 0;
  // The next frame is of another source.
  virtual void forget() = 0;

  // What was done with the frames so far: what the motion gate leaves out is counted, never silent.
  struct Counts {
    std::uint64_t frames_searched = 0;     // the localiser looked at the whole frame, or at what moved in it
    std::uint64_t frames_followed = 0;     // only plates already known were looked at
    std::uint64_t frames_still = 0;        // nothing had moved: not looked at
    std::uint64_t candidates_refused = 0;  // found by the localiser, but no plate at a closer look
  };
  [[nodiscard]] virtual Counts counts() const = 0;
};

struct LocatorOptions {
  float min_plate_width_px =
      60;  // narrower plates are not looked for: the narrower, the longer a search takes
  float max_plate_width_px = 600;
  std::size_t max_candidates = 12;  // per frame, best first
};

// Two small networks: one finds plates in a reduced frame, one looks closely at each find (models/README.md).
// Between the searches only what moves is looked at, and plates are followed by the second network alone.
[[nodiscard]] Result<std::unique_ptr<PlateLocator>> make_network_locator(const LocatorOptions& options,
                                                                         const ModelStore& models);

}  // namespace wayside
