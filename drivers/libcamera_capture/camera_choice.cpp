#include "drivers/libcamera_capture/camera_choice.hpp"

#include <fmt/format.h>

namespace wayside::libcamera_capture {

using capture_link::Trouble;
using capture_link::TroubleKind;

namespace {

// The sentence, and behind it each camera as "id (model)", as many as a Trouble has room for: half an id is
// none.
std::string with_names(std::string sentence, const std::vector<CameraFacts>& cameras) {
  constexpr std::size_t room_for_rest = 16;  // "; and 1000 more"
  std::string_view between = " ";
  std::size_t left_out = 0;
  for (const auto& [id, model] : cameras) {
    const std::string name = model.empty() ? id : fmt::format("{} ({})", id, model);
    if (sentence.size() + between.size() + name.size() + room_for_rest > capture_link::most_text_bytes) {
      ++left_out;
      continue;
    }
    sentence += fmt::format("{}{}", between, name);
    between = "; ";
  }
  if (left_out > 0) sentence += fmt::format("{}and {} more", between, left_out);
  return sentence;
}

}  // namespace

tl::expected<std::size_t, Trouble> choose_camera(const std::vector<CameraFacts>& present,
                                                 const CameraWish& wish) {
  std::size_t chosen = 0;
  std::vector<CameraFacts> fitting;
  for (std::size_t i = 0; i < present.size(); ++i) {
    if ((!wish.id.empty() && present[i].id != wish.id) ||
        (!wish.model.empty() && present[i].model != wish.model))
      continue;
    chosen = i;
    fitting.push_back(present[i]);
  }
  if (fitting.size() == 1) return chosen;
  if (present.empty()) {
    return tl::unexpected(
        Trouble{TroubleKind::none_present, "no camera is connected; check its cable and its power"});
  }
  if (fitting.empty()) {
    return tl::unexpected(
        Trouble{TroubleKind::none_present,
                with_names(fmt::format("none of {} camera{} here has the configured camera.id or "
                                       "camera.model; what there is:",
                                       present.size(), present.size() == 1 ? "" : "s"),
                           present)});
  }
  return tl::unexpected(
      Trouble{TroubleKind::undecided,
              with_names(fmt::format("{} cameras fit; set camera.id to one of:", fitting.size()), fitting)});
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
