#include "drivers/time_sources/chronyc.hpp"

#include "wayside/base/run_program.hpp"

namespace wayside::time_sources {

Result<Discipline> ask_chrony(const std::filesystem::path& chronyc, std::chrono::milliseconds limit) {
  const auto answer = run_program({chronyc.string(), "-n", "-c", "tracking"}, limit);
  if (!answer) {
    const ErrorCode code = answer.error().code;
    return fail(code, answer.error().message + (code == ErrorCode::unavailable ? "; is chronyd running?"
                                                                               : "; is chrony installed?"));
  }
  if (answer->code != 0)
    return fail(ErrorCode::unavailable, "chronyc could not reach chronyd; is it running?");
  return discipline_from_tracking(answer->said);
}

}  // namespace wayside::time_sources
