#include "wayside/device/config/store/configuration_store.hpp"

#include "tests/device/config/store/store_fixture.hpp"

namespace wayside::testing_store {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ConfigurationStoreTest : public StoreTest {};

TEST_F(ConfigurationStoreTest, AFreshCameraHasNoneAndSaysWhatToDo) {
  const ConfigurationStore store = open();
  EXPECT_EQ(*store.running_version(), 0U);
  ASSERT_FALSE(store.running());
  EXPECT_EQ(store.running().error().code, ErrorCode::not_found);
  EXPECT_THAT(store.running().error().message, HasSubstr("set one at its console and commit"));
  EXPECT_THAT(*store.versions(), IsEmpty());
  EXPECT_THAT(store.problems(), IsEmpty());
}

TEST_F(ConfigurationStoreTest, WhatIsCommittedRunsAndSaysByWhomWhenAndWhy) {
  ConfigurationStore store = editing();
  set_the_least(store, "A14 \"J31\" \xC2\xA7");
  set(store, {"lane", "2", "polygon", "0,0", "0.5,0", "0.5,1"});
  EXPECT_THAT(*store.check(), IsEmpty());
  const auto done = store.commit(by_alice());
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->version, 1U);
  EXPECT_THAT(done->changes, SizeIs(6));
  EXPECT_EQ(done->changes.front().path, "site.name");
  EXPECT_EQ(done->changes.front().before, "");
  EXPECT_EQ(done->changes.front().after, "\"A14 \\\"J31\\\" \xC2\xA7\"");
  const ConfigurationStore again = open();
  const auto running = again.running();
  ASSERT_TRUE(running) << running.error().message;
  EXPECT_EQ(running->site.name, "A14 \"J31\" \xC2\xA7");
  EXPECT_EQ(running->site.camera_id, 3U);
  EXPECT_EQ(running->version.size(), 16U);
  ASSERT_THAT(running->lanes, SizeIs(1));
  EXPECT_EQ(running->lanes[0].number, 2);
  const auto versions = again.versions();
  ASSERT_THAT(*versions, SizeIs(1));
  EXPECT_EQ(versions->front().who, "alice");
  EXPECT_EQ(versions->front().comment, "why");
  EXPECT_EQ(to_iso8601(versions->front().at), "2026-11-28T14:00:00.000Z");
  EXPECT_TRUE(versions->front().runs);
}

TEST_F(ConfigurationStoreTest, ComparingTellsEveryKeyBeforeAndAfterAndWhatItTakes) {
  ConfigurationStore store = editing();
  set_the_least(store);
  commit(store);
  set(store, {"site", "name", "B"});
  set(store, {"passes", "min_reads", "3"});
  set(store, {"upload", "url", "https://office:8443"});
  set(store, {"lane.1.polygon", "[[0,", "0],", "[0.5,0],", "[0.5,1]]"});
  const auto changes = store.compare();
  ASSERT_TRUE(changes);
  ASSERT_THAT(*changes, SizeIs(4));
  EXPECT_EQ((*changes)[0].path, "site.name");
  EXPECT_EQ((*changes)[0].before, "\"Test road\"");
  EXPECT_EQ((*changes)[0].effect, Effect::at_once);
  EXPECT_EQ((*changes)[1].path, "passes.min_reads");
  EXPECT_EQ((*changes)[1].before, "2");
  EXPECT_EQ((*changes)[1].after, "3");
  EXPECT_EQ((*changes)[1].effect, Effect::restart);
  EXPECT_EQ((*changes)[2].effect, Effect::remade);
  EXPECT_EQ((*changes)[3].path, "lane.1.polygon");
  EXPECT_EQ((*changes)[3].after, "[[0, 0], [0.5, 0], [0.5, 1]]");
  EXPECT_EQ(effect_of(*changes), Effect::restart);
  ASSERT_TRUE(store.unset(Words{"lane", "1"}));
  ASSERT_TRUE(store.unset(Words{"passes"}));
  EXPECT_THAT(*store.compare(), SizeIs(2));
  ASSERT_TRUE(store.rollback(0));
  EXPECT_THAT(*store.compare(), IsEmpty());
}

TEST_F(ConfigurationStoreTest, AWrongWordIsToldTheRightOne) {
  ConfigurationStore store = editing();
  EXPECT_THAT(refusal_of_set(store, {"site", "nme", "x"}), HasSubstr("did you mean \"name\"?"));
  EXPECT_THAT(refusal_of_set(store, {"sit", "name", "x"}), HasSubstr("did you mean \"site\"?"));
  EXPECT_THAT(refusal_of_set(store, {"site.feed_id", "-1"}),
              HasSubstr("site.feed_id is \"-1\", expected a whole number from 0 to 4294967295"));
  EXPECT_THAT(refusal_of_set(store, {"site", "name", "a", "b"}),
              HasSubstr("put a text with spaces into quotes"));
  EXPECT_THAT(refusal_of_set(store, {"site", "name"}), HasSubstr("takes one value"));
  EXPECT_THAT(refusal_of_set(store, {"queue", "directory", "queue"}), HasSubstr("expected an absolute path"));
  EXPECT_THAT(refusal_of_set(store, {"camera", "source", "replay:a.mp4"}), HasSubstr("absolute path"));
  EXPECT_THAT(refusal_of_set(store, {"site", "name", "a\xff"}), HasSubstr("site.name is"));
  EXPECT_THAT(refusal_of_set(store, {"site", "name", "a\x1b[2J"}),
              AllOf(HasSubstr("\\u001b"), testing::Not(HasSubstr("\x1b"))));
  EXPECT_THAT(refusal_of_set(store, {"lane", "0", "polygon", "0,0"}), HasSubstr("from 1 to 99"));
  for (const Words& points : {Words{"0,0", "1,1"},
                              {"0,0", "1,0", "1,2"},
                              {"0,0", "1,0", "x"},
                              {"[[0,0],[1,0]"},
                              {"0,0", "", "1,1"},
                              {"0,0,0", "1,0", "1,1"},
                              {"nan,0", "1,0", "1,1"}}) {
    Words words = {"lane", "1", "polygon"};
    words.insert(words.end(), points.begin(), points.end());
    EXPECT_THAT(refusal_of_set(store, words), HasSubstr("expected 3 to 64 points"));
  }
  EXPECT_THAT(refusal_of_set(store, {}), HasSubstr("name a key"));
  EXPECT_FALSE(store.unset(Words{"site", "latitude"}));
  EXPECT_FALSE(store.unset(Words{"lane", "4"}));
  EXPECT_THAT(*store.candidate_settings(), IsEmpty());
}

TEST_F(ConfigurationStoreTest, AllThatIsMissingOrDoesNotGoTogetherIsToldAtOnceAndNothingIsCommitted) {
  ConfigurationStore store = editing();
  set(store, {"site", "name", "x"});
  set(store, {"site", "latitude", "52"});
  set(store, {"upload", "url", "mqtts://broker"});
  const auto complaints = store.check();
  ASSERT_TRUE(complaints);
  EXPECT_THAT(*complaints,
              testing::IsSupersetOf({HasSubstr("site.camera_id is missing, expected a whole"),
                                     HasSubstr("camera.source is missing"),
                                     HasSubstr("site.latitude is there without site.longitude"),
                                     HasSubstr("expected an address that begins with https://")}));
  const auto done = store.commit(by_alice());
  ASSERT_FALSE(done);
  for (const std::string& complaint : *complaints)
    EXPECT_THAT(done.error().message, HasSubstr(complaint));
  EXPECT_EQ(*store.running_version(), 0U);
  EXPECT_EQ(candidate_name(store), "\"x\"");
}

// The daemon's user would write, read or run what is named, its own keys included.
TEST_F(ConfigurationStoreTest, NoCommitPointsOutOfTheCamerasOwnPlaces) {
  ConfigurationStore store = editing();
  set_the_least(store);
  commit(store);
  const Words wrong[] = {{"identity", "directory", "/var/lib/wayside/mine"},
                         {"queue", "directory", "/var/lib/wayside/wipe/requested"},
                         {"clock", "chronyc", "/tmp/program"},
                         {"console", "control_socket", "/var/lib/wayside/wipe/requested"},
                         {"supervision", "metrics_socket", "/var/lib/wayside/wipe/requested"},
                         {"supervision", "metrics_socket", "/run/wayside/metrics/../control"},
                         {"supervision", "watchdog", "/var/lib/wayside/identity/device.key"},
                         {"supervision", "watchdog", "/dev/mmcblk0"},
                         {"board", "sensors", "/var/lib/wayside"},
                         {"illuminator", "pwm_chip", "/sys/../var/lib/wayside"},
                         {"illuminator", "temperature", "/var/lib/wayside/identity/device.key"},
                         {"upload", "ca_certificate", "/etc/ssl/certs/ca-certificates.crt"},
                         {"upload", "private_key", "/etc/wayside/../../var/lib/wayside/identity/device.key"}};
  for (const Words& words : wrong) {
    SCOPED_TRACE(words[1] + " " + words[2]);
    set(store, words);
    ASSERT_FALSE(store.check()->empty());
    EXPECT_THAT(*store.check(), testing::Contains(HasSubstr(words[0] + "." + words[1] + " is \"")));
    EXPECT_FALSE(store.commit(by_alice()));
    ASSERT_TRUE(store.unset(Words{words[0], words[1]}));
    EXPECT_TRUE(store.check()->empty()) << store.check()->front();
  }
  for (const Words& words : {Words{"supervision", "watchdog", "/dev/watchdog"},
                             Words{"illuminator", "gpio_chip", "/dev/gpiochip1"},
                             Words{"supervision", "metrics_socket", "/run/wayside/metrics"},
                             Words{"queue", "directory", "/var/lib/wayside/queue"},
                             Words{"upload", "ca_certificate", "/etc/wayside/police/ca.crt"},
                             Words{"illuminator", "temperature", "/sys/class/hwmon/hwmon0/temp1_input"}})
    set(store, words);
  const auto left = store.check();
  ASSERT_TRUE(left);
  EXPECT_THAT(*left, testing::Each(testing::Not(HasSubstr(" is \"/"))));
}

TEST_F(ConfigurationStoreTest, OnlyOneEditsAndTheOtherIsToldWho) {
  ConfigurationStore store = editing();
  set_the_least(store);
  ConfigurationStore other = open();
  const Status refused = other.edit("bob on ttyUSB0");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  EXPECT_THAT(refused.error().message, HasSubstr("alice on ttyS0 edits the configuration"));
  EXPECT_THAT(refusal_of_set(other, {"site", "name", "mine"}), HasSubstr("configure first"));
  EXPECT_FALSE(other.commit(by_alice()));
  EXPECT_EQ(candidate_name(other), "\"Test road\"") << "looking is for everybody";
  store.leave();
  ASSERT_TRUE(other.edit("bob on ttyUSB0"));
  EXPECT_EQ(candidate_name(other), "\"Test road\"") << "what was edited is kept for the next one";
  EXPECT_EQ(commit(other), 1U);
}

TEST_F(ConfigurationStoreTest, NothingToCommitIsSaid) {
  ConfigurationStore store = editing();
  set_the_least(store);
  commit(store);
  const auto done = store.commit(by_alice());
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("there is nothing to commit"));
  EXPECT_THAT(*store.versions(), SizeIs(1));
}

TEST_F(ConfigurationStoreTest, TwentyEarlierVersionsAreKeptAndRollbackCountsThem) {
  ConfigurationStore store = editing();
  set_the_least(store, "1");
  commit(store);
  for (int i = 2; i <= 30; ++i)
    commit_name(store, std::to_string(i));
  const auto versions = store.versions();
  ASSERT_TRUE(versions);
  ASSERT_THAT(*versions, SizeIs(21));
  EXPECT_EQ(versions->front().number, 30U);
  EXPECT_EQ(versions->back().number, 10U);
  ASSERT_TRUE(store.rollback(3));
  EXPECT_EQ(candidate_name(store), "\"27\"");
  EXPECT_EQ(running_name(store), "\"30\"");
  EXPECT_EQ(commit(store), 31U);
  EXPECT_EQ(running_name(store), "\"27\"");
  const Status too_far = store.rollback(21);
  ASSERT_FALSE(too_far);
  EXPECT_THAT(too_far.error().message, HasSubstr("20 others are kept"));
}

TEST_F(ConfigurationStoreTest, WhatIsSavedIsLoadedAsTheSame) {
  ConfigurationStore store = editing();
  set_the_least(store);
  set(store, {"lane", "7", "polygon", "0.1,0.2", "0.30000000000000004,0", "1,1"});
  set(store, {"passes", "min_confidence", "0.1"});
  commit(store);
  const std::string text = *store.save();
  set(store, {"passes", "min_confidence", "0.9"});
  ASSERT_TRUE(store.unset(Words{"lane"}));
  ASSERT_TRUE(store.load(text));
  EXPECT_THAT(*store.compare(), IsEmpty());
  EXPECT_EQ(*store.save(1), text);
  const Status wrong = store.load("[site]\nname = 3\ncolour = 1\n[camera]\nsource = \"replay:a\"\n");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message,
              AllOf(HasSubstr("line 2: site.name is 3"), HasSubstr("line 3: [site] has no key \"colour\""),
                    HasSubstr("line 5: camera.source is \"replay:a\"")));
  EXPECT_THAT(*store.compare(), IsEmpty()) << "nothing was taken";
  ASSERT_TRUE(store.load("[site]\nname = \"only\"\n")) << "what is missing is for check";
  EXPECT_FALSE(store.load("# Wayside configuration, format 99\n"));
  EXPECT_FALSE(store.load("[site]\nname = \"a\\u009b2Jb\"\n")) << "what drives a terminal";
  EXPECT_TRUE(store.load("[site]\nname = \"caf\\u00e9 \\u00a0\"\n"));
}

TEST_F(ConfigurationStoreTest, NoConfigurationGrowsBeyondWhatCanBeReadAgain) {
  ConfigurationStore store = editing();
  set_the_least(store);
  Words polygon = {"0,0.1"};
  for (int i = 0; i < 62; ++i)
    polygon.push_back("0." + std::to_string(10000000000 + i * 7919) + ",0.1");
  polygon.push_back("0.9,0.9");
  std::string message;
  for (int lane = 1; lane <= 99 && message.empty(); ++lane) {
    Words words = {"lane", std::to_string(lane), "polygon"};
    words.insert(words.end(), polygon.begin(), polygon.end());
    if (const Status done = store.set(words); !done) message = done.error().message;
  }
  EXPECT_THAT(message, HasSubstr("give lanes fewer points"));
  EXPECT_EQ(commit(store), 1U);
  EXPECT_TRUE(open().running());
}

TEST_F(ConfigurationStoreTest, WhoAndWhyAreOfOneLine) {
  ConfigurationStore store = editing();
  set_the_least(store);
  for (const CommitRequest& request : {CommitRequest{"a\nb", "", {}},
                                       {"alice", "x\x1b[2J", {}},
                                       {"alice", std::string(201, 'x'), {}},
                                       {"alice", "\xff", {}},
                                       {"alice", "", 59s},
                                       {"alice", "", 25h}}) {
    const auto done = store.commit(request);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::invalid_input);
  }
  EXPECT_THAT(*store.versions(), IsEmpty());
}

TEST_F(ConfigurationStoreTest, EveryKeyHasItsSinceItsEffectAndCanBeSetToItsDefault) {
  ConfigurationStore store = editing();
  for (const KeyDescription& key : configuration_keys()) {
    EXPECT_EQ(configuration_key(key.path == "lane.N.polygon" ? "lane.12.polygon" : key.path), &key);
    EXPECT_FALSE(key.help.empty() || key.form.empty()) << key.path;
    EXPECT_THAT(key.since, testing::MatchesRegex("[0-9]+\\.[0-9]+")) << key.path;
    if (key.default_value.empty() || key.default_value.starts_with('[')) continue;
    std::string word = key.default_value;
    if (word.starts_with('"')) word = word.substr(1, word.size() - 2);
    set(store, {key.path, word});
  }
  EXPECT_EQ(configuration_key("lane.100.polygon"), nullptr);
  EXPECT_EQ(configuration_key("site.colour"), nullptr);
  EXPECT_THAT(*store.compare(), IsEmpty()) << "a default that is given changes nothing";
}

}  // namespace
}  // namespace wayside::testing_store
