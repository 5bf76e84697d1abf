// The audit trail: what was done is found as it was written, or its loss, its alteration and its tearing are
// named.
#include "wayside/device/audit/trail.hpp"

#include <csignal>
#include <fstream>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wayside/base/files.hpp"

#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TrailEvent login(const std::string& name) {
  return {std::string(trail_event::login), {name, "installer", "ttyS0"}, {{"way", "password"}}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines)
    text += line + "\n";
  return text;
}

class TrailTest : public testing::Test {
 protected:
  AuditTrail open() { return open({}); }
  AuditTrail open(AuditTrail::Options options) {
    options.folder = folder_.path() / "audit";
    options.boot_id = std::string(32, 'b');
    auto opened = AuditTrail::open(options, clock_);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  // trail_begun and logins of a, b, c ...
  AuditTrail with_logins(int count) {
    AuditTrail trail = open();
    for (int i = 0; i < count; ++i)
      EXPECT_TRUE(trail.append(login(std::string(1, static_cast<char>('a' + i)))));
    return trail;
  }
  fs::path file(const std::string& name = "trail.jsonl") const { return folder_.path() / "audit" / name; }
  std::string text() const { return read_text_file(file()).value(); }
  void put(const std::string& content, const std::string& name = "trail.jsonl") const {
    std::ofstream(file(name), std::ios::binary) << content;
  }
  static int in_another_process(const std::function<bool()>& task) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(task() ? 0 : 1);
    int status = -1;
    ::waitpid(child, &status, 0);
    return status;
  }

  doubles::TemporaryFolder folder_{doubles::in_memory()};
  doubles::HandClock clock_{*utc_from_iso8601("2026-11-28T10:00:00Z")};
};

TEST_F(TrailTest, WhatWasDoneIsFoundWithWhoWhenAndWhere) {
  AuditTrail trail = open();
  clock_.kernel = {TimeSource::ntp, 12, 3};
  ASSERT_TRUE(
      trail.append({std::string(trail_event::configuration),
                    {"anna", "installer", "ttyS0"},
                    {{"key", "site.name"}, {"before", "\"A14 J31\""}, {"after", "\"A14 J31 lane 1\""}}}));
  const auto entries = open().read();
  ASSERT_TRUE(entries);
  ASSERT_THAT(*entries, SizeIs(2));
  EXPECT_EQ((*entries)[0].what.event, trail_event::trail_begun);
  const TrailEntry& entry = (*entries)[1];
  EXPECT_EQ(entry.number, 2U);
  EXPECT_EQ(entry.previous, (*entries)[0].hash);
  EXPECT_EQ(entry.utc, "2026-11-28T10:00:00.000Z");
  EXPECT_EQ(entry.time_source, "ntp");
  EXPECT_EQ(entry.what.by.name, "anna");
  EXPECT_EQ(entry.what.by.role, "installer");
  EXPECT_EQ(entry.what.by.terminal, "ttyS0");
  EXPECT_EQ(entry.what.details.at("after"), "\"A14 J31 lane 1\"");
  const auto report = trail.verify();
  ASSERT_TRUE(report);
  EXPECT_THAT(report->faults, IsEmpty());
  EXPECT_THAT(report->notes, IsEmpty());
  EXPECT_EQ(report->first, 1U);
  EXPECT_EQ(report->last, 2U);
}

TEST_F(TrailTest, TheNewestAndTheFirstFromANumberAreFound) {
  AuditTrail trail = with_logins(6);
  const auto numbers = [](const Result<std::vector<TrailEntry>>& entries) {
    std::vector<std::uint64_t> out;
    for (const TrailEntry& entry : *entries)
      out.push_back(entry.number);
    return out;
  };
  EXPECT_THAT(numbers(trail.last(2)), ElementsAre(6, 7));
  EXPECT_THAT(numbers(trail.read(3, 2)), ElementsAre(3, 4));
  EXPECT_THAT(numbers(trail.read(6)), ElementsAre(6, 7));
  EXPECT_THAT(numbers(trail.read(8)), IsEmpty());
}

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

TEST_F(TrailTest, TwoProcessesAppendInTurn) {
  open();
  std::vector<pid_t> children;
  for (int i = 0; i < 2; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      AuditTrail trail = open();
      for (int k = 0; k < 100; ++k) {
        if (!trail.append(login("anna"))) ::_exit(1);
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  const auto report = open().verify();
  EXPECT_THAT(report->faults, IsEmpty());
  EXPECT_EQ(report->last, 201U);
}

TEST_F(TrailTest, AFullDiskTakesAnEntryWholeOrNotAtAll) {
  AuditTrail trail = with_logins(3);
  const std::string before = text();
  const std::vector<TrailEvent> two = {login("d"), login("e")};
  for (std::size_t more = 0; more < 1200; more += 61) {
    EXPECT_EQ(in_another_process([&] {
                std::signal(SIGXFSZ, SIG_IGN);
                const rlimit limit{before.size() + more, before.size() + more};
                ::setrlimit(RLIMIT_FSIZE, &limit);
                const Status refused = trail.append(two);
                return !refused && !refused.error().message.empty();
              }),
              0)
        << more;
    EXPECT_EQ(text(), before) << more;
  }
  ASSERT_TRUE(trail.append(two));
  EXPECT_THAT(trail.verify()->faults, IsEmpty());
  EXPECT_EQ(trail.verify()->last, 6U);
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

TEST_F(TrailTest, WhatWasCarriedIsCutOffTheFrontAndTheChainStaysVerifiable) {
  AuditTrail::Options small;
  small.most_bytes = 8000;
  AuditTrail trail = open(small);
  for (int i = 0; i < 40; ++i)
    ASSERT_TRUE(trail.append(login("anna")));
  EXPECT_GT(fs::file_size(file()), 16'000U) << "nothing was carried: nothing goes";
  EXPECT_EQ(trail.verify()->cut, 0U);
  ASSERT_TRUE(trail.set_carried({30, trail.read(30, 1)->front().hash}));
  const std::string uncut = text();
  ASSERT_TRUE(trail.append(login("bert")));
  const auto report = trail.verify();
  EXPECT_THAT(report->faults, IsEmpty());
  EXPECT_EQ(report->cut, 30U);
  EXPECT_EQ(report->first, 31U);
  EXPECT_EQ(report->last, 42U);
  EXPECT_THAT(verify_trail(trail.exported().value()).faults, IsEmpty());
  EXPECT_EQ(verify_trail(trail.exported().value()).cut, 30U);
  // A power cut between the head and the cut.
  const std::string cut = text();
  put(uncut);
  EXPECT_THAT(trail.verify()->faults, IsEmpty());
  EXPECT_EQ(trail.verify()->first, 1U);
  // Without the head, or with another's, the front is missing.
  put(cut);
  const std::string head = read_text_file(file("head")).value();
  fs::remove(file("head"));
  EXPECT_THAT(trail.verify()->faults, ElementsAre("entries 1 to 30 are missing"));
  std::string forged = head;
  forged[forged.find("\"number\":30") + 10] = '1';
  put(forged, "head");
  EXPECT_THAT(trail.verify()->faults, Contains(HasSubstr("head of the trail is damaged or was altered")));
  put(head, "head");
  ASSERT_TRUE(trail.append(login("cleo")));
  EXPECT_THAT(trail.verify()->faults, IsEmpty());
}

TEST_F(TrailTest, ATrailThatNobodyCarriesIsBoundedAllTheSameAndSaysWhatItGaveUp) {
  AuditTrail::Options small;
  small.most_bytes = 8000;
  small.most_bytes_ever = 16'000;
  AuditTrail trail = open(small);
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(trail.append(login("anna")));
    ASSERT_LT(fs::file_size(file()), 17'000U);
  }
  const auto report = trail.verify();
  EXPECT_THAT(report->faults, IsEmpty());
  EXPECT_THAT(report->notes, ElementsAre(HasSubstr("given up for room")));
  EXPECT_EQ(report->last, 61U);
}

TEST_F(TrailTest, WhateverWasTypedALineIsPlainAsciiAndHasABound) {
  AuditTrail trail = open();
  TrailEvent event = login("\x1b]0;owned\x07\n{\"entry\":");
  event.details["bad utf-8 \xff\xfe"] = "\xe2\x80\xae right to left";
  event.details["long"] = std::string(100'000, '"');
  for (int i = 0; i < 30; ++i)
    event.details["z" + std::to_string(i)] = "x";
  ASSERT_TRUE(trail.append(event));
  ASSERT_THAT(lines_of(text()), SizeIs(2));
  for (const char c : text())
    EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << static_cast<int>(c);
  const auto entry = trail.last(1);
  ASSERT_THAT(*entry, SizeIs(1));
  EXPECT_EQ(entry->front().what.by.name, event.by.name) << "and it is what was typed";
  EXPECT_LE(entry->front().what.details.at("long").size(), 1024U);
  EXPECT_THAT(trail.verify()->faults, IsEmpty());
}

TEST_F(TrailTest, MoreRubbishThanALineCanHoldIsPassedOver) {
  AuditTrail trail = with_logins(2);
  put(text() + std::string(1'000'000, 'x'));
  ASSERT_TRUE(trail.append(login("c")));
  EXPECT_EQ(trail.last(1)->front().number, 5U);
  EXPECT_THAT(trail.verify()->notes, SizeIs(1));
  EXPECT_THAT(trail.verify()->faults, IsEmpty());
}

TEST_F(TrailTest, FilesAreTheGroupsAndNobodyElses) {
  ::umask(0077);
  with_logins(1);
  for (const char* name : {"trail.jsonl", "key", "lock"}) {
    struct stat info {};
    ASSERT_EQ(::stat(file(name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 07777U, 0660U) << name;
  }
}

}  // namespace
}  // namespace wayside
