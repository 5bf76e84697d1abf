#include "wayside/base/files.hpp"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::size_t entries_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

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
  EXPECT_EQ(entries_in(folder.path()), 1U);
}

TEST(Files, WhatGrowsInPartsTakesItsPlaceWhenItIsWhole) {
  const doubles::TemporaryFolder folder;
  const auto path = folder.path() / "long";
  ASSERT_TRUE(replace_file(path, as_bytes("old")));
  auto replacement = FileReplacement::begin(path, 0600);
  ASSERT_TRUE(replacement);
  ASSERT_TRUE(replacement->append(as_bytes("new, ")));
  ASSERT_TRUE(replacement->append(as_bytes("in parts")));
  EXPECT_EQ(*read_text_file(path), "old");
  ASSERT_TRUE(replacement->commit());
  EXPECT_EQ(*read_text_file(path), "new, in parts");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(entries_in(folder.path()), 1U);
}

TEST(Files, WhatIsGivenUpHalfwayLeavesTheOldFileAndNothingElse) {
  const doubles::TemporaryFolder folder;
  const auto path = folder.path() / "long";
  ASSERT_TRUE(replace_file(path, as_bytes("old")));
  {
    auto replacement = FileReplacement::begin(path);
    ASSERT_TRUE(replacement);
    ASSERT_TRUE(replacement->append(as_bytes("half")));
    EXPECT_EQ(entries_in(folder.path()), 2U);
  }
  EXPECT_EQ(*read_text_file(path), "old");
  EXPECT_EQ(entries_in(folder.path()), 1U);
}

TEST(Files, ReplacesNothingButAFile) {
  const doubles::TemporaryFolder folder;
  const auto pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  fs::create_directory(folder.path() / "folder");
  for (const auto& [path, words] :
       {std::pair(pipe, "is a device, pipe or socket"), std::pair(folder.path() / "folder", "is a folder"),
        std::pair(fs::path("/dev/null"), "is a device, pipe or socket")}) {
    for (const Status& refused : {check_replaceable(path), replace_file(path, as_bytes("x"))}) {
      ASSERT_FALSE(refused) << path;
      EXPECT_EQ(refused.error().code, ErrorCode::invalid_input);
      EXPECT_THAT(refused.error().message, HasSubstr(path.string() + " " + words));
    }
    EXPECT_FALSE(fs::is_regular_file(path));
  }
  EXPECT_EQ(entries_in(folder.path()), 2U);
}

TEST(Files, ASymbolicLinkIsNeitherReplacedNorWrittenThrough) {
  const doubles::TemporaryFolder folder;
  const auto file = folder.path() / "file";
  ASSERT_TRUE(replace_file(file, as_bytes("old")));
  for (const fs::path& target : {file, folder.path() / "nothing"}) {
    const auto link = folder.path() / "link";
    fs::create_symlink(target, link);
    for (const Status& refused : {check_replaceable(link), replace_file(link, as_bytes("new"))}) {
      ASSERT_FALSE(refused);
      EXPECT_THAT(refused.error().message, HasSubstr("is a symbolic link"));
    }
    EXPECT_TRUE(fs::is_symlink(link));
    fs::remove(link);
  }
  EXPECT_EQ(*read_text_file(file), "old");
}

TEST(Files, AFileOfSomebodyElseBesideItIsLeftAlone) {
  const doubles::TemporaryFolder folder;
  std::ofstream(folder.path() / ".a.toml.new") << "theirs";
  ASSERT_TRUE(replace_file(folder.path() / "a.toml", as_bytes("new")));
  EXPECT_EQ(read_text_file(folder.path() / ".a.toml.new").value_or("gone"), "theirs");
  fs::create_directory(folder.path() / ".b.toml.new");
  EXPECT_TRUE(replace_file(folder.path() / "b.toml", as_bytes("new")));
}

TEST(Files, ANameOfTheGreatestLengthCanBeWrittenAndALongerOneIsAnError) {
  const doubles::TemporaryFolder folder;
  EXPECT_TRUE(replace_file(folder.path() / std::string(255, 'a'), as_bytes("x")));
  const auto longer = folder.path() / std::string(300, 'a');
  EXPECT_THAT(replace_file(longer, as_bytes("x")).error().message, HasSubstr("File name too long"));
  EXPECT_FALSE(check_replaceable(longer));
}

TEST(Files, WhetherAFileCanBeWrittenIsToldWithoutWritingIt) {
  const doubles::TemporaryFolder folder;
  EXPECT_TRUE(check_replaceable(folder.path() / "new"));
  EXPECT_EQ(entries_in(folder.path()), 0U);
  ASSERT_TRUE(replace_file(folder.path() / "old", as_bytes("old")));
  EXPECT_TRUE(check_replaceable(folder.path() / "old"));
  EXPECT_EQ(*read_text_file(folder.path() / "old"), "old");
  EXPECT_EQ(check_replaceable(folder.path() / "no" / "file").error().code, ErrorCode::not_found);
  EXPECT_FALSE(check_replaceable("/proc/file"));  // there is a folder, and nobody may make files in it
}

// Root may do everything, so that it takes somebody else to be refused.
class AsNobody {
 public:
  AsNobody() : before_(::geteuid()) { EXPECT_EQ(::seteuid(before_ == 0 ? 65534 : before_), 0); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
  ~AsNobody() { EXPECT_EQ(::seteuid(before_), 0); }

 private:
  uid_t before_;
};

TEST(Files, AFolderThatMayNotBeWrittenInIsToldBeforehand) {
  const doubles::TemporaryFolder folder;
  ASSERT_EQ(::chmod(folder.path().c_str(), 0555), 0);
  const AsNobody nobody;
  const Status refused = check_replaceable(folder.path() / "file");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("Permission denied"));
}

TEST(Files, AFileOfAnotherUserInASharedFolderIsToldBeforehand) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make a file that is another user's";
  const doubles::TemporaryFolder folder;
  ASSERT_TRUE(replace_file(folder.path() / "theirs", as_bytes("x")));
  ASSERT_EQ(::chmod(folder.path().c_str(), 01777), 0);
  const AsNobody nobody;
  EXPECT_TRUE(check_replaceable(folder.path() / "mine"));
  const Status refused = check_replaceable(folder.path() / "theirs");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("theirs is another user's"));
  EXPECT_FALSE(replace_file(folder.path() / "theirs", as_bytes("y")));
}

TEST(Files, PlacesOverlapInWhateverSpelling) {
  const doubles::TemporaryFolder temporary;
  const fs::path folder = temporary.path();
  fs::create_directory(folder / "a");
  fs::create_directory_symlink(folder / "a", folder / "link");
  for (const std::string inside : {"a", "a/", "./a/b/..", "a/b", "a/b/c/", "x/../a", "link", "link/b"}) {
    EXPECT_TRUE(overlap(folder / "a", folder / inside)) << inside;
    EXPECT_TRUE(overlap(folder / inside, folder / "a")) << inside;
  }
  for (const std::string beside : {"ab", "b", "b/a", "link/../b"})
    EXPECT_FALSE(overlap(folder / "a", folder / beside)) << beside;
  const fs::path longer = folder / std::string(300, 'a');
  EXPECT_TRUE(overlap(longer, longer / "b"));
  EXPECT_TRUE(overlap("here", fs::current_path() / "here"));
}

TEST(Files, WhateverHasTheNameIsThereAndWhatCannotBeLookedAtIsSaid) {
  const doubles::TemporaryFolder folder;
  const fs::path file = folder.path() / "file";
  EXPECT_FALSE(is_there(file).value());
  ASSERT_TRUE(replace_file(file, as_bytes("text")));
  EXPECT_TRUE(is_there(file).value());
  EXPECT_TRUE(is_there(folder.path()).value());
  EXPECT_FALSE(is_there(file / "below").value());
  fs::create_symlink(folder.path() / "nowhere", folder.path() / "link");
  EXPECT_TRUE(is_there(folder.path() / "link").value());
  fs::create_symlink("loop", folder.path() / "loop");
  const auto looped = is_there(folder.path() / "loop" / "x\x1b");
  ASSERT_FALSE(looped);
  EXPECT_EQ(looped.error().code, ErrorCode::io);
  EXPECT_THAT(looped.error().message, testing::AllOf(HasSubstr("cannot look at " + folder.path().string()),
                                                     testing::Not(HasSubstr("\x1b"))));
}

TEST(Files, WhatAKilledReplacementLeftIsRemovedAndNothingElse) {
  const doubles::TemporaryFolder folder;
  const auto kept = folder.path() / ".kept";
  ASSERT_TRUE(replace_file(kept, as_bytes("old")));
  const pid_t replacing = ::fork();
  if (replacing == 0) {
    auto begun = FileReplacement::begin(kept);
    const bool half = begun && begun->append(as_bytes("ne"));
    ::_exit(half ? 0 : 1);  // no destructor
  }
  int status = -1;
  ASSERT_EQ(::waitpid(replacing, &status, 0), replacing);
  ASSERT_EQ(status, 0);
  ASSERT_EQ(entries_in(folder.path()), 2U);
  remove_leftovers(folder.path());
  EXPECT_EQ(entries_in(folder.path()), 1U);
  EXPECT_EQ(read_text_file(kept).value(), "old");
  remove_leftovers(folder.path() / "none");
}

TEST(Files, RefusesMoreThanTheLimit) {
  const doubles::TemporaryFolder folder;
  ASSERT_TRUE(replace_file(folder.path() / "big", as_bytes("12345")));
  EXPECT_TRUE(read_text_file(folder.path() / "big", 5));
  EXPECT_EQ(read_text_file(folder.path() / "big", 4).error().code, ErrorCode::invalid_input);
}

}  // namespace
}  // namespace wayside
