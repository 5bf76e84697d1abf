#include "drivers/libcamera_capture/camera_choice.hpp"

#include <fmt/format.h>

namespace wayside::libcamera_capture {

using capture_link::Trouble;
using capture_link::TroubleKind;

tl::expected<std::size_t, Trouble> choose_camera(const std::vector<CameraFacts>& present,
                                                 const CameraWish& wish) {
  std::vector<std::size_t> fitting;
  for (std::size_t i = 0; i < present.size(); ++i) {
    if ((wish.id.empty() || present[i].id == wish.id) &&
        (wish.model.empty() || present[i].model == wish.model))
      fitting.push_back(i);
  }
  if (fitting.size() == 1) return fitting.front();
  if (present.empty()) {
    return tl::unexpected(
        Trouble{TroubleKind::none_present, "no camera is connected; check its cable and its power"});
  }
  if (fitting.empty()) {
    return tl::unexpected(
        Trouble{TroubleKind::none_present,
                fmt::format("none of {} camera{} here has the configured camera.id or camera.model; "
                            "wayside-capture --list shows them",
                            present.size(), present.size() == 1 ? "" : "s")});
  }
  return tl::unexpected(
      Trouble{TroubleKind::undecided,
              fmt::format("{} cameras fit; set camera.id to one of those that wayside-capture --list shows",
                          fitting.size())});
}

Trouble wrong_format(const std::vector<OfferedFormat>& offered, std::uint32_t width, std::uint32_t height) {
  std::string sizes;
  for (const OfferedFormat& format : offered) {
    sizes += (sizes.empty() ? "" : "; ") + format.name;
    for (const auto& [w, h] : format.sizes)
      sizes += fmt::format(" {}x{}", w, h);
  }
  return {TroubleKind::wrong_format,
          fmt::format("the camera has no R8, NV12, YUV420 or MJPEG of {}x{} (camera.width, camera.height); "
                      "it offers: {}",
                      width, height, sizes.empty() ? "nothing" : sizes)};
}

}  // namespace wayside::libcamera_capture
