#include "tests/vm/machine/installed_camera.hpp"

#include <cstdlib>
#include <stdexcept>

#include <fmt/format.h>

namespace wayside::vm {

std::filesystem::path stage_camera(const std::filesystem::path& folder) {
  const std::filesystem::path stage = folder / "stage";
  const std::string log = stage.string() + ".log";
  const std::string install =
      fmt::format("DESTDIR={} cmake --install {} --prefix /usr --component camera --strip >{} 2>&1",
                  stage.string(), std::getenv("WAYSIDE_BINARY_DIR"), log);
  if (std::system(install.c_str()) != 0) throw std::runtime_error("the camera is not installed: see " + log);
  return stage;
}

void install_camera(VirtualMachine& machine, const std::filesystem::path& stage) {
  must(machine, fmt::format("cp -r {}/. /", stage.string()));
  must(machine,
       "systemd-sysusers && systemd-tmpfiles --create wayside.conf && systemctl daemon-reload && "
       "udevadm control --reload");
}

std::string commissioning(const std::string& toml) {
  return fmt::format("{0}\n{1}\n{1}\n{0}\n{1}\nconfigure\nload\n{2}.\ncommit\n", installer,
                     installers_password, toml);
}

}  // namespace wayside::vm
