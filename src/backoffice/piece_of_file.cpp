#include "src/backoffice/piece_of_file.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "wayside/base/json_text.hpp"

namespace wayside::backoffice {

Result<PieceOfFile> read_piece(const std::filesystem::path& file, std::uint64_t from, std::size_t most) {
  const auto failed = [&] {
    return fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                fmt::format("cannot read {}: {}", json_escape(file.string()), std::strerror(errno)));
  };
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return failed();
  const off_t size = ::lseek(descriptor, 0, SEEK_END);
  std::string piece(most, '\0');
  std::size_t got = 0;
  bool sound = size >= 0;
  while (sound && got < piece.size() && from + got < static_cast<std::uint64_t>(size)) {
    const ssize_t more =
        ::pread(descriptor, piece.data() + got, piece.size() - got, static_cast<off_t>(from + got));
    if (more < 0 && errno == EINTR) continue;
    sound = more > 0;
    if (sound) got += static_cast<std::size_t>(more);
  }
  auto error = failed();
  ::close(descriptor);
  if (!sound) return error;
  piece.resize(got);
  return PieceOfFile{std::move(piece), static_cast<std::uint64_t>(size)};
}

}  // namespace wayside::backoffice
