// Takes from a picture what shows who sits in a vehicle.
//
// The rule goes by the plate, the one part of a vehicle that is known: what lies above it is blurred from
// half a plate's width above its upper edge to seven widths above (where a lorry's windscreen ends), two and
// a half widths to either side of its middle (a plate is 520 mm wide, a lorry 2.55 m). Within, one value is
// kept for each square of a quarter of a plate's width, 13 cm: a head is one or two of them, and what a body
// is, its colour and its outline, stays. A vehicle whose plate was not found is left as it is.
//
// Threads: pure. Units: pixels. Failure: none; what lies outside the picture is left out.
#pragma once

#include <span>

#include <opencv2/core/mat.hpp>

#include "wayside/anpr/locate/plate_candidate.hpp"

namespace wayside {

// In the picture, upright; may reach beyond it.
[[nodiscard]] cv::Rect2f occupants_above(const PlateQuad& plate);

// picture: CV_8U, any channels, `scale` times as large as what the plates were found in.
void blur_occupants(cv::Mat& picture, std::span<const PlateQuad> plates, double scale);

}  // namespace wayside
