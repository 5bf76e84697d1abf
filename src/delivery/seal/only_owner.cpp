#include "src/delivery/seal/only_owner.hpp"

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"

namespace wayside::seal {

namespace fs = std::filesystem;

namespace {

Result<unsigned> mode_of(const fs::path& path) {
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  if (failed)
    return fail(ErrorCode::io,
                fmt::format("cannot look at {}: {}", json_escape(path.string()), failed.message()));
  return static_cast<unsigned>(status.permissions()) & 07777U;
}

}  // namespace

Status check_only_owner_writes(const fs::path& path) {
  constexpr unsigned writable_by_others = 0022;
  const auto mode = mode_of(path);
  if (!mode) return fail(mode.error());
  if ((*mode & writable_by_others) == 0) return {};
  const std::string name = json_escape(path.string());
  return fail(
      ErrorCode::invalid_input,
      fmt::format("{}: others than its owner may write there (mode {:04o}), and whoever does reads every "
                  "record from then on: look at the recipients, then run chmod go-w {}",
                  name, *mode, name));
}

Status check_only_owner_reads(const fs::path& file) {
  constexpr unsigned readable_by_others = 0044;
  const auto mode = mode_of(file);
  if (!mode) return fail(mode.error());
  if ((*mode & readable_by_others) == 0) return {};
  const std::string name = json_escape(file.string());
  return fail(
      ErrorCode::invalid_input,
      fmt::format(
          "{}: pseudonym_key is a secret, and others than the file's owner may read it (mode {:04o}): "
          "run chmod 600 {}, and have another key made if somebody can have read this one",
          name, *mode, name));
}

}  // namespace wayside::seal
