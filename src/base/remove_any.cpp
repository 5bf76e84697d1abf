#include "wayside/base/remove_any.hpp"

#include <cerrno>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "wayside/base/descriptor.hpp"
#include "wayside/base/json_text.hpp"

namespace wayside {

namespace {

// Folders in it become folders beside it first, so that neither the number of descriptors nor the length of a
// path ends this. Who fills it meanwhile is not waited for.
void take_away(const Descriptor& beside, std::string name) {
  constexpr std::size_t most_folders = 1'000'000;
  std::vector<std::string> left = {std::move(name)};
  for (std::size_t taken = 0; !left.empty() && taken < most_folders; ++taken) {
    const std::string next = std::move(left.back());
    left.pop_back();
    const Descriptor folder(
        ::openat(beside.get(), next.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    // closedir() closes what fdopendir() was given.
    const std::unique_ptr<DIR, int (*)(DIR*)> all(::fdopendir(::dup(folder.get())), ::closedir);
    while (const dirent* const entry = all ? ::readdir(all.get()) : nullptr) {
      const std::string_view inside = entry->d_name;
      if (inside == "." || inside == "..") continue;
      if (::unlinkat(folder.get(), entry->d_name, 0) == 0 || errno != EISDIR) continue;
      std::string up = name_of_nobody();
      if (::renameat(folder.get(), entry->d_name, beside.get(), up.c_str()) == 0)
        left.push_back(std::move(up));
    }
    ::unlinkat(beside.get(), next.c_str(), AT_REMOVEDIR);
  }
}

}  // namespace

std::string name_of_nobody() {
  std::random_device random;
  return fmt::format(".gone-{:08x}{:08x}", random(), random());
}

Status remove_any(const std::filesystem::path& path) {
  const auto refused = [&]() -> Status {
    return fail(ErrorCode::io,
                fmt::format("cannot remove {}: {}", json_escape(path.string()), std::strerror(errno)));
  };
  const std::string name = path.filename().string();
  const std::string parent = path.has_parent_path() ? path.parent_path().string() : ".";
  const Descriptor folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return errno == ENOENT ? Status{} : refused();
  if (::unlinkat(folder.get(), name.c_str(), 0) != 0) {
    if (errno == ENOENT) return {};
    if (errno != EISDIR) return refused();
    // The name is free whatever becomes of the rest.
    const std::string gone = name_of_nobody();
    if (::renameat(folder.get(), name.c_str(), folder.get(), gone.c_str()) != 0) return refused();
    take_away(folder, gone);
  }
  return ::fsync(folder.get()) == 0 ? Status{} : refused();
}

}  // namespace wayside
