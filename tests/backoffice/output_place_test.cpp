// What an operator writes never goes over the office, nor over what is no file.
#include "wayside/backoffice/output_place.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::backoffice {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class OutputPlaceTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(office_ / "deeper");
    std::ofstream(office_ / "records.db") << "x";
    std::ofstream(folder_ / "passes.html") << "x";
  }
  void expect_refused(const fs::path& file, const std::string& words) {
    const auto allowed = check_output(file, office_);
    ASSERT_FALSE(allowed) << file;
    EXPECT_EQ(allowed.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(allowed.error().message, HasSubstr(file.string() + " " + words));
  }

  doubles::TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path();
  fs::path office_ = folder_ / "office";
};

TEST_F(OutputPlaceTest, NewFilesAndRegularOnesOutsideOfTheOfficeAreAllowed) {
  for (const char* name : {"new", "passes.html", "none/new", "office-passes.html"})
    EXPECT_TRUE(check_output(folder_ / name, office_)) << name;
  EXPECT_TRUE(check_output("passes-of-output-place-test.html", office_));
}

TEST_F(OutputPlaceTest, NothingInsideOfTheOfficeIsWrittenInAnySpelling) {
  fs::create_directory_symlink(office_, folder_ / "door");
  fs::create_symlink(office_ / "records.db", folder_ / "link");
  for (const fs::path& file :
       {office_ / "records.db", office_ / "new", office_ / "deeper" / "new", office_ / "none" / "new",
        folder_ / "none" / ".." / "office" / "ca.key", folder_ / "door" / "new", folder_ / "link",
        fs::relative(office_) / "records.db", office_}) {
    expect_refused(file, "lies inside of the back office's own folder: give a place outside of it");
  }
}

TEST_F(OutputPlaceTest, WhatIsThereAndNoRegularFileStays) {
  fs::create_directory(folder_ / "photos");
  fs::create_symlink(folder_ / "passes.html", folder_ / "link");
  fs::create_symlink(folder_ / "nowhere", folder_ / "dangling");
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  for (const fs::path& file : {folder_ / "photos", folder_ / "link", folder_ / "dangling", folder_ / "pipe",
                               fs::path("/dev/null")}) {
    expect_refused(file, "is there and no regular file");
  }
}

TEST_F(OutputPlaceTest, OneFileIsSeenUnderEverySpelling) {
  fs::create_directory_symlink(folder_, folder_ / "door");
  fs::create_symlink(folder_ / "passes.html", folder_ / "link");
  const fs::path file = folder_ / "passes.html";
  for (const fs::path& other : {file, fs::relative(file), folder_ / "office" / ".." / "passes.html",
                                folder_ / "door" / "passes.html", folder_ / "link"}) {
    EXPECT_TRUE(is_same_file(file, other)) << other;
    EXPECT_TRUE(is_same_file(other, file)) << other;
  }
  EXPECT_TRUE(is_same_file(folder_ / "door" / "new", folder_ / "new"));
  EXPECT_FALSE(is_same_file(file, folder_ / "passes.jsonl"));
  EXPECT_FALSE(is_same_file(folder_ / "office" / "passes.html", file));
}

TEST_F(OutputPlaceTest, ANameTooLongIsAnError) {
  const auto allowed = check_output(folder_ / std::string(300, 'n'), office_);
  ASSERT_FALSE(allowed);
  EXPECT_EQ(allowed.error().code, ErrorCode::io);
  EXPECT_THAT(allowed.error().message, HasSubstr("cannot write"));
}

}  // namespace
}  // namespace wayside::backoffice
