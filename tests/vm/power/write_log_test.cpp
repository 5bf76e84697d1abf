// The replaying of a log, against one made by hand.
#include "tests/vm/power/write_log.hpp"

#include <fstream>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::vm {
namespace {

std::string number(std::uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i, value >>= 8U)
    bytes.push_back(static_cast<char>(value));
  return bytes;
}

class WriteLogTest : public testing::Test {
 protected:
  static std::string sector(std::string bytes) {
    bytes.resize(512);
    return bytes;
  }
  void add(std::uint64_t at, std::uint64_t sectors, std::uint64_t flags, char data) {
    log_ +=
        sector(number(at) + number(sectors) + number(flags) + number(0)) + std::string(512 * sectors, data);
    ++count_;
  }
  void add_mark(const std::string& mark) {
    log_ += sector(number(0) + number(0) + number(8) + number(mark.size()) + mark);
    ++count_;
  }
  WriteLog log() {
    const std::string head = sector(number(0x6a736677736872) + number(1) + number(count_) + number(512));
    std::ofstream(folder_.path() / "log", std::ios::binary) << head << log_;
    return WriteLog(folder_.path() / "log");
  }
  // One letter a block of the state after an entry.
  std::string state(std::size_t entry, std::mt19937_64* random = nullptr) {
    WriteLog read = log();
    std::ofstream(folder_.path() / "image", std::ios::binary) << std::string(4 * 4096, '-');
    Replay replay(read, folder_.path() / "image");
    replay.go_to(entry);
    replay.state(folder_.path() / "state", random);
    std::ifstream in(folder_.path() / "state", std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(all.size(), 4U * 4096);
    std::string letters;
    for (std::size_t i = 0; i < 4; ++i)
      letters += all.at(i * 4096 + 4095);
    return letters;
  }

  doubles::TemporaryFolder folder_;
  std::string log_;
  std::uint64_t count_ = 0;
};

TEST_F(WriteLogTest, ReplaysEveryPrefix) {
  add(0, 16, 0, 'a');
  add_mark("attempt_1.0");
  add(8, 8, 0, 'b');
  add(0, 0, 1, ' ');
  add(24, 8, 3, 'c');
  EXPECT_EQ(log().entries().at(1).mark, "attempt_1.0");
  EXPECT_EQ(state(0), "aa--");
  EXPECT_EQ(state(1), "aa--");
  EXPECT_EQ(state(2), "ab--");
  EXPECT_EQ(state(4), "ab-c");
}

TEST_F(WriteLogTest, KeepsAnyBlocksThatWereNotFlushedAndAllThatWere) {
  add(0, 8, 0, 'a');
  add(0, 0, 1, ' ');
  add(8, 16, 0, 'b');
  add(24, 8, 2, 'c');
  std::mt19937_64 random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 64; ++i)
    seen.insert(state(3, &random));
  EXPECT_EQ(seen, (std::set<std::string>{"a--c", "ab-c", "a-bc", "abbc"}));
}

TEST_F(WriteLogTest, WhatIsNoLogIsRefused) {
  add(0, 8, 0, 'a');
  log_.resize(log_.size() - 1);
  EXPECT_THROW(log(), std::runtime_error);
  log_.clear();
  EXPECT_THROW(log(), std::runtime_error);
  log_ = sector(number(0) + number(UINT64_MAX / 256) + number(0) + number(0));
  EXPECT_THROW(log(), std::runtime_error);
  log_ = sector(number(0) + number(0) + number(8) + number(481));
  EXPECT_THROW(log(), std::runtime_error);
}

}  // namespace
}  // namespace wayside::vm
