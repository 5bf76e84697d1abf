// The audit trail: its loss, its alteration and its tearing are named.
#include <gmock/gmock.h>

#include "tests/device/audit/trail_fixture.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(TrailTest, NoBitOfALineCanBeFlipped) {
  AuditTrail trail = with_logins(3);
  std::vector<std::string> lines = lines_of(text());
  const std::string whole = lines[2];
  for (std::size_t bit = 0; bit < 8 * whole.size(); bit += 13) {
    lines[2] = whole;
    lines[2][bit / 8] = static_cast<char>(lines[2][bit / 8] ^ (1 << (bit % 8)));
    const TrailReport report = verify_trail(joined(lines));
    ASSERT_FALSE(report.good()) << "bit " << bit;
    EXPECT_THAT(report.faults.front(), HasSubstr("between entry 2 and entry 4")) << "bit " << bit;
  }
}

TEST_F(TrailTest, AnEntryThatIsLeftOutMovedOrPutInIsNamed) {
  AuditTrail trail = with_logins(5);
  const std::vector<std::string> lines = lines_of(text());
  auto changed = lines;
  changed.erase(changed.begin() + 3);
  EXPECT_THAT(verify_trail(joined(changed)).faults, ElementsAre("entry 4 is missing"));
  changed = lines;
  changed.erase(changed.begin(), changed.begin() + 2);
  EXPECT_THAT(verify_trail(joined(changed)).faults, ElementsAre("entries 1 to 2 are missing"));
  changed = lines;
  std::swap(changed[2], changed[3]);
  EXPECT_THAT(verify_trail(joined(changed)).faults, Contains(HasSubstr("entry 3 stands after entry 4")));
  changed = lines;
  changed.insert(changed.begin() + 4, changed[3]);
  EXPECT_THAT(verify_trail(joined(changed)).faults, ElementsAre(HasSubstr("entry 4 stands after entry 4")));
  // A whole line, signed by a key of its own.
  doubles::TemporaryFolder elsewhere;
  auto other = AuditTrail::open({elsewhere.path() / "audit", std::string(32, 'b')}, clock_);
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(other->append(login("eve")));
  changed = lines;
  changed[4] = other->read(5)->front().line;
  EXPECT_THAT(verify_trail(joined(changed)).faults, Contains(HasSubstr("entry 5 is signed by another key")));
  EXPECT_THAT(verify_trail(joined(changed)).faults, Contains(HasSubstr("entry 5 does not follow")));
}

TEST_F(TrailTest, AnEndThatWasCutOffIsNamedOnceTheLogOfRecordsHasIt) {
  AuditTrail trail = with_logins(5);
  ASSERT_TRUE(trail.set_carried({6, trail.last(1)->front().hash}));
  ASSERT_TRUE(trail.verify()->good());
  auto lines = lines_of(text());
  lines.resize(4);
  put(joined(lines));
  EXPECT_THAT(trail.verify()->faults, ElementsAre(HasSubstr("entries 5 to 6 are missing at the end")));
  // And it stays so: no number is given twice.
  ASSERT_TRUE(trail.append(login("eve")));
  EXPECT_EQ(trail.last(1)->front().number, 7U);
  EXPECT_THAT(trail.verify()->faults, ElementsAre("entries 5 to 6 are missing"));
  // All of it.
  put("");
  EXPECT_FALSE(trail.verify()->good());
  ASSERT_TRUE(trail.append(login("eve")));
  EXPECT_EQ(trail.last(1)->front().number, 7U);
  EXPECT_FALSE(trail.verify()->good());
}

TEST_F(TrailTest, EveryWritePrefixLeavesWhatWasAcknowledgedAndATearThatIsNamed) {
  AuditTrail trail = with_logins(2);
  const std::string before = text();
  const std::vector<TrailEvent> two = {login("c"), login("d")};
  ASSERT_TRUE(trail.append(two));
  const std::string after = text();
  for (std::size_t size = before.size(); size <= after.size(); ++size) {
    put(after.substr(0, size));
    const auto torn = trail.verify();
    ASSERT_TRUE(torn);
    EXPECT_THAT(torn->faults, IsEmpty()) << size;
    EXPECT_GE(torn->last, 3U) << size;
    ASSERT_TRUE(trail.append(login("e"))) << size;
    const auto mended = trail.verify();
    EXPECT_THAT(mended->faults, IsEmpty()) << size;
    // Where the cut is at the end of a line, nothing is torn; only its end missing is put right.
    const std::string rest = after.substr(before.size(), size - before.size());
    const std::size_t line = rest.find('\n') == std::string::npos ? 0 : rest.rfind('\n') + 1;
    const std::size_t whole = after.find('\n', before.size() + line) - before.size();
    const bool tears = rest.size() != line && rest.size() != whole;
    EXPECT_EQ(mended->notes.size(), tears ? 1U : 0U) << size;
    EXPECT_EQ(trail.last(1)->front().what.by.name, "e");
  }
}

TEST_F(TrailTest, ATearOverATearIsNamedToo) {
  AuditTrail trail = with_logins(2);
  const std::string before = text();
  put(before + "{\"entry\":{\"by");
  ASSERT_TRUE(trail.append(login("c")));
  const std::string after = text();
  for (std::size_t size = before.size(); size < after.size(); size += 3) {
    put(after.substr(0, size));
    ASSERT_TRUE(trail.append(login("d"))) << size;
    EXPECT_THAT(trail.verify()->faults, IsEmpty()) << size;
  }
  // What a file system may leave behind a power cut.
  put(before + std::string(700, '\0'));
  ASSERT_TRUE(trail.append(login("e")));
  EXPECT_THAT(trail.verify()->faults, IsEmpty());
  EXPECT_THAT(trail.verify()->notes, SizeIs(1));
}

TEST_F(TrailTest, AnAlteredLastLineIsNoTear) {
  AuditTrail trail = with_logins(3);
  std::string altered = text();
  altered[altered.rfind("\"c\"") + 1] = 'x';
  for (const std::string& end : {std::string("\n"), std::string()}) {
    put(altered.substr(0, altered.size() - 1) + end);
    EXPECT_THAT(trail.verify()->faults, ElementsAre(HasSubstr("after entry 3, at the end")));
  }
  // Nor does the next entry make it one.
  ASSERT_TRUE(trail.append(login("d")));
  EXPECT_THAT(trail.verify()->faults, Contains(HasSubstr("between entry 3 and entry 4")));
}

// Of an entry that a newer firmware left before the camera went back.
TEST_F(TrailTest, WhatANewerFirmwarePutDownStaysWhateverIsPutDownBehindIt) {
  AuditTrail trail = with_logins(2);
  std::string newer = lines_of(text()).back();
  newer.replace(newer.find("wayside-trail-1"), 15, "wayside-trail-2");
  const std::string before = text() + newer + "\n";
  put(before);
  const Status done = trail.append(login("z"));
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_TRUE(text().starts_with(before));
}

TEST_F(TrailTest, AnotherKeyIsABreakThatIsNamed) {
  AuditTrail trail = with_logins(2);
  const auto lose = [&](const std::function<void()>& how, std::uint64_t number) {
    how();
    ASSERT_TRUE(trail.append(login("c")));
    const auto report = trail.verify();
    EXPECT_THAT(report->faults, IsEmpty());
    EXPECT_THAT(report->notes,
                Contains(HasSubstr("from entry " + std::to_string(number) + " on another key")));
    EXPECT_EQ(trail.read(number, 1)->front().what.event, trail_event::key_lost);
  };
  lose([&] { fs::remove(file("key")); }, 4);
  lose([&] { put("no key at all", "key"); }, 6);
  EXPECT_TRUE(fs::exists(file("key.damaged")));
  // The camera went off after it made the key and before it said so; and together with a tear.
  doubles::TemporaryFolder elsewhere;
  auto other = AuditTrail::open({elsewhere.path() / "audit", std::string(32, 'b')}, clock_);
  ASSERT_TRUE(other->append(login("x")));
  lose(
      [&] {
        fs::copy_file(elsewhere.path() / "audit" / "key", file("key"), fs::copy_options::overwrite_existing);
        put(text() + "{\"entry\":{");
      },
      8);
  EXPECT_THAT(trail.verify()->notes, SizeIs(4));
}

TEST_F(TrailTest, MoreRubbishThanALineCanHoldIsPassedOver) {
  AuditTrail trail = with_logins(2);
  put(text() + std::string(1'000'000, 'x'));
  ASSERT_TRUE(trail.append(login("c")));
  EXPECT_EQ(trail.last(1)->front().number, 5U);
  EXPECT_THAT(trail.verify()->notes, SizeIs(1));
  EXPECT_THAT(trail.verify()->faults, IsEmpty());
}

}  // namespace
}  // namespace wayside
