// What asks for a wipe, and what only stands in the place of such a request.
#include <fstream>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "wayside/base/files.hpp"
#include "wayside/device/wipe/wipe.hpp"

#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WipeRequestTest : public testing::Test {
 protected:
  void SetUp() override {
    put(state() / "accounts" / "anna.json", "anna-the-installer");
    put(elsewhere() / "file", "somebody's");
    fs::create_directories(wipe());
    ASSERT_TRUE(request_wipe(folder_.path() / "real", anna_));
  }
  fs::path state() const { return folder_.path() / "state"; }
  fs::path wipe() const { return wipe_folder(state()); }
  fs::path elsewhere() const { return folder_.path() / "elsewhere"; }
  static void put(const fs::path& file, const std::string& content) {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
  }
  void make(const std::string& kind, const fs::path& place) const {
    if (kind == "folder") {
      put(place / "deep" / "seg-0001", "x");
    } else if (kind == "fifo") {
      ASSERT_EQ(::mkfifo(place.c_str(), 0600), 0);
    } else if (kind == "link_to_folder") {
      fs::create_directory_symlink(elsewhere(), place);
    } else if (kind == "link_to_a_request") {
      fs::create_symlink(folder_.path() / "real" / "requested", place);
    } else {
      fs::create_symlink(folder_.path() / "nowhere", place);
    }
  }
  static bool is_there(const fs::path& path) { return fs::exists(fs::symlink_status(path)); }
  void expect_elsewhere_untouched() const {
    EXPECT_EQ(read_text_file(elsewhere() / "file").value(), "somebody's");
    EXPECT_TRUE(fs::exists(folder_.path() / "real" / "requested"));
  }

  const WipeRequest anna_{"anna", "installer", "ttyS0", "moved"};
  doubles::TemporaryFolder folder_{doubles::in_memory()};
  doubles::HandClock clock_{*utc_from_iso8601("2026-11-28T10:00:00Z")};
};

// Whoever may set where the camera keeps a socket or a queue could put one there from afar.
class WhatIsNoRequest : public WipeRequestTest, public testing::WithParamInterface<const char*> {};

TEST_P(WhatIsNoRequest, DestroysNothingAndDoesNotStay) {
  make(GetParam(), wipe() / "requested");
  make(GetParam(), wipe() / "under-way");
  EXPECT_FALSE(is_wipe_due(wipe()));
  const auto removed = remove_false_requests(wipe());
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_THAT(*removed, ElementsAre(HasSubstr("requested was removed"), HasSubstr("under-way was removed")));
  EXPECT_FALSE(is_there(wipe() / "requested"));
  EXPECT_FALSE(is_there(wipe() / "under-way"));
  EXPECT_TRUE(fs::exists(state() / "accounts" / "anna.json"));
  expect_elsewhere_untouched();
  EXPECT_THAT(remove_false_requests(wipe()).value(), IsEmpty());
}

TEST_P(WhatIsNoRequest, KeepsNoWipeFromBeingAskedForAndIsNotLeftByOne) {
  make(GetParam(), wipe() / "requested");
  ASSERT_TRUE(request_wipe(wipe(), anna_));
  EXPECT_TRUE(is_wipe_due(wipe()));
  make(GetParam(), wipe() / "under-way");
  bool again = false;
  const auto result = wipe_camera({wipe(), state() / "identity", {}}, {}, things_to_wipe(state()), clock_,
                                  [&](const WipeProgress&) {
                                    if (!std::exchange(again, true)) make(GetParam(), wipe() / "requested");
                                  });
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->complete);
  EXPECT_THAT(result->receipt_text, HasSubstr("moved"));
  EXPECT_FALSE(fs::exists(state() / "accounts" / "anna.json"));
  EXPECT_FALSE(is_there(wipe() / "requested"));
  EXPECT_FALSE(is_there(wipe() / "under-way"));
  expect_elsewhere_untouched();
}
INSTANTIATE_TEST_SUITE_P(Kinds, WhatIsNoRequest,
                         testing::Values("folder", "fifo", "link_to_folder", "link_to_a_request",
                                         "dangling_link"));

TEST_F(WipeRequestTest, AFileThatHoldsNoneDestroysNothing) {
  for (const char* content : {"", "{}\n", "rubbish"}) {
    put(wipe() / "requested", content);
    EXPECT_FALSE(is_wipe_due(wipe()));
    EXPECT_THAT(remove_false_requests(wipe()).value(), testing::SizeIs(1));
    EXPECT_FALSE(is_there(wipe() / "requested"));
  }
  ASSERT_TRUE(request_wipe(wipe(), anna_));
  EXPECT_THAT(remove_false_requests(wipe()).value(), IsEmpty());
  EXPECT_TRUE(is_wipe_due(wipe())) << "a real one stays";
}

}  // namespace
}  // namespace wayside
