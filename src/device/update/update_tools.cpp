#include <fmt/format.h>

#include "wayside/base/json_text.hpp"
#include "wayside/base/run_program.hpp"
#include "wayside/device/update/updater.hpp"

namespace wayside {

UpdateTools real_update_tools(const RaucOptions& rauc) {
  UpdateTools tools;
  tools.look = [rauc](const std::filesystem::path& bundle) { return bundle_info(rauc, bundle); };
  tools.install = [rauc](const std::filesystem::path& bundle, const std::function<void(unsigned)>& percent) {
    Status installed = install_bundle(rauc, bundle, percent);
    // Who asked was ended, and RAUC's service would go on, and have tried what was refused.
    if (!installed && installed.error().code == ErrorCode::unavailable)
      (void)run_program({"/usr/bin/systemctl", "stop", "rauc.service"}, std::chrono::seconds(90));
    return installed;
  };
  tools.restart = []() -> Status {
    const auto end =
        run_program({"/usr/bin/systemctl", "--no-block", "reboot"}, std::chrono::seconds(30), nullptr);
    if (!end) return fail(end.error());
    if (end->code == 0) return {};
    return fail(ErrorCode::io, fmt::format("the machine does not restart ({}): restart it by hand",
                                           json_escape(end->complaint)));
  };
  return tools;
}

}  // namespace wayside
