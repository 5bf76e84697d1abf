// Files that cannot be read, and files of other firmware.
#include "tests/device/config/store/store_fixture.hpp"

namespace wayside::testing_store {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class DamagedStore : public StoreTest {
 protected:
  void three_versions() {
    ConfigurationStore store = editing();
    set_the_least(store, "one");
    commit(store);
    commit_name(store, "two");
    commit_name(store, "three");
  }
  std::string& file(const std::string& name) { return disk_->live.at(name); }
};

TEST_F(DamagedStore, AStateThatIsTornOrLostIsMadeOutFromTheVersionsAndKept) {
  three_versions();
  const std::string whole = file("state");
  std::string flipped = whole;
  flipped[12] ^= 1;
  for (const std::string& damaged :
       {std::string(), whole.substr(0, 20), whole + "x", flipped, std::string("{}\n")}) {
    file("state") = damaged;
    ConfigurationStore store = open();
    EXPECT_EQ(running_name(store), "\"three\"");
    EXPECT_THAT(store.problems(), ElementsAre(HasSubstr("/config/state cannot be read")));
    EXPECT_THAT(store.problems()[0], HasSubstr("Version 3 is taken for the one that runs"));
  }
  ConfigurationStore store = editing();
  EXPECT_EQ(commit_name(store, "four"), 4U);
  EXPECT_THAT(store.problems(), IsEmpty());
  EXPECT_EQ(file("state.damaged-1"), "{}\n") << "it is not written over";
  disk_->live.erase("state");
  EXPECT_EQ(running_name(open()), "\"four\"");
  EXPECT_THAT(open().problems(), SizeIs(1));
}

// As the README has it: the only version there is was confirmed, and nothing but the state said so.
TEST_F(DamagedStore, WithoutAStateAVersionThatWasConfirmedIsTaken) {
  ConfigurationStore store = editing();
  set_the_least(store, "one");
  commit(store, 300s);
  ASSERT_TRUE(store.confirm());
  file("state") = "torn";
  EXPECT_EQ(running_name(open()), "\"one\"");
  // Or by the commit after it.
  EXPECT_EQ(commit_name(store, "two"), 2U);
  set(store, {"site", "name", "three"});
  commit(store, 300s);
  EXPECT_EQ(commit_name(store, "four"), 4U);
  file("state") = "torn";
  disk_->live.erase("history/000004.toml");
  EXPECT_EQ(running_name(open()), "\"three\"");
}

TEST_F(DamagedStore, WithoutAStateAVersionThatStillHadToBeConfirmedIsNotTaken) {
  {
    ConfigurationStore store = editing();
    set_the_least(store, "one");
    commit(store);
    commit_name(store, "cuts the camera off", 5min);
  }
  file("state") = "torn";
  EXPECT_EQ(running_name(open()), "\"one\"");
}

TEST_F(DamagedStore, WhereTheRunningVersionCannotBeReadTheNewestEarlierOneRunsAndThatIsSaid) {
  three_versions();
  const std::string whole = file("history/000003.toml");
  std::string flipped = whole;
  flipped[whole.find("three")] = 'T';
  for (const std::string& damaged : {flipped, std::string(), whole.substr(0, whole.size() - 1)}) {
    file("history/000003.toml") = damaged;
    ConfigurationStore store = open();
    EXPECT_EQ(*store.running_version(), 2U);
    EXPECT_TRUE(store.running());
    ASSERT_THAT(store.problems(), SizeIs(1));
    EXPECT_THAT(store.problems()[0],
                HasSubstr("version 3 should run and cannot be read; version 2 runs instead"));
    EXPECT_THAT(store.problems()[0], HasSubstr("/config/history/000003.toml cannot be used"));
    const auto versions = store.versions();
    ASSERT_THAT(*versions, SizeIs(3));
    EXPECT_EQ((*versions)[0].number, 2U);
    EXPECT_THAT((*versions)[1].unreadable, HasSubstr("000003.toml"));
    EXPECT_FALSE(store.edit("a") && store.rollback(1));
  }
  file("history/000003.toml") = whole;
  EXPECT_EQ(running_name(open()), "\"three\"") << "it was not deleted, and runs when it can be read again";
}

TEST_F(DamagedStore, WhereNoVersionCanBeReadTheCameraCanStillBeCommissioned) {
  three_versions();
  for (const char* name : {"history/000001.toml", "history/000002.toml", "history/000003.toml"})
    file(name) = "x";
  ConfigurationStore store = editing();
  EXPECT_FALSE(store.running());
  EXPECT_THAT(store.problems()[0], HasSubstr("no version can stand in for it: load one and commit"));
  set_the_least(store, "again");
  EXPECT_EQ(commit(store), 4U);
  EXPECT_EQ(running_name(store), "\"again\"");
}

TEST_F(DamagedStore, ACandidateThatCannotBeReadIsSetAside) {
  three_versions();
  disk_->live["candidate.toml"] = "torn";
  ConfigurationStore store = editing();
  EXPECT_THAT(store.problems(), ElementsAre(HasSubstr("/config/candidate.toml cannot be used")));
  EXPECT_EQ(candidate_name(store), "\"three\"");
  set(store, {"site", "name", "four"});
  EXPECT_EQ(candidate_name(store), "\"four\"");
  EXPECT_EQ(file("candidate.toml.damaged-1"), "torn");
  EXPECT_THAT(store.problems(), IsEmpty());
}

// --- other firmware ---

config::Value in_ms(const config::Value& seconds) {
  const auto* whole = std::get_if<std::int64_t>(&seconds);
  return whole == nullptr ? seconds : config::Value{*whole * 1000};
}

// As if upload.wait had become capture.stall_limit_ms, recognition.threads recognition.read_threads, and
// camera.colour had gone; in two steps.
const std::vector<config::Migration> steps = {
    {{"upload.wait", "capture.stall_limit_s"}, {"recognition.threads", "recognition.read_threads"}},
    {{"capture.stall_limit_s", "capture.stall_limit_ms", in_ms}, {"camera.colour"}},
};

class OtherFirmware : public DamagedStore {
 protected:
  // By hand, as that firmware wrote it.
  void put_version(std::uint32_t number, unsigned format, const std::string& more) {
    config::VersionFile version;
    version.format = format;
    version.number = number;
    version.after = number - 1;
    version.who = "alice";
    version.toml = "[site]\nname = \"v" + std::to_string(number) +
                   "\"\nfeed_id = 1\nsource_id = 2\ncamera_id = 3\n[camera]\nsource = \"libcamera\"\n" + more;
    disk_->live[config::version_name(number)] = text_of(version);
    config::StoreState state;
    state.running = state.last = number;
    for (std::uint32_t earlier = number - 1; earlier != 0; --earlier)
      state.earlier.push_back(earlier);
    disk_->live["state"] = text_of(state);
    disk_->durable = disk_->live;
  }
  const std::string old_keys = "colour = 3\n[upload]\nwait = 7\n[recognition]\nthreads = 4\n";
};

TEST_F(OtherFirmware, AnOlderVersionIsMigratedStepByStepAndItsFileStaysAsItIs) {
  put_version(1, 1, old_keys);
  const auto before = disk_->live;
  ConfigurationStore store = open(second_boot, steps);
  const auto running = store.running();
  ASSERT_TRUE(running) << running.error().message;
  EXPECT_EQ(running->capture.stall_limit_ms, 7000U);
  EXPECT_EQ(running->recognition.read_threads, 4U);
  EXPECT_EQ(disk_->live, before) << "so that the older firmware still reads it";
  ASSERT_TRUE(store.edit("bob"));
  EXPECT_EQ(commit_name(store, "new"), 2U);
  EXPECT_THAT(file("history/000002.toml"),
              testing::AllOf(HasSubstr("format 3\n"), HasSubstr("stall_limit_ms = 7000"),
                             testing::Not(HasSubstr("colour"))));
  ASSERT_TRUE(store.load("# Wayside configuration, format 2\n[capture]\nstall_limit_s = 9\n"));
  EXPECT_THAT(*store.save(), HasSubstr("stall_limit_ms = 9000"));
}

TEST_F(OtherFirmware, WhatStandsUnderTheNewNameIsKept) {
  put_version(1, 1, "[recognition]\nthreads = 4\nread_threads = 2\n");
  EXPECT_EQ(open(first_boot, steps).running()->recognition.read_threads, 2U);
}

TEST_F(OtherFirmware, AfterADowngradeTheNewestVersionThatItCanReadRunsAndTheNewerOnesAreKept) {
  put_version(1, 1, "");
  put_version(2, 3, "[capture]\nstall_limit_ms = 7000\n");
  ConfigurationStore old = open();
  EXPECT_EQ(running_name(old), "\"v1\"");
  ASSERT_THAT(old.problems(), SizeIs(1));
  EXPECT_THAT(old.problems()[0],
              HasSubstr("a newer Wayside wrote it, in format 3, and this one reads formats up to 1"));
  EXPECT_EQ(running_name(open(first_boot, steps)), "\"v2\"") << "updated again it runs what it ran";
}

TEST_F(OtherFirmware, APowerCutWhileItMigratesCannotHurtForNothingIsWritten) {
  put_version(1, 1, old_keys);
  disk_->cut_at = 0;
  disk_->steps = 0;
  EXPECT_EQ(open(second_boot, steps).running()->capture.stall_limit_ms, 7000U);
  EXPECT_EQ(disk_->steps, 0U);
}

TEST_F(OtherFirmware, AVersionThatStricterFirmwareRefusesIsToldWhole) {
  put_version(1, 1, "[upload]\nurl = \"mqtts://x\"\n");
  const auto running = open().running();
  ASSERT_FALSE(running);
  EXPECT_THAT(running.error().message, HasSubstr("version 1 cannot run: upload.url is"));
}

}  // namespace
}  // namespace wayside::testing_store
