// What the kernel's clock discipline says, turned into a time quality.
//
// Threads: pure. Source: adjtimex(2); the kernel lets maxerror grow by 500 ppm while nobody corrects it, and
// sets STA_UNSYNC itself once it passes 16 s.
#pragma once

#include "wayside/device/clock/time_quality.hpp"

namespace wayside {

struct KernelDiscipline {
  int state = -1;  // what adjtimex returned: -1 it failed, TIME_ERROR not disciplined
  int status = 0;  // STA_ bits
  long max_error_us = 0;
};

// Never better than the kernel claims: anything that speaks against synchronisation wins, and the bound is
// rounded up. Without synchronisation there is no bound to give.
[[nodiscard]] TimeQuality quality_of(const KernelDiscipline& discipline);

}  // namespace wayside
