// How a plate lies in the picture, from its corners.
//
// Threads: pure. Units: pixels and degrees, clockwise positive as the picture is looked at. Failure: 0 for
// corners that span nothing.
#pragma once

#include "wayside/anpr/locate/plate_candidate.hpp"

namespace wayside::aim {

[[nodiscard]] double tilt_deg(const PlateQuad& quad);
[[nodiscard]] double skew_deg(const PlateQuad& quad);
// Of a current plate of one or two lines.
[[nodiscard]] double character_height_px(const PlateQuad& quad, int lines);

}  // namespace wayside::aim
