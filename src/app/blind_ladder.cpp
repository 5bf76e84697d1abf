#include "src/app/blind_ladder.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/files.hpp"
#include "wayside/base/log.hpp"

namespace wayside::app {

namespace {

constexpr std::chrono::seconds longest_wait{std::chrono::hours(24)};
// Far beyond where the wait stops growing; what says more is no file of ours.
constexpr std::uint32_t most_climbs = 1'000'000;

// A file that cannot be read, or was cut off, counts as none: at worst the first waits are short again.
std::uint32_t climbs_in(const std::filesystem::path& memory) {
  const Result<std::string> text = read_text_file(memory, 16);
  std::uint32_t climbs = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), climbs).ec != std::errc()) return 0;
  return std::min(climbs, most_climbs);
}

}  // namespace

BlindLadder::BlindLadder(std::filesystem::path memory, std::chrono::seconds limit, Health& health)
    : memory_(std::move(memory)), limit_(limit), health_(health), climbs_(climbs_in(memory_)) {}

std::chrono::seconds BlindLadder::wait() const {
  std::chrono::seconds wait = std::min(limit_, longest_wait);
  for (std::uint32_t i = 0; i < climbs_ && wait < longest_wait; ++i)
    wait = std::min(2 * wait, longest_wait);
  return wait;
}

BlindHelp BlindLadder::look(MonotonicTime now, const Sight& sight) {
  if (limit_.count() == 0) return BlindHelp::none;
  if (sight.frames != frames_) {
    frames_ = sight.frames;
    saw_frames();
    blind_since_ = now;
  }
  if (!sight.expected || !blind_since_) blind_since_ = now;
  if (now - *blind_since_ < wait()) return BlindHelp::none;
  blind_since_ = now;
  const std::chrono::seconds waited = wait();
  const bool machine = climbs_ != 0 && sight.machine_has_watchdog;
  if (!remember(climbs_ + 1)) return BlindHelp::none;
  log::error("camera_blind", {{"for_s", waited.count()},
                              {"tried_before", climbs_ - 1},
                              {"next", machine ? "the machine is restarted by its watchdog"
                                               : "the daemon ends, to be started anew"}});
  return machine ? BlindHelp::restart_machine : BlindHelp::restart_daemon;
}

void BlindLadder::saw_frames() {
  if (climbs_ == 0) return;
  log::info("camera_sees_again", {{"restarts", climbs_}});
  climbs_ = 0;
  std::error_code error;
  std::filesystem::remove(memory_, error);
  if (error) static_cast<void>(remember(0));
}

bool BlindLadder::remember(std::uint32_t climbs) {
  const std::string text = fmt::format("{}\n", climbs);
  if (const Status kept = replace_file(memory_, as_bytes(text)); !kept) {
    if (health_.ill("camera_restarts", kept.error().message + "; nothing is restarted for a blind camera"))
      log::error("camera_restarts_unhealthy", {{"reason", kept.error()}});
    return false;
  }
  health_.well("camera_restarts");
  climbs_ = climbs;
  return true;
}

}  // namespace wayside::app
