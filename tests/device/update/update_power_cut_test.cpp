// The power goes before every change that lasts, wherever in an update: the camera starts, and either the new
// system is confirmed in the end or the old one runs, and nothing is left lying about.
#include "tests/device/update/updater_fixture.hpp"

namespace wayside::testing_update {
namespace {

enum class NewSystem { works, sees_nothing, hangs };

// One life of the machine, from its start until it restarts, its power goes, or nothing is left to do.
bool live(Machine& machine, NewSystem kind) {
  machine.load();
  const bool is_new = machine.runs() != "1.0.0";
  EXPECT_NE(machine.runs(), "torn") << "a slot that is not whole was started";
  if (is_new && kind == NewSystem::hangs) return true;
  EXPECT_TRUE(machine.updater().started());
  // What wayside-update.path finds.
  if (machine.is_there(machine.folder.install()) || machine.is_there(machine.folder.confirm())) {
    EXPECT_TRUE(machine.updater().due());
  }
  if (machine.restarts) return true;
  if (machine.status().state != UpdateState::trial) return false;
  if (kind == NewSystem::works) {
    EXPECT_TRUE(request_confirm(machine.folder, {machine.boot_id(), {"capture", "deliver"}}));
    EXPECT_TRUE(machine.updater().due());
  }
  EXPECT_TRUE(machine.updater().deadline());
  return machine.restarts;
}

// Lives until nothing is left to do; the power goes at the given change. Whether it came to that.
bool live_through(Machine& machine, NewSystem kind, int cut_at) {
  machine.give("1.1.0");
  machine.cut_at = cut_at;
  bool was_cut = false;
  for (int life = 0; life < 30; ++life) {
    try {
      if (!live(machine, kind)) return was_cut;
    } catch (const PowerCut&) {
      was_cut = true;
      machine.cut_at.reset();
    }
  }
  ADD_FAILURE() << "it never comes to rest";
  return was_cut;
}

void expect_end(Machine& machine, NewSystem kind) {
  machine.cut_at.reset();
  const bool works = kind == NewSystem::works;
  EXPECT_EQ(machine.runs(), works ? "1.1.0" : "1.0.0");
  EXPECT_EQ(machine.status().state, works ? UpdateState::confirmed : UpdateState::reverted);
  EXPECT_EQ(machine.status().version, "1.1.0");
  EXPECT_EQ(machine.boot(), (BootState{works ? BootSlot::b : BootSlot::a, std::nullopt, 0, 0}));
  EXPECT_TRUE(machine.is_tidy());
  // Nothing stands in the way of the next.
  machine.give("1.2.0");
  EXPECT_TRUE(machine.updater().due());
  EXPECT_EQ(machine.status().state, UpdateState::installed);
}

void expect_every_cut_ends_well(NewSystem kind, int at_least) {
  for (int cut_at = 0;; ++cut_at) {
    SCOPED_TRACE(cut_at);
    Machine machine;
    const bool was_cut = live_through(machine, kind, cut_at);
    expect_end(machine, kind);
    if (testing::Test::HasFailure()) return;
    if (!was_cut) {
      EXPECT_GE(cut_at, at_least);
      return;
    }
  }
}

TEST(UpdatePowerCut, InAnUpdateThatWorks) {
  expect_every_cut_ends_well(NewSystem::works, 12);
}

TEST(UpdatePowerCut, InOneThatCannotDoItsWork) {
  expect_every_cut_ends_well(NewSystem::sees_nothing, 13);
}

TEST(UpdatePowerCut, InOneThatHangs) {
  expect_every_cut_ends_well(NewSystem::hangs, 11);
}

// A supply that breaks down under it: the camera is not to do nothing else for ever.
TEST(UpdatePowerCut, EachTimeThatItIsInstalledEndsInARefusalAndGivenAgainItIsTriedAnew) {
  Machine machine;
  const auto begin = [&] {
    machine.load();
    EXPECT_TRUE(machine.updater().started());
    machine.cut_at = machine.changes + 6;  // while the slot is written
    try {
      EXPECT_TRUE(machine.updater().due());
    } catch (const PowerCut&) {
      machine.cut_at.reset();
      return true;
    }
    machine.cut_at.reset();
    return false;
  };
  for (int giving = 0; giving < 2; ++giving) {
    machine.give("1.1.0");
    unsigned begun = 0;
    while (begun < 100 && begin())
      ++begun;
    EXPECT_EQ(begun, most_begun);
    EXPECT_EQ(machine.status().state, UpdateState::refused);
    EXPECT_THAT(machine.status().reason, testing::HasSubstr("broken off 6 times"));
    EXPECT_TRUE(machine.is_tidy());
    EXPECT_FALSE(machine.is_there(machine.folder.begun()));
    EXPECT_EQ(machine.runs(), "1.0.0");
  }
  machine.give("1.1.0");
  ASSERT_TRUE(begin());
  machine.load();
  ASSERT_TRUE(machine.updater().started());
  ASSERT_TRUE(machine.updater().due());
  EXPECT_EQ(machine.status().state, UpdateState::installed);
  EXPECT_FALSE(machine.is_there(machine.folder.begun()));
}

TEST(UpdatePowerCut, InARefusal) {
  for (int cut_at = 0;; ++cut_at) {
    SCOPED_TRACE(cut_at);
    Machine machine;
    machine.look_fails = "signed by nobody";
    const bool was_cut = live_through(machine, NewSystem::works, cut_at);
    EXPECT_EQ(machine.runs(), "1.0.0");
    EXPECT_EQ(machine.status().state, UpdateState::refused);
    EXPECT_FALSE(machine.is_there(machine.folder.install()));
    EXPECT_FALSE(machine.is_there(machine.folder.root / "bundle.raucb"));
    if (!was_cut) {
      EXPECT_GE(cut_at, 5);
      return;
    }
  }
}

}  // namespace
}  // namespace wayside::testing_update
