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
  const auto cameras =
      backoffice::camera_health(*office->store, backoffice::RevokedCameras(office->authority.revoked()),
                                backoffice::end_of(office->authority), arguments.device_id);
  if (!cameras) return fail(cameras.error());
  if (cameras->empty()) fmt::print("No camera is enrolled.\n");
  const UtcTime now = utc_now();
  std::size_t ill = 0, silent = 0;
  bool ends = false;
  for (const backoffice::CameraHealth& camera : *cameras) {
    fmt::print("{}\n", backoffice::to_lines(camera, now));
    ends = ends || camera.ends_soon(now);
    if (camera.is_silent(now))
      ++silent;
    else if (camera.is_ill())
      ++ill;
  }
  ends = tell_endings(office->authority) || ends;
  if (ill + silent == 0 && !ends) return {};
  if (ill + silent == 0) return fail(ErrorCode::unavailable, "what is said above to end needs somebody");
  return fail(ErrorCode::unavailable,
              fmt::format("of {} {} ill and {} silent: what to do for each part is in the operator's guide",
                          count_of(cameras->size(), "camera"), ill, silent));
}

}  // namespace wayside::app::office
