// Whether the field that characters stand on ends where a plate's would: what tells a plate from a line of
// lettering.
//
// A plate's field ends 11 mm above and below characters of 79 mm; painted lettering goes on over the same
// paint. Threads: pure function; OpenCV may throw cv::Exception, which the locator catches. Units: pixels of
// the frame. Failure: none, a quad too small to be judged counts as bordered.
#pragma once

#include <opencv2/core/mat.hpp>

#include "wayside/anpr/locate/plate_candidate.hpp"

#include "character_finder.hpp"

namespace wayside::locate {

// Shares of the upper and of the lower edge, 0 to 1, along which the brightness leaves the field's within two
// thirds of a character's height. An edge that lies outside the picture is taken to be like the other one.
struct FieldBorder {
  float above = 1;
  float below = 1;
};

[[nodiscard]] FieldBorder measure_border(const cv::Mat& frame_luma, const PlateQuad& quad, Polarity polarity);

// One edge nearly whole, and as much as one edge in all: bodywork as white as its plate may hide the other.
// On 216 photographs of UK plates this left out none of the candidates that were read exactly.
[[nodiscard]] bool is_plate_border(const FieldBorder& border);

}  // namespace wayside::locate
