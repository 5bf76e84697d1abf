#include "wayside/device/update/boot_backend.hpp"

#include <fmt/format.h>

#include "wayside/device/update/boot_state.hpp"

namespace wayside {

namespace {

bool is_tried(const BootState& state, BootSlot slot) {
  return state.trial == slot && state.left > 0;
}

Result<std::string> written(const std::filesystem::path& file, const BootState& before,
                            const BootState& after) {
  if (before == after) return std::string();
  if (const Status done = write_boot_state(file, after); !done) return fail(done.error());
  return std::string();
}

Result<std::string> set_primary(const std::filesystem::path& file, const BootState& before, BootSlot slot) {
  BootState after{before.slot, std::nullopt, 0, 0};
  if (slot != before.slot) {
    after.trial = slot;
    after.left = starts_of_a_trial;
  }
  return written(file, before, after);
}

Result<std::string> set_state(const std::filesystem::path& file, const BootState& before, BootSlot slot,
                              bool good) {
  if (good) return std::string();
  if (slot == before.slot) {
    return fail(ErrorCode::refused,
                fmt::format("slot {} is the confirmed one, and nothing may be written to it: "
                            "restart the camera, and install again",
                            to_string(slot)));
  }
  return written(file, before, {before.slot, std::nullopt, 0, 0});
}

}  // namespace

Result<std::string> boot_backend(const std::filesystem::path& boot_state,
                                 std::span<const std::string> words) {
  const auto wrong = [] {
    return fail(
        ErrorCode::invalid_input,
        "say get-primary, set-primary SLOT, get-state SLOT, set-state SLOT good or set-state SLOT bad, "
        "where SLOT is a or b");
  };
  if (words.empty() || words.size() > 3) return wrong();
  const auto read = read_boot_state(boot_state);
  if (!read) return fail(read.error());
  const BootState& state = read->state;
  const std::string& verb = words[0];
  if (words.size() == 1) {
    if (verb != "get-primary") return wrong();
    return std::string(to_string(state.trial && state.left > 0 ? *state.trial : state.slot));
  }
  const auto named = boot_slot_from(words[1]);
  if (!named) return wrong();
  const BootSlot slot = *named;
  if (words.size() == 3) {
    if (verb != "set-state" || (words[2] != "good" && words[2] != "bad")) return wrong();
    return set_state(boot_state, state, slot, words[2] == "good");
  }
  if (verb == "get-state") return std::string(slot == state.slot || is_tried(state, slot) ? "good" : "bad");
  if (verb == "set-primary") return set_primary(boot_state, state, slot);
  return wrong();
}

}  // namespace wayside
