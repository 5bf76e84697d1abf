// Files of one of a card's partitions, read and put there while the power is off, without a mount: as whoever
// has the card in hand.
//
// Threads: one. Failure: std::runtime_error.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "wayside/base/files.hpp"

#include "tests/image/camera_disk.hpp"

namespace wayside::image {

class CardFiles {
 public:
  // As the partition is now; what its journal holds is made good, as the kernel does it. scratch: a folder.
  CardFiles(const CameraDisk& disk, std::string partition, std::filesystem::path scratch)
      : disk_(disk), partition_(std::move(partition)), scratch_(std::move(scratch)) {
    disk_.copy(partition_, copy_);
    // 1: it has mended something.
    if (const int code = run("e2fsck -fy '{}'", copy_.string()); code > 1)
      throw std::runtime_error(partition_ + " cannot be mended: " + said());
  }
  // Onto the card, in place of a file that is there; root's, as all that is put there.
  void put(const std::filesystem::path& from, const std::string& to) const {
    static_cast<void>(run("debugfs -w -R 'rm {}' '{}'", to, copy_.string()));
    static_cast<void>(run("debugfs -w -R 'write {} {}' '{}'", from.string(), to, copy_.string()));
    if (!exists(to)) throw std::runtime_error("cannot put " + to + " on the card: " + said());
    disk_.put_back(partition_, copy_);
  }
  [[nodiscard]] bool exists(const std::string& file) const {
    return run("debugfs -R 'stat {}' '{}'", file, copy_.string()) == 0 &&
           said().find("Inode: ") != std::string::npos;
  }
  // Of a short one; empty: there is none.
  [[nodiscard]] std::string read(const std::string& file) const {
    const std::filesystem::path out = scratch_ / "from-the-card";
    std::filesystem::remove(out);
    static_cast<void>(run("debugfs -R 'dump {} {}' '{}'", file, out.string(), copy_.string()));
    return read_text_file(out).value_or("");
  }

 private:
  template <class... Parts>
  int run(const char* form, const Parts&... parts) const {
    const std::string command =
        fmt::format(fmt::runtime(form), parts...) + " >'" + (scratch_ / "card.log").string() + "' 2>&1";
    return WEXITSTATUS(std::system(command.c_str()));
  }
  [[nodiscard]] std::string said() const { return read_text_file(scratch_ / "card.log").value_or(""); }

  const CameraDisk& disk_;
  std::string partition_;
  std::filesystem::path scratch_;
  std::filesystem::path copy_ = scratch_ / (partition_ + ".ext4");
};

}  // namespace wayside::image
