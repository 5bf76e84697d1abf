// A camera killed with SIGKILL again and again, while it delivers to a back office that drops, delays,
// repeats, garbles and denies its answers, stalls and restarts. At the end a friendly one takes the rest:
// every record that was accepted is there once, whole, signed and chained, and never was a number settled on
// the camera that the office did not have.
//
// A small camera without recognition takes most of the kills, since it starts fast; waysided itself some
// more. The test run labelled "long" sets WAYSIDE_DAEMON_KILLS.
#include <cstdio>
#include <map>
#include <random>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "wayside/backoffice/export.hpp"
#include "wayside/delivery/seal/sealed_record.hpp"
#include "wayside/delivery/verify/queue_verify.hpp"

#include "src/backoffice/gap_record.hpp"
#include "tests/faults/daemon/hostile_office.hpp"
#include "tests/replay/replay_scene.hpp"

namespace wayside::faults {
namespace {

namespace fs = std::filesystem;
using replay_test::Process;

constexpr std::uint64_t kills_a_round =
    50;  // between two drains, so that the queue never has to give up anything

std::uint64_t kills_asked(std::uint64_t usually) {
  const char* asked = std::getenv("WAYSIDE_DAEMON_KILLS");
  return asked == nullptr ? usually : std::strtoull(asked, nullptr, 10);
}

class DaemonLives : public testing::Test {
 protected:
  fs::path file(const std::string& name) { return office_.folder() / name; }
  fs::path queue() { return file("queue"); }
  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  void pass_time(std::uint64_t ms) { ::usleep(static_cast<useconds_t>(ms * 1000)); }

  void restart_office_sometimes() {
    if (below(8) != 0) return;
    hostile_.restart();
    ++restarts_;
  }

  [[nodiscard]] backoffice::RecordId id_of(const QueueUuid& uuid, std::uint64_t number) const {
    return {camera_.device_id, to_hex(uuid), number};
  }

  // What the killed camera's queue holds for settled, against what the office has; only what is new since the
  // last look. The dead process has let go of the queue's files.
  void expect_nothing_falsely_acknowledged() {
    const auto report = verify_queue(queue(), {device_key_});
    ASSERT_TRUE(report) << report.error().message;
    std::optional<std::set<std::uint64_t>> told;
    for (const QueueReport::Range& range : report->numbers) {
      if (range.fate != NumberFate::acknowledged) continue;
      for (std::uint64_t number = range.first; number <= range.last; ++number) {
        if (!settled_.insert(number).second) continue;
        if (office_has(id_of(report->uuid, number))) continue;
        if (!told) told = told_in_the_office();
        if (told->contains(number)) continue;
        ++false_acknowledgements_;
        ADD_FAILURE() << "number " << number << " is settled on the camera, and the office does not have it";
      }
    }
  }
  bool office_has(const backoffice::RecordId& id) {
    const auto known = office_.store().known(id);
    if (!known || !*known) return false;
    const auto head = decode_head((*known)->head);
    const bool pictures = head && head->type == RecordType::capture;
    return head && (!pictures || ((*known)->plate && (*known)->overview));
  }
  std::set<std::uint64_t> told_in_the_office() {
    std::set<std::uint64_t> told;
    const Status visited = office_.store().visit_heads([&](const backoffice::StoredRecord& record) -> Status {
      if (record.type != RecordType::gap) return {};
      const auto gaps = backoffice::gaps_from(record.gaps, record.id.number);
      if (!gaps) return fail(gaps.error());
      for (const backoffice::Gap& gap : *gaps) {
        for (std::uint64_t number = gap.numbers.first; number <= gap.numbers.last; ++number)
          told.insert(number);
      }
      return {};
    });
    EXPECT_TRUE(visited) << visited.error().message;
    return told;
  }

  // Everything is delivered: the books are compared.
  void expect_all_accounted_for() {
    std::uint64_t delivered = 0, gap_records = 0, lost = 0;
    std::set<std::uint64_t> numbers;
    std::set<std::string> marks, queues;
    const Status visited = office_.store().visit_heads([&](const backoffice::StoredRecord& record) -> Status {
      queues.insert(record.id.queue_uuid);
      if (record.type == RecordType::gap) ++gap_records;
      if (record.type != RecordType::capture) return {};
      ++delivered;
      numbers.insert(record.id.number);
      if (attempted_.empty()) return {};
      const std::string mark = nlohmann::json::parse(record.document).at("configuration");
      EXPECT_TRUE(attempted_.contains(mark)) << mark << " was never attempted";
      EXPECT_TRUE(marks.insert(mark).second) << mark << " is stored under two numbers";
      const auto accepted = accepted_.find(record.id.number);
      EXPECT_TRUE(accepted == accepted_.end() || accepted->second == mark) << record.id.number;
      return {};
    });
    EXPECT_TRUE(visited) << visited.error().message;
    EXPECT_EQ(queues.size(), 1U);
    for (const auto& [number, mark] : accepted_) {
      if (numbers.contains(number)) continue;
      ++lost;
      ADD_FAILURE() << "record " << number << " was accepted and is not in the office";
    }
    const auto check = backoffice::check(office_.store());
    ASSERT_TRUE(check) << check.error().message;
    EXPECT_TRUE(check->damaged.empty()) << check->damaged.front();
    EXPECT_EQ(check->incomplete, 0U);
    for (const backoffice::QueueCoverage& coverage : check->queues) {
      EXPECT_EQ(coverage.missing_count(), 0U);
      EXPECT_TRUE(coverage.is_sound());
    }
    const fs::path copy = file("copy");
    fs::remove_all(copy);
    fs::copy(queue(), copy);
    Process verify({"queue", copy.string(), "--device", camera_.certificate.string()}, file("verify.log"),
                   replay_test::from_environment("WAYSIDE_BINARY_DIR"), "wayside-verify");
    EXPECT_EQ(verify.wait(), 0) << verify.log();

    fmt::print(
        "seed {}: {} kills, {} restarts of the office, {} requests, {} of them answered badly\n"
        "attempted {}, accepted {}, recovered {}, delivered {}, lost {}\n"
        "shipments sent again and recognised {}, records stored twice {}, gap records {}, false "
        "acknowledgements {}\n",
        seed_, kills_, restarts_, hostile_.requests(), hostile_.faults(),
        attempted_.empty() ? "unknown" : std::to_string(attempted_.size()), accepted_.size(),
        delivered + lost, delivered, lost, hostile_.duplicates(),
        attempted_.empty() ? 0 : delivered - marks.size(), gap_records, false_acknowledgements_);
    std::fflush(stdout);
  }

  const std::uint64_t seed_ = std::random_device{}();
  std::mt19937_64 random_{seed_};
  doubles::BackOfficeDouble office_;
  Identity camera_ = office_.new_camera();
  PublicKey device_key_ = device_public_key(camera_.private_key.parent_path()).value();
  HostileOffice hostile_{office_.authority(), office_.store(), random_()};
  std::set<std::string> attempted_;
  std::map<std::uint64_t, std::string> accepted_;  // its mark, where there are marks
  std::set<std::uint64_t> settled_;
  std::uint64_t kills_ = 0, restarts_ = 0, false_acknowledgements_ = 0;
};

class SmallDaemon : public DaemonLives {
 protected:
  std::unique_ptr<Process> start(const std::string& life) {
    return std::make_unique<Process>(std::vector<std::string>{camera_.private_key.parent_path().string(),
                                                              queue().string(), hostile_.url(), life},
                                     file("small.log"), replay_test::from_environment("WAYSIDE_BINARY_DIR"),
                                     "../tests/small_daemon");
  }
  void note_what_it_said(const Process& process) {
    std::istringstream log(process.log());
    for (std::string line; std::getline(log, line);) {
      unsigned long long number = 0;
      char mark[17] = {};
      if (std::sscanf(line.c_str(), "attempted %16s", mark) == 1) {
        attempted_.insert(mark);
      } else if (std::sscanf(line.c_str(), "record_stored record=%llu mark=%16s", &number, mark) == 2) {
        EXPECT_TRUE(accepted_.emplace(number, mark).second) << "number " << number << " was given twice";
      }
    }
  }
};

TEST_F(SmallDaemon, KilledBeforeAHostileOfficeLosesNothingAndNothingArrivesTwice) {
  const std::uint64_t kills = kills_asked(kills_a_round);
  while (kills_ < kills && !HasFailure()) {
    hostile_.be_friendly(false);
    for (std::uint64_t i = 0; i < kills_a_round && kills_ < kills && !HasFailure(); ++i) {
      restart_office_sometimes();
      const auto process = start(std::to_string(++kills_));
      ASSERT_TRUE(process->wait_for_log("ready")) << process->log();
      pass_time(50 + below(351));
      process->send(SIGKILL);
      ASSERT_EQ(process->wait(), -SIGKILL) << process->log();
      note_what_it_said(*process);
      // What is settled stays settled: a look now and then finds it.
      if (kills_ % 10 == 0) expect_nothing_falsely_acknowledged();
    }
    hostile_.be_friendly(true);
    const auto last = start("drain");
    ASSERT_EQ(last->wait(), 0) << last->log();
    expect_nothing_falsely_acknowledged();
  }
  expect_all_accounted_for();
}

TEST_F(DaemonLives, WaysidedKilledBeforeAHostileOfficeLosesNothing) {
  const std::uint64_t kills = kills_asked(96) / 8;
  const roadsim::Recorded road = replay_test::draw_scene(file("scene") / "road");
  const auto configuration = [&](int repeat) {
    const fs::path out = file("waysided.toml");
    std::ofstream(out) << "[site]\nname = \"Drawn road\"\nfeed_id = 1\nsource_id = 2\ncamera_id = 3\n"
                       << "[camera]\nsource = \"replay:" << road.video.string()
                       << "\"\npace = \"fast\"\nrepeat = " << repeat << "\n[passes]\nsuppress_repeat_s = 0\n"
                       << "[queue]\ndirectory = \"" << queue().string() << "\"\nsegments = 8\n"
                       << "[upload]\nurl = \"" << hostile_.url() << "\"\n[identity]\ndirectory = \""
                       << camera_.private_key.parent_path().string() << "\"\n";
    return out.string();
  };
  const auto note = [&](const std::string& log) {
    for (const std::uint64_t number : replay_test::stored_in(log))
      EXPECT_TRUE(accepted_.emplace(number, std::string()).second)
          << "number " << number << " was given twice";
  };
  while (kills_ < kills && !HasFailure()) {
    restart_office_sometimes();
    Process process({"--config", configuration(0)}, file("waysided.log"));
    // Half of them die before their first record, delivering what their predecessors left.
    ASSERT_TRUE(process.wait_for_log(++kills_ % 2 == 0 ? "started" : "record_stored")) << process.log();
    pass_time(50 + below(351));
    process.send(SIGKILL);
    ASSERT_EQ(process.wait(), -SIGKILL) << process.log();
    note(process.log());
    expect_nothing_falsely_acknowledged();
  }
  hostile_.be_friendly(true);
  Process last({"--config", configuration(1), "--until-delivered", "90"}, file("waysided.log"));
  EXPECT_EQ(last.wait(), 0) << last.log();
  note(last.log());
  expect_nothing_falsely_acknowledged();
  expect_all_accounted_for();
}

}  // namespace
}  // namespace wayside::faults
