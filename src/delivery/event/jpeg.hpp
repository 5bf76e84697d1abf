// BGR pictures as JPEG, one of them squeezed below a limit.
//
// Threads: pure. Shapes: CV_8UC3, any stride, 1 to 16384 px on a side. Always 4:2:0 and the exact integer
// transform, so that equal pictures give equal bytes. Failure: invalid_input for any other picture; the
// message does not name the picture, the caller adds it by .context().
#pragma once

#include <cstddef>

#include <opencv2/core/mat.hpp>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"

namespace wayside {

struct Jpeg {
  Bytes bytes;
  int width = 0;
  int height = 0;
};

// Made smaller first, aspect kept, where it is larger than max_width x max_height.
[[nodiscard]] Result<Jpeg> encode_within_size(const cv::Mat& bgr, int max_width, int max_height, int quality);

// The best quality from 85 down to 30 that fits max_bytes; where 30 does not, the same with a smaller
// picture. max_bytes must leave room for a picture of a few pixels (1,000 bytes do).
[[nodiscard]] Result<Jpeg> encode_within_bytes(const cv::Mat& bgr, std::size_t max_bytes);

}  // namespace wayside
