#include <algorithm>

#include <fmt/format.h>

#include "src/app/office/commands.hpp"
#include "src/backoffice/camera_health.hpp"

namespace wayside::app::office {

Status health(const Arguments& arguments) {
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  if (!arguments.device_id.empty()) {
    if (const auto enrolled = check_enrolled(*office->store, {arguments.device_id}); !enrolled)
      return enrolled;
  }
  const auto cameras = backoffice::camera_health(*office->store, arguments.device_id);
  if (!cameras) return fail(cameras.error());
  if (cameras->empty()) fmt::print("No camera is enrolled.\n");
  for (const backoffice::CameraHealth& camera : *cameras)
    fmt::print("{}\n", backoffice::to_lines(camera, utc_now()));
  const auto ill = static_cast<std::size_t>(
      std::count_if(cameras->begin(), cameras->end(),
                    [](const backoffice::CameraHealth& camera) { return camera.is_ill(); }));
  if (ill == 0) return {};
  return fail(ErrorCode::unavailable,
              fmt::format("{} of {} ill: what to do for each part is in the operator's guide", ill,
                          count_of(cameras->size(), "camera")));
}

}  // namespace wayside::app::office
