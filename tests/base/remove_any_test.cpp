#include "wayside/base/remove_any.hpp"

#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;

class RemoveAny : public testing::Test {
 protected:
  [[nodiscard]] fs::path at(const char* name) const { return folder_.path() / name; }
  void expect_gone(const char* name) const {
    const Status removed = remove_any(at(name));
    EXPECT_TRUE(removed) << removed.error().message;
    EXPECT_TRUE(fs::is_empty(folder_.path()));
  }
  doubles::TemporaryFolder folder_{doubles::in_memory()};
};

TEST_F(RemoveAny, TakesFilesPipesLinksAndWhatIsNotThere) {
  std::ofstream(at("file")) << "x";
  expect_gone("file");
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  expect_gone("pipe");
  expect_gone("nothing");
  EXPECT_TRUE(remove_any(at("nowhere") / "nothing"));
}

TEST_F(RemoveAny, WhatALinkLeadsToStays) {
  const doubles::TemporaryFolder other{doubles::in_memory()};
  std::ofstream(other.path() / "kept") << "x";
  fs::create_directory_symlink(other.path(), at("link"));
  expect_gone("link");
  fs::create_directory(at("folder"));
  fs::create_directory_symlink(other.path(), at("folder") / "link");
  expect_gone("folder");
  EXPECT_TRUE(fs::exists(other.path() / "kept"));
}

// Deeper than a process may have descriptors, and than a path may be long; and wide.
TEST_F(RemoveAny, TakesFoldersOfAnyDepth) {
  fs::create_directory(at("deep"));
  int folder = ::open(at("deep").c_str(), O_RDONLY | O_DIRECTORY);
  for (int level = 0; level < 5000; ++level) {
    ASSERT_EQ(::mkdirat(folder, "deeper", 0700), 0);
    ::close(::openat(folder, "file", O_CREAT | O_WRONLY, 0600));
    const int next = ::openat(folder, "deeper", O_RDONLY | O_DIRECTORY);
    ::close(folder);
    folder = next;
  }
  ::close(folder);
  for (int number = 0; number < 300; ++number)
    fs::create_directory(at("deep") / std::to_string(number));
  expect_gone("deep");
}

}  // namespace
}  // namespace wayside
