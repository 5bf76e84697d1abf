#include "src/backoffice/audit_file.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <pwd.h>
#include <unistd.h>

#include "src/backoffice/signing_key.hpp"

namespace wayside::backoffice {

namespace {

Error system_error(std::string_view what, const std::filesystem::path& path) {
  return {ErrorCode::io, fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno))};
}

}  // namespace

std::string operator_name() {
  const passwd* const user = ::getpwuid(::getuid());
  return user != nullptr ? user->pw_name : std::to_string(::getuid());
}

Status put_on_record(const std::filesystem::path& folder, UtcTime now, std::string_view what,
                     const nlohmann::json& more) {
  if (const auto made = make_private_folder(folder); !made) return made;
  nlohmann::json entry = more;
  entry["time"] = to_iso8601(now);
  entry["what"] = what;
  const std::string line = entry.dump() + "\n";
  const std::filesystem::path file = folder / "audit.jsonl";
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return fail(system_error("open", file));
  const bool written = ::write(descriptor, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
                       ::fdatasync(descriptor) == 0;
  const Error failed = system_error("write", file);
  ::close(descriptor);
  return written ? Status{} : fail(failed);
}

}  // namespace wayside::backoffice
