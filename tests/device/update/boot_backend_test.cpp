// What RAUC is answered.
#include "wayside/device/update/boot_backend.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/device/update/boot_state.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

class BootBackend : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(path(), std::ios::binary) << std::string(8192, '\0');
    put({});
  }
  std::filesystem::path path() const { return folder_.path() / "bootstate"; }
  void put(const BootState& state) const { ASSERT_TRUE(write_boot_state(path(), state)); }
  BootState state() const { return read_boot_state(path()).value().state; }
  std::string say(const std::vector<std::string>& words) const {
    const auto said = boot_backend(path(), words);
    return said ? *said : "error: " + said.error().message;
  }

  doubles::TemporaryFolder folder_{doubles::in_memory()};
  const BootState trial_{BootSlot::a, BootSlot::b, 6, 0};
};

TEST_F(BootBackend, WhatIsMadePrimaryIsOnTrial) {
  EXPECT_EQ(say({"get-primary"}), "a");
  EXPECT_EQ(say({"get-state", "b"}), "bad");
  EXPECT_EQ(say({"set-primary", "b"}), "");
  EXPECT_EQ(state(), trial_);
  EXPECT_EQ(say({"get-primary"}), "b");
  EXPECT_EQ(say({"get-state", "a"}), "good");
  EXPECT_EQ(say({"get-state", "b"}), "good");
  EXPECT_EQ(say({"set-primary", "a"}), "");
  EXPECT_EQ(state(), BootState{});
}

TEST_F(BootBackend, NobodyConfirmsThroughIt) {
  put(trial_);
  EXPECT_EQ(say({"set-state", "b", "good"}), "");
  EXPECT_EQ(state(), trial_);
}

TEST_F(BootBackend, TheConfirmedSlotIsNotToBeWrittenTo) {
  EXPECT_THAT(say({"set-state", "a", "bad"}), testing::HasSubstr("slot a is the confirmed one"));
  EXPECT_EQ(state(), BootState{});
  put(trial_);
  EXPECT_EQ(say({"set-state", "b", "bad"}), "");
  EXPECT_EQ(state(), BootState{});
}

TEST_F(BootBackend, ATrialWithoutStartsLeftIsNotPrimary) {
  put({BootSlot::a, BootSlot::b, 0, 3});
  EXPECT_EQ(say({"get-primary"}), "a");
  EXPECT_EQ(say({"get-state", "b"}), "bad");
}

TEST_F(BootBackend, OtherWordsAreRefused) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{},
                                             {"get-primary", "a"},
                                             {"get-state"},
                                             {"get-state", "c"},
                                             {"set-state", "b"},
                                             {"set-state", "b", "so-so"},
                                             {"set-primary"},
                                             {"set-primary", "b", "good"},
                                             {"reset"},
                                             {"reset", "a"},
                                             {"set-state", "b", "bad", "more"}}) {
    EXPECT_THAT(say(words), testing::StartsWith("error: say get-primary"));
    EXPECT_EQ(state(), BootState{});
  }
}

}  // namespace
}  // namespace wayside
