#include "src/device/clock/kernel_discipline.hpp"

#include <sys/timex.h>

namespace wayside {

TimeQuality quality_of(const KernelDiscipline& discipline) {
  const bool synchronised = discipline.state >= 0 && discipline.state != TIME_ERROR &&
                            (discipline.status & (STA_UNSYNC | STA_CLOCKERR)) == 0 &&
                            discipline.max_error_us >= 0;
  TimeQuality quality;
  if (!synchronised) return quality;
  quality.source = TimeSource::ntp;
  quality.max_error_ms = (static_cast<std::int64_t>(discipline.max_error_us) + 999) / 1000;
  // The kernel does not say when it was last corrected, so the age stays unknown.
  return quality;
}

}  // namespace wayside
