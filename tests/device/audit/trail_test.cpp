// The audit trail: what was done is found as it was written, by whom it may be, and within bounds.
#include "wayside/device/audit/trail.hpp"

#include <csignal>

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/device/audit/trail_fixture.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

int in_another_process(const std::function<bool()>& task) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(task() ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

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

TEST_F(TrailTest, WhatIsCutOffALongTextStillShows) {
  AuditTrail trail = open();
  std::string masks(2000, 'm');
  TrailEvent event{"configuration", {}, {{"before", masks}}};
  masks[1500] = 'n';
  event.details["after"] = masks;
  ASSERT_TRUE(trail.append(event));
  const auto details = trail.last(1).value().front().what.details;
  EXPECT_NE(details.at("before"), details.at("after"));
  EXPECT_EQ(details.at("after").size(), 1024U);
  const std::string hash = to_hex(sha256(as_bytes(masks))).substr(0, 16);
  EXPECT_THAT(details.at("after"), testing::EndsWith("m... (2000 bytes, SHA-256 " + hash + ")"));
  const std::string fits(1024, 'm');
  ASSERT_TRUE(trail.append(TrailEvent{"configuration", {}, {{"before", fits}}}));
  EXPECT_EQ(trail.last(1).value().front().what.details.at("before"), fits);
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
