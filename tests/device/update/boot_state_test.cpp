// What the loader and the system tell each other.
#include "wayside/device/update/boot_state.hpp"

#include <cstdio>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/base/files.hpp"
#include "wayside/base/little_endian.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const BootState on_trial{BootSlot::a, BootSlot::b, 6, 12};

// A copy as another program may write it, with a checksum taken from elsewhere.
Bytes copy_with(std::string_view text, std::uint32_t checksum, std::uint8_t padding = 0) {
  Bytes copy(boot_state_copy_bytes, padding);
  std::copy(text.begin(), text.end(), copy.begin() + 4);
  little_endian::put(copy, 0, checksum);
  return copy;
}

class BootStateFile : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(path(), std::ios::binary).close();
    fs::resize_file(path(), 2 * boot_state_second_at);
  }
  fs::path path() const { return folder_.path() / "bootstate"; }
  void put(std::size_t at, const Bytes& bytes) const {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at))
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  // The partition but for the two copies.
  std::string rest() const {
    std::string all = read_text_file(path(), 2 * boot_state_second_at).value();
    all.erase(boot_state_second_at, boot_state_copy_bytes);
    return all.substr(boot_state_copy_bytes);
  }
  void spoil(std::size_t at) const {
    char byte = 0;
    std::ifstream(path(), std::ios::binary).seekg(static_cast<std::streamoff>(at)).read(&byte, 1);
    put(at, {static_cast<std::uint8_t>(static_cast<unsigned char>(byte) ^ 1U)});
  }

  doubles::TemporaryFolder folder_{doubles::in_memory()};
};

TEST(BootState, WhatIsWrittenIsReadAgain) {
  for (const BootState& state : {BootState{}, on_trial, BootState{BootSlot::b, std::nullopt, 0, 0},
                                 BootState{BootSlot::b, BootSlot::a, 9, 50}}) {
    const Bytes copy = encode(state);
    EXPECT_EQ(copy.size(), boot_state_copy_bytes);
    EXPECT_EQ(boot_state_from(copy), state);
  }
}

// As `mkenvimage -s 4096` writes it, which pads with 0xFF, and as the loader does.
TEST(BootState, AnEnvironmentOfUBootsToolsIsRead) {
  using namespace std::string_view_literals;
  EXPECT_EQ(boot_state_from(copy_with("slot=b\0\0"sv, 0x685870BFU, 0xFF)),
            (BootState{BootSlot::b, {}, 0, 0}));
  EXPECT_EQ(boot_state_from(copy_with("left=5\0slot=a\0starts=2\0trial=b\0"sv, 0x71771CA8U)),
            (BootState{BootSlot::a, BootSlot::b, 5, 2}));
}

TEST(BootState, WhatItDoesNotKnowIsPassedOver) {
  using namespace std::string_view_literals;
  EXPECT_EQ(boot_state_from(copy_with("colour=blue\0slot=b\0trial=\0"sv, 0x2368FFE1U)),
            (BootState{BootSlot::b, {}, 0, 0}));
}

TEST(BootState, AnyChangedByteIsSeen) {
  const Bytes copy = encode(on_trial);
  for (std::size_t at = 0; at < 64; ++at) {
    Bytes changed = copy;
    changed[at] = static_cast<std::uint8_t>(changed[at] ^ 4U);
    const auto state = boot_state_from(changed);
    ASSERT_FALSE(state) << at;
    EXPECT_EQ(state.error().code, ErrorCode::corrupt);
  }
}

TEST(BootState, ValuesThatAreNoneOfTheirKeyAreRefused) {
  using namespace std::string_view_literals;
  EXPECT_THAT(boot_state_from(copy_with("slot=c\0"sv, 0xBF6F5E97U)).error().message,
              HasSubstr("none of its key's"));
  EXPECT_THAT(boot_state_from(copy_with("slot=a\0left=10\0"sv, 0x436B66ACU)).error().message,
              HasSubstr("none of its key's"));
  EXPECT_THAT(boot_state_from(copy_with("trial=b\0"sv, 0xCF2F71DFU)).error().message,
              HasSubstr("names no slot"));
  EXPECT_THAT(boot_state_from(Bytes(100)).error().message, HasSubstr("cut short"));
}

TEST_F(BootStateFile, BothCopiesAreWrittenAndTheRestIsLeft) {
  put(boot_state_copy_bytes, Bytes(100, 0xFF));
  put(boot_state_second_at - 100, Bytes(100, 0xFF));
  put(boot_state_second_at + boot_state_copy_bytes, Bytes(100, 0xFF));
  const std::string before = rest();
  ASSERT_TRUE(write_boot_state(path(), on_trial));
  const auto read = read_boot_state(path());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->state, on_trial);
  EXPECT_FALSE(read->one_copy);
  EXPECT_TRUE(rest() == before);
}

TEST_F(BootStateFile, EitherCopyAloneIsEnough) {
  for (const std::size_t damaged : {std::size_t{100}, boot_state_second_at + 100}) {
    ASSERT_TRUE(write_boot_state(path(), on_trial));
    spoil(damaged);
    const auto read = read_boot_state(path());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->state, on_trial);
    EXPECT_TRUE(read->one_copy);
  }
}

TEST_F(BootStateFile, CutAnywhereInAWriteThereIsTheOldStateOrTheNew) {
  const BootState before{BootSlot::b, std::nullopt, 0, 0};
  ASSERT_TRUE(write_boot_state(path(), before));
  const Bytes old_copy = encode(before), copy = encode(on_trial);
  const auto written_up_to = [&](std::size_t cut) {
    Bytes now = old_copy;
    std::copy_n(copy.begin(), cut, now.begin());
    return now;
  };
  for (std::size_t cut = 0; cut <= 2 * boot_state_copy_bytes; cut += 7) {
    put(0, written_up_to(std::min(cut, boot_state_copy_bytes)));
    put(boot_state_second_at, written_up_to(cut - std::min(cut, boot_state_copy_bytes)));
    const auto read = read_boot_state(path());
    ASSERT_TRUE(read) << cut;
    EXPECT_TRUE(read->state == before || read->state == on_trial) << cut;
    EXPECT_TRUE(cut < boot_state_copy_bytes || read->state == on_trial) << cut;
  }
}

TEST_F(BootStateFile, WhatIsDamagedTwiceOrNotThereIsSaid) {
  EXPECT_EQ(read_boot_state(path()).error().code, ErrorCode::corrupt);
  fs::resize_file(path(), 0);
  EXPECT_EQ(read_boot_state(path()).error().code, ErrorCode::corrupt);
  fs::remove(path());
  EXPECT_EQ(read_boot_state(path()).error().code, ErrorCode::not_found);
  EXPECT_EQ(write_boot_state(path(), on_trial).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace wayside
