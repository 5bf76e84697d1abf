#include "src/backoffice/list_files.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"

namespace wayside::backoffice::list_files {

namespace fs = std::filesystem;

namespace {

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool plain = error == std::errc{} && end == text.data() + text.size() && !text.starts_with('0');
  return plain ? std::optional(number) : std::nullopt;
}

}  // namespace

SigningKeyFiles keys(const fs::path& folder) {
  return {folder / "issuer.key", folder / "issuer.pub"};
}

fs::path full(const fs::path& folder, const std::string& list, std::uint64_t revision) {
  return folder / list / fmt::format("{}.full", revision);
}

fs::path delta(const fs::path& folder, const std::string& list, std::uint64_t base, std::uint64_t revision) {
  return folder / list / fmt::format("{}-{}.delta", base, revision);
}

bool is_document_name(std::string_view name) {
  constexpr std::string_view of_full = ".full", of_delta = ".delta";
  if (name.ends_with(of_full)) return number_in(name.substr(0, name.size() - of_full.size())).has_value();
  if (!name.ends_with(of_delta)) return false;
  name.remove_suffix(of_delta.size());
  const std::size_t between = name.find('-');
  return between != std::string_view::npos && number_in(name.substr(0, between)) &&
         number_in(name.substr(between + 1));
}

Result<std::vector<fs::path>> paths_in(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code failed;
  fs::directory_iterator entries(folder, failed);
  for (; !failed && entries != fs::directory_iterator(); entries.increment(failed))
    paths.push_back(entries->path());
  if (failed && failed != std::errc::no_such_file_or_directory) {
    return fail(ErrorCode::io,
                fmt::format("cannot look into {}: {}", json_escape(folder.string()), failed.message()));
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Result<std::vector<std::uint64_t>> revisions_in(const fs::path& folder) {
  const auto paths = paths_in(folder);
  if (!paths) return fail(paths.error());
  std::vector<std::uint64_t> revisions;
  for (const fs::path& path : *paths) {
    const auto number = number_in(path.stem().string());
    if (path.extension() == ".full" && number) revisions.push_back(*number);
  }
  std::sort(revisions.begin(), revisions.end());
  return revisions;
}

}  // namespace wayside::backoffice::list_files
