#include "wayside/device/update/running_system.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/device/clock/boot_id.hpp"
#include "wayside/device/update/update_offer.hpp"

namespace wayside {

namespace {

constexpr std::size_t largest_file = 65536;

// The value behind "key=", where one of the parts begins with it; the last such part, as the kernel and
// shells go by it.
std::optional<std::string> value_of(std::string_view text, std::string_view key,
                                    std::string_view separators) {
  std::optional<std::string> value;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find_first_of(separators));
    if (part.starts_with(key) && part.substr(key.size()).starts_with('='))
      value = std::string(part.substr(key.size() + 1));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  if (value && value->size() > 1 && value->front() == '"' && value->back() == '"')
    value = value->substr(1, value->size() - 2);
  return value;
}

}  // namespace

Result<RunningSystem> read_running_system(const SystemFiles& files) {
  const auto release = read_text_file(files.os_release, largest_file);
  if (!release) return fail(release.error());
  const auto lacks = [&](std::string_view what) {
    return fail(ErrorCode::corrupt, fmt::format("{} {}: this is no image of Wayside's that can be updated",
                                                json_escape(files.os_release.string()), what));
  };
  const auto of_release = [&](std::string_view key) { return value_of(*release, key, "\n").value_or(""); };
  if (of_release("IMAGE_ID") != "wayside") return lacks("does not say IMAGE_ID=wayside");
  const auto version = update_version_from(of_release("IMAGE_VERSION"));
  if (!version) return lacks("has no IMAGE_VERSION of three numbers, as 1.2.3");
  const std::string board = of_release("VARIANT_ID");
  const std::string compatible = "wayside-" + board;
  if (!is_compatible(compatible)) return lacks("names no board (VARIANT_ID: small letters, digits and -)");
  const auto command_line = read_text_file(files.command_line, largest_file);
  if (!command_line) return fail(command_line.error());
  auto boot_id = read_boot_id(files.boot_id);
  if (!boot_id) return fail(boot_id.error());
  RunningSystem system;
  system.version = *version;
  system.compatible = compatible;
  system.slot = boot_slot_from(value_of(*command_line, "wayside.slot", " \n").value_or(""));
  system.on_trial = value_of(*command_line, "wayside.trial", " \n") == "1";
  system.boot_id = std::move(*boot_id);
  return system;
}

}  // namespace wayside
