// The power goes at every step of everything that writes: afterwards there is the old state or the new one,
// the store opens without a complaint, and what comes next works.
#include <functional>

#include "tests/device/config/store/store_fixture.hpp"

namespace wayside::testing_store {
namespace {

using namespace std::chrono_literals;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;

// All of a store that somebody can see.
struct View {
  std::string running;
  std::string candidate;
  std::uint32_t waits = 0;
  friend bool operator==(const View&, const View&) = default;
  friend void PrintTo(const View& view, std::ostream* out) {
    *out << view.running << " runs, candidate " << view.candidate << ", waits " << view.waits;
  }
};

class StorePowerCut : public StoreTest {
 protected:
  static View view_of(const ConfigurationStore& store) {
    const auto waiting = store.waiting();
    return {running_name(store), candidate_name(store), waiting && *waiting ? (*waiting)->version : 0};
  }

  // What is left of the disk when the step does not happen any more; nothing where there are fewer steps.
  std::vector<doubles::CutDisk::Files> cut_in(const doubles::CutDisk& before, std::size_t step,
                                              const std::function<void(ConfigurationStore&)>& work) {
    disk_ = std::make_shared<doubles::CutDisk>(before);
    disk_->steps = 0;
    ConfigurationStore store = open();
    static_cast<void>(store.edit("alice"));
    disk_->steps = 0;
    disk_->cut_at = step;
    work(store);
    return disk_->steps <= step ? std::vector<doubles::CutDisk::Files>{} : disk_->after_power_cut();
  }

  // Every cut in `work`, which begins with what `prepare` made; whether the machine starts anew or only the
  // process.
  void expect_old_or_new(const std::function<void(ConfigurationStore&)>& prepare,
                         const std::function<void(ConfigurationStore&)>& work, bool machine_starts) {
    {
      ConfigurationStore store = editing();
      prepare(store);
    }
    const doubles::CutDisk before = *disk_;
    const auto view_after = [&](doubles::CutDisk::Files files) {
      disk_ = std::make_shared<doubles::CutDisk>();
      disk_->live = disk_->durable = files;
      ConfigurationStore store = open(machine_starts ? second_boot : first_boot);
      EXPECT_THAT(store.problems(), IsEmpty());
      const View view = view_of(store);
      // Nothing stands in the way of what comes next.
      EXPECT_TRUE(store.edit("bob"));
      set_the_least(store, "next");
      commit(store);
      EXPECT_EQ(running_name(store), "\"next\"");
      return view;
    };
    const View old = view_after(before.durable);
    disk_ = std::make_shared<doubles::CutDisk>(before);
    {
      ConfigurationStore store = editing();
      work(store);
    }
    const View fresh = view_after(disk_->durable);
    std::size_t steps = 0;
    for (;; ++steps) {
      const auto left = cut_in(before, steps, work);
      if (left.empty()) break;
      for (const auto& files : left)
        EXPECT_THAT(view_after(files), AnyOf(old, fresh)) << "cut at step " << steps;
    }
    EXPECT_GE(steps, 3U) << "nothing was written";
  }
  void expect_old_or_new(const std::function<void(ConfigurationStore&)>& prepare,
                         const std::function<void(ConfigurationStore&)>& work) {
    const auto empty = std::make_shared<doubles::CutDisk>();
    for (const bool machine_starts : {false, true}) {
      SCOPED_TRACE(machine_starts ? "the machine starts anew" : "the process starts anew");
      disk_ = std::make_shared<doubles::CutDisk>(*empty);
      expect_old_or_new(prepare, work, machine_starts);
    }
  }

  static void two_versions(ConfigurationStore& store) {
    set_the_least(store, "one");
    commit(store);
    commit_name(store, "two");
  }
};

TEST_F(StorePowerCut, InTheFirstCommit) {
  expect_old_or_new([](ConfigurationStore& store) { set_the_least(store, "one"); },
                    [](ConfigurationStore& store) { static_cast<void>(store.commit(by_alice())); });
}

TEST_F(StorePowerCut, InACommit) {
  expect_old_or_new(
      [](ConfigurationStore& store) {
        two_versions(store);
        set(store, {"site", "name", "three"});
      },
      [](ConfigurationStore& store) { static_cast<void>(store.commit(by_alice())); });
}

TEST_F(StorePowerCut, InACommitThatTakesTheOldestVersionAway) {
  expect_old_or_new(
      [](ConfigurationStore& store) {
        two_versions(store);
        for (int i = 0; i < 19; ++i)
          commit_name(store, std::to_string(i));
        set(store, {"site", "name", "three"});
      },
      [](ConfigurationStore& store) { static_cast<void>(store.commit(by_alice())); });
}

TEST_F(StorePowerCut, InAConfirmedCommit) {
  expect_old_or_new(
      [](ConfigurationStore& store) {
        two_versions(store);
        set(store, {"site", "name", "three"});
      },
      [](ConfigurationStore& store) { static_cast<void>(store.commit(by_alice(5min))); });
}

TEST_F(StorePowerCut, InTheConfirmation) {
  expect_old_or_new(
      [](ConfigurationStore& store) {
        two_versions(store);
        commit_name(store, "three", 5min);
      },
      [](ConfigurationStore& store) { static_cast<void>(store.confirm()); });
}

TEST_F(StorePowerCut, WhileACommitIsTakenBack) {
  expect_old_or_new(
      [this](ConfigurationStore& store) {
        two_versions(store);
        commit_name(store, "three", 5min);
        clock_.wait_s(299);
      },
      [this](ConfigurationStore& store) {
        clock_.wait_s(1);
        static_cast<void>(store.tick());
        clock_.wait_s(-1);
      });
}

TEST_F(StorePowerCut, InARollbackAndItsCommit) {
  expect_old_or_new(two_versions, [](ConfigurationStore& store) { static_cast<void>(store.rollback(1)); });
  expect_old_or_new(
      [](ConfigurationStore& store) {
        two_versions(store);
        EXPECT_TRUE(store.rollback(1));
      },
      [](ConfigurationStore& store) { static_cast<void>(store.commit(by_alice())); });
}

TEST_F(StorePowerCut, WhileTheCandidateIsEdited) {
  const auto set_name = [](ConfigurationStore& store) {
    static_cast<void>(store.set(Words{"site", "name", "edited"}));
  };
  expect_old_or_new(two_versions, set_name);
  expect_old_or_new(
      [](ConfigurationStore& store) {
        two_versions(store);
        set(store, {"site", "name", "once"});
      },
      set_name);
}

TEST_F(StorePowerCut, AtTheVeryFirstStart) {
  for (std::size_t step = 0; step < 4; ++step) {
    disk_ = std::make_shared<doubles::CutDisk>();
    disk_->cut_at = step;
    static_cast<void>(config::open_store(std::make_unique<doubles::CutFiles>(disk_), clock_, first_boot, {}));
    for (const auto& files : disk_->after_power_cut()) {
      disk_ = std::make_shared<doubles::CutDisk>();
      disk_->live = disk_->durable = files;
      const ConfigurationStore store = open();
      EXPECT_EQ(*store.running_version(), 0U);
      EXPECT_THAT(store.problems(), IsEmpty());
    }
  }
}

TEST_F(StorePowerCut, AFullDiskIsToldAndLosesNothing) {
  for (std::size_t room : {0U, 1U}) {
    disk_ = std::make_shared<doubles::CutDisk>();
    ConfigurationStore store = editing();
    two_versions(store);
    set(store, {"site", "name", "three"});
    const View before = view_of(store);
    disk_->writes_in_a_row_allowed = room;  // for the version, not for the state
    const auto done = store.commit(by_alice());
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::exhausted);
    EXPECT_THAT(done.error().message, HasSubstr("make room on the disk"));
    EXPECT_EQ(view_of(store), before);
    EXPECT_THAT(*store.versions(), testing::SizeIs(2));
    EXPECT_THAT(store.set(Words{"site", "name", "four"}).error().message, HasSubstr("make room"));
    EXPECT_EQ(view_of(store), before);
    disk_->writes_in_a_row_allowed = 100;
    EXPECT_EQ(commit(store), 3U);
  }
}

TEST_F(StorePowerCut, ADiskThatFailsAtTheVeryEndOfACommitLeavesOldOrNew) {
  ConfigurationStore store = editing();
  two_versions(store);
  set(store, {"site", "name", "three"});
  disk_->flush_fails = true;
  ASSERT_FALSE(store.commit(by_alice()));
  disk_->flush_fails = false;
  EXPECT_THAT(open().problems(), IsEmpty());
  EXPECT_THAT(running_name(open()), AnyOf("\"two\"", "\"three\""));
  EXPECT_EQ(candidate_name(open()), "\"three\"");
}

}  // namespace
}  // namespace wayside::testing_store
