#include "tests/vm/power/flash_image.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

namespace wayside::vm {

namespace {

namespace fs = std::filesystem;

int shell(const std::string& command, const fs::path& said) {
  const std::string whole = "PATH=$PATH:/usr/sbin:/sbin; " + command + " >" + said.string() + " 2>&1";
  return WEXITSTATUS(std::system(whole.c_str()));
}

void must(const std::string& command, const fs::path& beside, int most = 0) {
  const fs::path said = beside.string() + ".said";
  if (shell(command, said) > most) {
    std::ifstream in(said);
    throw std::runtime_error(command + ": " + std::string{std::istreambuf_iterator<char>(in), {}});
  }
  fs::remove(said);
}

}  // namespace

std::string missing_image_tools() {
  for (const std::string tool : {"mke2fs", "e2fsck", "debugfs"}) {
    if (shell("command -v " + tool, "/dev/null") != 0)
      return tool + " is not installed: run toolchains/vm.sh --prepare";
  }
  return {};
}

void make_flash_image(const fs::path& image) {
  std::ofstream(image).close();
  fs::resize_file(image, flash_bytes);
  // All of it at once, so that the guest's kernel does nothing of it behind the queue's back.
  must("mke2fs -q -F -t ext4 -b 4096 -m 0 -J size=4 -E lazy_itable_init=0,lazy_journal_init=0 " +
           image.string(),
       image);
}

void copy_folder_out(const fs::path& image, const std::string& name, const fs::path& to) {
  const fs::path copy = image.string() + ".copy";
  must("cp --sparse=always " + image.string() + " " + copy.string(), image);
  must("e2fsck -y -E journal_only " + copy.string(), image, 1);  // 1: there was something to replay
  fs::remove_all(to);
  fs::create_directories(to);
  must("debugfs -R 'rdump /" + name + " " + to.string() + "' " + copy.string(), image);
  fs::create_directory(to / name);  // where there is none
  fs::remove(copy);
}

std::uint64_t first_sector_of(const fs::path& image, const std::string& file) {
  const fs::path said = image.string() + ".said";
  shell("(debugfs -R 'blocks " + file + "' " + image.string() + " 2>/dev/null)", said);
  std::ifstream in(said);
  std::vector<std::uint64_t> blocks;
  for (std::uint64_t block = 0; in >> block;)
    blocks.push_back(block);
  if (blocks.empty() || blocks.back() - blocks.front() != blocks.size() - 1)
    throw std::runtime_error(file + " does not lie in one piece");
  return blocks.front() * 8;
}

}  // namespace wayside::vm
