// How large a picture file says it is, told before a decoder makes room for it.
//
// Threads: pure. The headers are read as the formats define them: JPEG (ITU-T T.81, B.2.2), PNG (ISO/IEC
// 15948, 11.2.2), BMP (BITMAPCOREHEADER and the BITMAPINFOHEADER that all later ones begin with), TIFF 6.0
// (first directory), WebP (RFC 9649, 2.5 to 2.7) and the PBM, PGM and PPM of Netpbm. Failure: nothing, where
// the bytes are none of these or end before the size is told.
#pragma once

#include <cstdint>
#include <optional>

#include "wayside/base/bytes.hpp"

namespace wayside::replay {

struct PictureSize {
  std::uint64_t width = 0;  // px, before any turning that EXIF data asks for
  std::uint64_t height = 0;
  [[nodiscard]] std::uint64_t pixels() const { return width * height; }  // both are below 2^32
};

[[nodiscard]] std::optional<PictureSize> promised_size(ByteView file);

}  // namespace wayside::replay
