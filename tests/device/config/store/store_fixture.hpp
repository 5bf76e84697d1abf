// A store on a disk in memory, with a clock in the test's hands.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/device/config/store/store_body.hpp"
#include "tests/device/config/store/cut_disk.hpp"
#include "tests/doubles/hand_clock.hpp"

namespace wayside::testing_store {

inline const std::string first_boot(32, 'a');
inline const std::string second_boot(32, 'b');

using Words = std::vector<std::string>;

class StoreTest : public testing::Test {
 protected:
  ConfigurationStore open(const std::string& boot_id = first_boot,
                          std::span<const config::Migration> steps = {}) {
    auto store = config::open_store(std::make_unique<doubles::CutFiles>(disk_), clock_, boot_id, steps);
    EXPECT_TRUE(store) << store.error().message;
    return std::move(*store);
  }
  // One that edits.
  ConfigurationStore editing() {
    ConfigurationStore store = open();
    const Status begun = store.edit("alice on ttyS0");
    EXPECT_TRUE(begun) << begun.error().message;
    return store;
  }
  static void set(ConfigurationStore& store, const Words& words) {
    const Status done = store.set(words);
    EXPECT_TRUE(done) << done.error().message;
  }
  static std::string refusal_of_set(ConfigurationStore& store, const Words& words) {
    const Status done = store.set(words);
    EXPECT_FALSE(done);
    return done ? std::string() : done.error().message;
  }
  static void set_the_least(ConfigurationStore& store, const std::string& name = "Test road") {
    set(store, {"site", "name", name});
    set(store, {"site", "feed_id", "1"});
    set(store, {"site", "source_id", "2"});
    set(store, {"site", "camera_id", "3"});
    set(store, {"camera", "source", "libcamera"});
  }
  static CommitRequest by_alice(std::optional<std::chrono::seconds> confirm_within = {}) {
    return {"alice", "why", confirm_within};
  }
  static std::uint32_t commit(ConfigurationStore& store,
                              std::optional<std::chrono::seconds> confirm_within = {}) {
    const auto done = store.commit(by_alice(confirm_within));
    EXPECT_TRUE(done) << done.error().message;
    return done ? done->version : 0;
  }
  // A version with that name for its site.
  static std::uint32_t commit_name(ConfigurationStore& store, const std::string& name,
                                   std::optional<std::chrono::seconds> confirm_within = {}) {
    set(store, {"site.name", name});
    return commit(store, confirm_within);
  }
  static std::string name_in(const std::vector<ConfigurationSetting>& settings) {
    for (const ConfigurationSetting& setting : settings) {
      if (setting.path == "site.name") return setting.value;
    }
    return {};
  }
  static std::string running_name(const ConfigurationStore& store) {
    const auto settings = store.running_settings();
    EXPECT_TRUE(settings) << settings.error().message;
    return settings ? name_in(*settings) : std::string();
  }
  static std::string candidate_name(const ConfigurationStore& store) {
    const auto settings = store.candidate_settings();
    EXPECT_TRUE(settings) << settings.error().message;
    return settings ? name_in(*settings) : std::string();
  }

  std::shared_ptr<doubles::CutDisk> disk_ = std::make_shared<doubles::CutDisk>();
  doubles::HandClock clock_{*utc_from_iso8601("2026-11-28T14:00:00Z")};
};

}  // namespace wayside::testing_store
