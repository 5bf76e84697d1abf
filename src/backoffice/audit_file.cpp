#include "src/backoffice/audit_file.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/backoffice/signing_key.hpp"

namespace wayside::backoffice {

namespace {

Error cannot(std::string_view what, const std::filesystem::path& path) {
  return {ErrorCode::io, fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno))};
}

// Whole, or not at all: of what a full disk took, nothing stays, and what a power cut tore ends there.
bool append_line(int file, const std::string& line) {
  struct stat info {};
  if (::flock(file, LOCK_EX) != 0 || ::fstat(file, &info) != 0) return false;
  char last = '\n';
  if (info.st_size > 0 && ::pread(file, &last, 1, info.st_size - 1) != 1) return false;
  const std::string whole = (last == '\n' ? "" : "\n") + line;
  if (::write(file, whole.data(), whole.size()) == static_cast<ssize_t>(whole.size()) &&
      ::fdatasync(file) == 0)
    return true;
  const int code = errno;
  (void)!::ftruncate(file, info.st_size);
  errno = code;
  return false;
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
  // What a person typed may be anything.
  const std::string line = entry.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  const std::filesystem::path file = folder / "audit.jsonl";
  const int descriptor = ::open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return fail(cannot("open", file));
  const bool written = append_line(descriptor, line);
  const Error failed = cannot("write", file);
  ::close(descriptor);  // and its lock
  return written ? Status{} : fail(failed);
}

}  // namespace wayside::backoffice
