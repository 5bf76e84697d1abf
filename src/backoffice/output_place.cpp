#include "wayside/backoffice/output_place.hpp"

#include <system_error>

#include <fmt/format.h>

namespace wayside::backoffice {

namespace {

namespace fs = std::filesystem;

Error cannot_write(const fs::path& path, const std::error_code& failed) {
  return {ErrorCode::io, fmt::format("cannot write {}: {}", path.string(), failed.message())};
}

// The one absolute spelling of the place that this path leads to.
Result<fs::path> resolved(const fs::path& given) {
  std::error_code failed;
  const fs::path absolute = fs::absolute(given, failed);
  if (failed) return fail(cannot_write(given, failed));
  fs::path place = fs::weakly_canonical(absolute, failed);
  if (failed) return fail(cannot_write(given, failed));
  return place;
}

// By identity and not by spelling: a folder may be mounted in two places.
bool is_inside(const fs::path& place, const fs::path& folder) {
  std::error_code ignored;
  fs::path at = place;
  while (!fs::equivalent(at, folder, ignored)) {
    if (at == at.parent_path()) return false;
    at = at.parent_path();
  }
  return true;
}

}  // namespace

bool is_same_file(const fs::path& a, const fs::path& b) {
  const auto first = resolved(a);
  const auto second = resolved(b);
  if (!first || !second) return a == b;
  std::error_code ignored;
  return *first == *second || (first->filename() == second->filename() &&
                               fs::equivalent(first->parent_path(), second->parent_path(), ignored));
}

Status check_output(const fs::path& file, const fs::path& office) {
  const auto place = resolved(file);
  if (!place) return fail(place.error());
  if (is_inside(*place, office)) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} lies inside of the back office's own folder: give a place outside of it",
                            file.string()));
  }
  std::error_code failed;
  const fs::file_status status = fs::symlink_status(file, failed);
  if (status.type() == fs::file_type::none) return fail(cannot_write(file, failed));
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} is there and no regular file: give the name of a new file, or of one to be "
                            "replaced",
                            file.string()));
  }
  return {};
}

}  // namespace wayside::backoffice
