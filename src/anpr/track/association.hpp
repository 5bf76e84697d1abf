// Which read of a frame belongs to which open track.
//
// Threads: pure functions. Gates scale with the plate's width, so that near and far lanes are treated alike;
// the text helps where places are ambiguous (bumper to bumper, overtaking, crossing).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "src/anpr/track/plate_track.hpp"

namespace wayside {

struct UniqueRead {
  const EvidencedRead* read = nullptr;
  std::uint32_t duplicates = 0;  // further reads of the same plate in this frame
};

// Reads that can be used (a text, finite numbers), one for each plate, best first, in an order that does not
// depend on the order they came in. unusable counts the others.
[[nodiscard]] std::vector<UniqueRead> unique_reads(const FrameReads& frame, std::uint64_t& unusable);

// For each read the index of its track, or nothing: a new vehicle. No track gets two reads.
[[nodiscard]] std::vector<std::optional<std::size_t>> assign(const std::vector<UniqueRead>& reads,
                                                             const FrameInfo& frame,
                                                             const std::vector<PlateTrack>& tracks);

}  // namespace wayside
