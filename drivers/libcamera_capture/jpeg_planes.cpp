#include "drivers/libcamera_capture/jpeg_planes.hpp"

#include <array>
#include <cassert>
#include <stdexcept>

#include <turbojpeg.h>

namespace wayside::libcamera_capture {

using capture_link::Chroma;
using capture_link::Picture;
using capture_link::Plane;
using capture_link::SkipReason;

namespace {

// The largest block that planes are rounded up to: 4 x 1 samples of chroma (TJSAMP_411) by 8 pixels each.
constexpr std::uint32_t block_px = 32;

std::uint32_t rounded_up(std::uint32_t side) {
  return (side + block_px - 1) / block_px * block_px;
}

}  // namespace

std::uint64_t planes_bytes(std::uint32_t width, std::uint32_t height) {
  return std::uint64_t{3} * rounded_up(width) * rounded_up(height);
}

void JpegPlanes::Close::operator()(void* handle) const {
  tjDestroy(handle);
}

JpegPlanes::Handle JpegPlanes::new_decoder() {
  Handle handle(tjInitDecompress());
  if (!handle) throw std::runtime_error("no memory for the JPEG decoder");
  return handle;
}

JpegPlanes::JpegPlanes() : handle_(new_decoder()) {}

tl::expected<Picture, SkipReason> JpegPlanes::decode(ByteView jpeg, std::uint32_t width, std::uint32_t height,
                                                     std::span<std::uint8_t> slot) {
  assert(slot.size() >= planes_bytes(width, height));
  // libjpeg-turbo 2.1.5 refuses the next, whole picture after one whose header it stopped in.
  const auto anew = [this](SkipReason why) {
    handle_ = new_decoder();
    return tl::unexpected(why);
  };
  int found_width = 0, found_height = 0, sampling = 0, colours = 0;
  if (jpeg.empty() ||
      tjDecompressHeader3(handle_.get(), jpeg.data(), jpeg.size(), &found_width, &found_height, &sampling,
                          &colours) != 0 ||
      (colours != TJCS_YCbCr && colours != TJCS_GRAY) || sampling < 0 || sampling >= TJ_NUMSAMP) {
    return anew(SkipReason::damaged);
  }
  if (found_width != static_cast<int>(width) || found_height != static_cast<int>(height))
    return anew(SkipReason::wrong_size);
  Picture picture;
  picture.width = width;
  picture.height = height;
  std::array<unsigned char*, 3> planes{};
  std::array<int, 3> strides{};
  std::array<Plane, 3> where{};
  std::uint32_t offset = 0;
  const int count = sampling == TJSAMP_GRAY ? 1 : 3;
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    strides[at] = tjPlaneWidth(i, found_width, sampling);
    const int rows = tjPlaneHeight(i, found_height, sampling);
    if (strides[at] <= 0 || rows <= 0) return anew(SkipReason::damaged);
    where[at] = {0, offset, static_cast<std::uint32_t>(strides[at])};
    planes[at] = slot.data() + offset;
    offset += where[at].stride * static_cast<std::uint32_t>(rows);
    if (offset > slot.size()) return anew(SkipReason::damaged);
  }
  if (tjDecompressToYUVPlanes(handle_.get(), jpeg.data(), jpeg.size(), planes.data(), 0, strides.data(), 0,
                              TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) != 0) {
    return anew(SkipReason::damaged);
  }
  picture.luma = where[0];
  if (count == 1) return picture;
  picture.chroma = Chroma::planar;
  picture.chroma_width = where[1].stride;
  picture.chroma_height = static_cast<std::uint32_t>(tjPlaneHeight(1, found_height, sampling));
  picture.first = where[1];
  picture.second = where[2];
  return picture;
}

}  // namespace wayside::libcamera_capture
