// Small files read whole and replaced atomically, and what a program asks about a path before it works on it.
//
// Threads: pure apart from the file system. Failure: io, not_found or exhausted where the system refuses,
// invalid_input where the path names the wrong kind of thing, with the path in the message.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"

namespace wayside {

// Refuses more than limit bytes (invalid_input), folders and devices, so that a wrong path cannot eat the
// memory; and a symbolic link where somebody else's may stand at the path.
enum class Links { followed, refused };
[[nodiscard]] Result<std::string> read_text_file(const std::filesystem::path& path,
                                                 std::size_t limit = std::size_t{16} << 20,
                                                 Links links = Links::followed);

// Writes a temporary file beside it, under a name that was free and that nobody can foresee, fsyncs, renames,
// fsyncs the folder: after a power cut there is the old file or the new one, never neither. mode as for
// open(2), e.g. 0600 for secrets. Only a regular file is replaced: a folder, device, pipe or symbolic link is
// refused and stays (a link is not followed: where somebody else can put one, it leads anywhere).
[[nodiscard]] Status replace_file(const std::filesystem::path& path, ByteView content, unsigned mode = 0644);

// The same for what is too long to be held in memory: it grows in parts, and takes its place only when whole.
// Nothing is left behind where it goes before commit(). Threads: one.
class FileReplacement {
 public:
  // Refuses what replace_file() refuses, before anything has been written.
  [[nodiscard]] static Result<FileReplacement> begin(const std::filesystem::path& path, unsigned mode = 0644);
  FileReplacement(FileReplacement&&) noexcept;
  FileReplacement& operator=(FileReplacement&&) noexcept;
  ~FileReplacement();

  [[nodiscard]] Status append(ByteView part);
  [[nodiscard]] Status commit();  // once, at the end

 private:
  class Temporary;
  FileReplacement(std::filesystem::path path, std::unique_ptr<Temporary> temporary);
  std::filesystem::path path_;
  std::unique_ptr<Temporary> temporary_;
};

// Removes what a replacement has left in the folder where its process was killed or the power went: the
// temporary file, which nothing reads. For whoever makes sure that nobody replaces a file there meanwhile.
// What cannot be removed stays.
void remove_leftovers(const std::filesystem::path& folder);

// Whether replace_file() could do it, to be asked before long work whose result goes there. Makes an empty
// temporary file beside it and removes it; what is at the path stays as it is.
[[nodiscard]] Status check_replaceable(const std::filesystem::path& path);

// Whether anything has the name, be it a symbolic link that leads nowhere: whatever is made there would take
// its place. io where the system does not let one look.
[[nodiscard]] Result<bool> is_there(const std::filesystem::path& path);

// Whether both are one place, or one lies within the other, in whatever spelling and through symbolic links
// as far as the paths exist.
[[nodiscard]] bool overlap(const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace wayside
