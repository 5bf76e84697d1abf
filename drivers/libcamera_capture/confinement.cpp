#include "drivers/libcamera_capture/confinement.hpp"

#include <csignal>
#include <cstdint>
#include <utility>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "drivers/capture_link/channel.hpp"

namespace wayside::libcamera_capture {

namespace {

// The C library has no functions for these three.
int create_ruleset(const landlock_ruleset_attr* rules, std::size_t bytes, std::uint32_t flags) {
  return static_cast<int>(::syscall(SYS_landlock_create_ruleset, rules, bytes, flags));
}

constexpr std::uint64_t reading =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE;
constexpr std::uint64_t devices =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE;
// Everything of the first version of the interface.
constexpr std::uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1U) - 1;

void allow(int ruleset, const char* folder, std::uint64_t what) {
  const Descriptor below(::open(folder, O_PATH | O_CLOEXEC));
  if (below.get() < 0) return;  // nothing there to allow
  landlock_path_beneath_attr rule{};
  rule.allowed_access = what;
  rule.parent_fd = below.get();
  static_cast<void>(::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0));
}

}  // namespace

bool confine_this_process() {
  static_cast<void>(::prctl(PR_SET_PDEATHSIG, SIGKILL));
  static_cast<void>(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  landlock_ruleset_attr rules{};
  rules.handled_access_fs = all;
  const Descriptor ruleset(create_ruleset(&rules, sizeof rules, 0));
  if (ruleset.get() < 0) return false;
  for (const char* folder : {"/usr", "/lib", "/lib64", "/etc", "/sys", "/run/udev"})
    allow(ruleset.get(), folder, reading);
  allow(ruleset.get(), "/dev", devices);
  return ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0;
}

}  // namespace wayside::libcamera_capture
