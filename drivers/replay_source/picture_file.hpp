// Picture files: which they are, in which order, and their pixels.
//
// Threads: any. Failure: not_found, io, corrupt (empty, cut short, no picture) or invalid_input (too large),
// and the message names the file.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "wayside/base/result.hpp"

namespace wayside::replay {

// By its ending, in either case: jpg, jpeg, png, bmp, tif, tiff, webp, pgm, ppm, pbm.
[[nodiscard]] bool is_picture_name(const std::filesystem::path& path);

// "frame2" before "frame10": runs of digits are compared by value, the rest byte by byte.
[[nodiscard]] bool in_natural_order(std::string_view a, std::string_view b);

// The folder's own pictures (not those of folders in it), in natural order. Fails where there are none.
[[nodiscard]] Result<std::vector<std::filesystem::path>> pictures_in(const std::filesystem::path& folder);

// 8 bits in 1 or 3 (BGR) channels, turned upright as its EXIF data says; deeper pictures are reduced,
// transparency is dropped. What is inside counts, not the ending. Above 100 million pixels, by its header, a
// picture is refused before it is decoded.
[[nodiscard]] Result<cv::Mat> read_picture(const std::filesystem::path& path);

}  // namespace wayside::replay
