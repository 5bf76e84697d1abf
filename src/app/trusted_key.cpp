#include "src/app/trusted_key.hpp"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sys/stat.h>

#include "wayside/base/files.hpp"

namespace wayside::app {

Result<VerifyingKey> read_trusted_key(const std::filesystem::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    return fail(ErrorCode::not_found,
                fmt::format("{}: enrol the camera (again), and put the folder {} that comes back into "
                            "identity.directory",
                            std::strerror(errno), file.parent_path().filename().string()));
  }
  if ((info.st_mode & 022U) != 0) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("has mode {:04o}, so others can replace it: set it to 0644", info.st_mode & 07777U));
  }
  const Result<std::string> text = read_text_file(file, 256);
  if (!text) return fail(text.error());
  return verifying_key_from(*text);
}

}  // namespace wayside::app
