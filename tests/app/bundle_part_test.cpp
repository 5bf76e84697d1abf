#include "src/app/bundle_part.hpp"

#include <csignal>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wayside/base/files.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t mib = std::size_t{1} << 20U;
constexpr std::size_t piece_bytes = std::size_t{64} << 10U;

class BundlePartTest : public testing::Test {
 protected:
  BundlePartTest() { fs::create_directories(folder_.incoming()); }
  // Of so many bytes, none of them 0.
  static std::string bundle(std::size_t bytes) {
    std::string content;
    for (std::size_t i = 0; i < bytes; ++i)
      content.push_back(static_cast<char>(1 + (i * 7 + i / 1000) % 251));
    return content;
  }
  static UpdateOffer offer_of(const std::string& content) {
    return {"1.2.3", "wayside-test", content.size(), to_hex(sha256(as_bytes(content))), {}};
  }
  // Up to there.
  static Status bring(BundlePart& part, const std::string& content, std::size_t to) {
    while (part.bytes() < to) {
      const std::size_t at = part.bytes();
      if (Status put = part.append(as_bytes(content.substr(at, std::min(piece_bytes, to - at)))); !put)
        return put;
    }
    return {};
  }

  doubles::TemporaryFolder temporary_;
  UpdateFolder folder_{temporary_.path()};
};

TEST_F(BundlePartTest, BecomesTheBundleOnceAllOfItHasItsHash) {
  const std::string content = bundle(2 * mib + 5);
  BundlePart part(folder_);
  EXPECT_FALSE(part.left_over());
  ASSERT_TRUE(part.begin(offer_of(content)));
  ASSERT_EQ(part.open(), 0U);
  ASSERT_TRUE(bring(part, content, content.size()));
  EXPECT_FALSE(part.is_whole());
  ASSERT_TRUE(part.finish());
  EXPECT_TRUE(part.is_whole());
  EXPECT_EQ(read_text_file(folder_.bundle()).value(), content);
  EXPECT_FALSE(fs::exists(folder_.part()));
  BundlePart next(folder_);
  EXPECT_EQ(next.left_over(), offer_of(content));
  EXPECT_TRUE(next.is_whole());
}

TEST_F(BundlePartTest, OfWhatAPowerCutMayHaveTornNothingIsKept) {
  const std::string content = bundle(3 * mib);
  const std::pair<std::size_t, std::size_t> cases[] = {
      // where it was, and what counts of it
      {0, 0},
      {piece_bytes, 0},
      {mib, 0},  // whether the last step was flushed nobody knows
      {mib + piece_bytes, mib},
      {3 * mib, 2 * mib},
  };
  for (const auto& [was, counts] : cases) {
    {
      BundlePart part(folder_);
      part.drop();
      ASSERT_TRUE(part.begin(offer_of(content)));
      ASSERT_TRUE(part.open());
      ASSERT_TRUE(bring(part, content, was));
    }
    BundlePart part(folder_);
    ASSERT_TRUE(part.left_over());
    EXPECT_EQ(part.open(), counts) << was;
    EXPECT_EQ(fs::file_size(folder_.part()), counts);
    ASSERT_TRUE(bring(part, content, content.size()));
    EXPECT_TRUE(part.finish());
  }
}

TEST_F(BundlePartTest, WhatIsLongerThanItMayBeIsBegunAnew) {
  const std::string content = bundle(mib);
  BundlePart part(folder_);
  ASSERT_TRUE(part.begin(offer_of(content)));
  std::ofstream(folder_.part()) << bundle(3 * mib);
  EXPECT_EQ(part.open(), 0U);
}

TEST_F(BundlePartTest, OneWrongByteIsNoticed) {
  const std::string content = bundle(mib + 9);
  std::string other = content;
  other[mib] ^= 1;
  BundlePart part(folder_);
  ASSERT_TRUE(part.begin(offer_of(content)));
  ASSERT_TRUE(part.open());
  ASSERT_TRUE(bring(part, other, other.size()));
  EXPECT_EQ(part.finish().error().code, ErrorCode::corrupt);
  EXPECT_FALSE(fs::exists(folder_.bundle()));
}

TEST_F(BundlePartTest, AnotherBundleTakesThePlaceOfAllThatLiesThere) {
  const std::string content = bundle(mib);
  BundlePart part(folder_);
  ASSERT_TRUE(part.begin(offer_of(content)));
  ASSERT_TRUE(part.open());
  ASSERT_TRUE(bring(part, content, content.size()));
  ASSERT_TRUE(part.finish());
  ASSERT_TRUE(request_install(folder_, {"1.2.3", offer_of(content).sha256, {}}));
  ASSERT_TRUE(part.begin(offer_of(content)));  // the same: nothing goes
  EXPECT_TRUE(part.is_whole());
  ASSERT_TRUE(part.begin(offer_of(bundle(mib + 1))));
  EXPECT_FALSE(fs::exists(folder_.bundle()));
  EXPECT_FALSE(fs::exists(folder_.install()));
  EXPECT_EQ(part.open(), 0U);
}

TEST_F(BundlePartTest, NothingIsWrittenThroughALink) {
  std::ofstream(temporary_.path() / "elsewhere") << "kept";
  fs::create_symlink(temporary_.path() / "elsewhere", folder_.part());
  BundlePart part(folder_);
  // As an earlier start left it, so that begin() does not remove it.
  std::ofstream(folder_.incoming() / "offer")
      << R"({"version":"1.2.3","compatible":"wayside-test","bytes":9,"sha256":")" << std::string(64, 'a')
      << "\"}";
  ASSERT_TRUE(part.left_over());
  EXPECT_FALSE(part.open());
  EXPECT_EQ(read_text_file(temporary_.path() / "elsewhere").value(), "kept");
}

// A file may grow no further, as on a disk that is full.
class Full {
 public:
  explicit Full(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~Full() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(BundlePartTest, WhatADiskDoesNotTakeIsSaidAndGoneOnFromOnceItDoes) {
  const std::string content = bundle(2 * mib);
  BundlePart part(folder_);
  ASSERT_TRUE(part.begin(offer_of(content)));
  ASSERT_TRUE(part.open());
  {
    const Full full(mib + piece_bytes / 2);
    const Status put = bring(part, content, content.size());
    ASSERT_FALSE(put);
    EXPECT_THAT(put.error().message, testing::HasSubstr("bundle.part"));
  }
  EXPECT_EQ(part.bytes(), mib + piece_bytes / 2);  // what it took counts
  ASSERT_TRUE(bring(part, content, content.size()));
  EXPECT_TRUE(part.finish());
}

}  // namespace
}  // namespace wayside::app
