#include "wayside/base/harden_process.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace wayside {

void harden_process() {
  const rlimit none{0, 0};
  static_cast<void>(setrlimit(RLIMIT_CORE, &none));
#ifdef NDEBUG
  static_cast<void>(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
#endif
}

}  // namespace wayside
