#include "wayside/base/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

TEST(Files, ReplaceThenReadGivesTheNewContentAndMode) {
  const doubles::TemporaryFolder folder;
  const auto path = folder.path() / "a.toml";
  ASSERT_TRUE(replace_file(path, as_bytes("old"), 0644));
  ASSERT_TRUE(replace_file(path, as_bytes("new"), 0600));
  EXPECT_EQ(read_text_file(path).value(), "new");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST(Files, ErrorsNameThePath) {
  const doubles::TemporaryFolder folder;
  const auto missing = read_text_file(folder.path() / "none");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_NE(missing.error().message.find("none"), std::string::npos);
  EXPECT_EQ(read_text_file(folder.path()).error().code, ErrorCode::invalid_input);
  EXPECT_FALSE(replace_file(folder.path() / "no" / "file", as_bytes("x")));
}

TEST(Files, LeavesNothingBehindWhereItCannotReplace) {
  const doubles::TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "taken" / "by a folder");
  EXPECT_FALSE(replace_file(folder.path() / "taken", as_bytes("x")));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / ".taken.new"));
}

TEST(Files, RefusesMoreThanTheLimit) {
  const doubles::TemporaryFolder folder;
  ASSERT_TRUE(replace_file(folder.path() / "big", as_bytes("12345")));
  EXPECT_TRUE(read_text_file(folder.path() / "big", 5));
  EXPECT_EQ(read_text_file(folder.path() / "big", 4).error().code, ErrorCode::invalid_input);
}

}  // namespace
}  // namespace wayside
