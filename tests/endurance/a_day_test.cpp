// A whole day of a camera in some minutes: everything but the recognition is real, as waysided wires it, and
// the back office takes what it is given from memory.
#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>
#include <opencv2/core.hpp>

#include "wayside/base/log.hpp"
#include "wayside/device/clock/clock.hpp"

#include "src/app/pipeline.hpp"
#include "src/app/uplink.hpp"
#include "src/delivery/queue/gaps.hpp"
#include "tests/anpr/track/random_traffic.hpp"
#include "tests/doubles/temporary_folder.hpp"
#include "tests/doubles/test_sealer.hpp"
#include "tests/endurance/bounded.hpp"

namespace wayside::app {
namespace {

namespace fs = std::filesystem;
using wayside::testing::RandomTraffic;
using namespace std::chrono_literals;

constexpr int frames_a_minute = static_cast<int>(60 * wayside::testing::frames_per_s);
constexpr int hours = 24;
constexpr int end_of_day = 60 * hours;  // in minutes, as all times of the day here

// The day begins at six in the morning, so that its first hours have a rush hour in them. The chance in each
// frame that one of three lanes gets a vehicle: 0.02 is one and a half a second on all.
double density_at(int minute) {
  const int o_clock = (6 + minute / 60) % 24;
  if (o_clock >= 1 && o_clock < 4) return 0;
  if (o_clock < 6 || o_clock >= 22) return 0.0005;
  const bool rush = (o_clock >= 7 && o_clock < 9) || (o_clock >= 16 && o_clock < 18);
  return rush ? 0.02 : 0.004;
}

struct Outage {
  int from, to;
  [[nodiscard]] bool holds_at(int minute) const { return minute >= from && minute < to; }
};
// Through the middle of the day; ten minutes, which the queue can hold; through the evening's rush hour.
constexpr std::array<Outage, 3> outages = {{{200, 390}, {420, 430}, {590, 760}}};

struct Life {
  int until;
  bool power_cut;  // or told to stop
};
// Each kind of end with the office there and without, and the last at the end of the day.
constexpr std::array<Life, 7> lives = {
    {{90, false}, {150, true}, {310, false}, {370, true}, {500, true}, {680, true}, {end_of_day, false}}};

// What is seen in a frame is made with it and taken by the reader, as if it had been read in the picture.
class Seen {
 public:
  void put(FrameReads reads) {
    const std::lock_guard lock(mutex_);
    frames_.emplace(reads.frame.number.value(), std::move(reads));
  }
  FrameReads take(FrameNumber number) {
    const std::lock_guard lock(mutex_);
    return std::move(frames_.extract(number.value()).mapped());
  }

 private:
  std::mutex mutex_;
  std::map<std::uint64_t, FrameReads> frames_;
};

// Goes on through the camera's lives.
struct Road {
  std::uint64_t vehicles = 0;
  std::uint64_t frames = 0;
  Seen seen;
  RandomTraffic traffic{3, [this](const std::string&) { ++vehicles; }};
};

// The road up to a minute of the day.
class RoadUntil final : public FrameSource {
 public:
  RoadUntil(Road& road, int until, std::function<void(int minute)> on_minute)
      : road_(road), until_(until), on_minute_(std::move(on_minute)) {}

  Status start() override { return {}; }
  void stop() override {}
  [[nodiscard]] bool waits_for_reader() const override { return true; }
  [[nodiscard]] std::string describe() const override { return "a day of random traffic"; }
  Result<NextFrame> next(std::chrono::milliseconds) override {
    if (road_.frames % frames_a_minute == 0) {
      const int minute = static_cast<int>(road_.frames / frames_a_minute);
      if (minute == until_) return NextFrame(EndOfStream{});
      on_minute_(minute);
      road_.traffic.set_density(density_at(minute));
    }
    ++road_.frames;
    FrameReads reads = road_.traffic.next();
    // The number of plates stands in the picture.
    const cv::Mat luma(48, 64, CV_8UC1, cv::Scalar(static_cast<double>(reads.reads.size())));
    FramePtr frame = std::make_shared<const Frame>(reads.frame, luma, Frame::BgrMaker{});
    if (!reads.reads.empty()) road_.seen.put(std::move(reads));
    return NextFrame(std::move(frame));
  }

 private:
  Road& road_;
  const int until_;
  std::function<void(int)> on_minute_;
};

class Locator final : public PlateLocator {
 public:
  [[nodiscard]] std::vector<PlateCandidate> locate(const Frame& frame) override {
    return std::vector<PlateCandidate>(frame.luma().at<std::uint8_t>(0, 0));
  }
  void forget() override {}
  [[nodiscard]] Counts counts() const override { return {}; }
};

class Reader final : public PlateReader {
 public:
  explicit Reader(Seen& seen) : seen_(seen) {
    cv::RNG random(5);
    for (auto& overview : overviews_) {
      const auto noise = std::make_shared<cv::Mat>(90, 160, CV_8UC3);
      random.fill(*noise, cv::RNG::UNIFORM, 60, 160);
      overview = noise;
    }
  }
  [[nodiscard]] FrameReads read(const FrameCandidates& candidates, bool) override {
    const FrameNumber number = candidates.frame->info().number;
    FrameReads reads = seen_.take(number);
    for (EvidencedRead& read : reads.reads) {
      read.evidence.plate_patch_bgr = cv::Mat(27, 120, CV_8UC3, cv::Scalar(200, 210, 220));
      read.evidence.overview_bgr = overviews_[number.value() % overviews_.size()];
    }
    return reads;
  }

 private:
  Seen& seen_;
  std::array<std::shared_ptr<const cv::Mat>, 16> overviews_;
};

// Keeps of every number what it heard of it. It holds all its memory from the start, or its own growth would
// be watched in place of the camera's. Threads: any.
class Office {
 public:
  void come_back() {
    const std::lock_guard lock(mutex_);
    state_ = State::there;
  }
  // After the next text, so that its pictures do not arrive.
  void go_away() {
    const std::lock_guard lock(mutex_);
    if (state_ == State::there) state_ = State::leaving;
  }

  [[nodiscard]] Receipt take(const Shipment& shipment) {
    const std::lock_guard lock(mutex_);
    if (state_ == State::away) return {Receipt::Outcome::later, {}, "away"};
    const bool is_text = shipment.kind == ShipmentKind::text;
    if (state_ == State::leaving && is_text) state_ = State::away;
    const std::uint64_t number = shipment.key.number.value();
    const Bytes payload = payload_of(*shipment.record, shipment.kind);
    const std::string_view bytes(reinterpret_cast<const char*>(payload.data()), payload.size());
    std::size_t& hash = heard_.at(number).parts[static_cast<std::size_t>(shipment.kind)];
    const std::size_t now = std::hash<std::string_view>{}(bytes) | 1U;  // 0: not heard of
    if (hash != 0) return {hash == now ? Receipt::Outcome::duplicate : Receipt::Outcome::mismatch, {}, {}};
    hash = now;
    highest_ = std::max(highest_, number);
    bytes_ += payload.size();
    const Bytes* gaps = shipment.record->part(PartKind::gaps);
    if (is_text && gaps != nullptr) {
      heard_[number].gap_record = true;
      const flash::Gaps told = flash::decode_gaps(*gaps).value();
      for (const flash::Gap& gap : told) {
        for (std::uint64_t lost = gap.numbers.first; lost <= gap.numbers.last; ++lost)
          heard_.at(lost).told = true;
      }
    }
    return {Receipt::Outcome::accepted, {}, {}};
  }

  // Of the numbers from 1 to the highest.
  struct Account {
    std::uint64_t records = 0;  // stored, with all their parts but those given up for room
    std::uint64_t without_overview = 0;
    std::uint64_t gap_records = 0;
    std::uint64_t told = 0;   // as given up, or as never used
    std::uint64_t begun = 0;  // of these, with a text all the same
    std::uint64_t neither = 0;
    double megabytes = 0;
  };
  [[nodiscard]] Account account() const {
    const std::lock_guard lock(mutex_);
    Account account;
    account.megabytes = static_cast<double>(bytes_) / 1e6;
    for (std::size_t number = 1; number <= highest_; ++number) {
      const Heard& heard = heard_[number];
      const bool text = heard.parts[0] != 0;
      // The queue gives up old overviews before it gives up records.
      const bool stored = text && (heard.gap_record || heard.parts[1] != 0);
      account.records += stored && !heard.gap_record ? 1U : 0U;
      account.without_overview += stored && !heard.gap_record && heard.parts[2] == 0 ? 1U : 0U;
      account.gap_records += heard.gap_record ? 1U : 0U;
      account.told += heard.told ? 1U : 0U;
      account.begun += heard.told && text ? 1U : 0U;
      account.neither += stored || heard.told ? 0U : 1U;
    }
    return account;
  }

 private:
  enum class State { there, leaving, away };
  struct Heard {
    std::array<std::size_t, 3> parts{};  // hashes
    bool gap_record = false;
    bool told = false;
  };
  mutable std::mutex mutex_;
  State state_ = State::there;
  std::uint64_t highest_ = 0;
  std::uint64_t bytes_ = 0;
  std::vector<Heard> heard_{100'000};
};

class WayToOffice final : public BackOffice {
 public:
  explicit WayToOffice(Office& office) : office_(office) {}
  [[nodiscard]] BatchLimits limits() const override { return {8, 1U << 20U}; }
  [[nodiscard]] std::vector<Receipt> deliver(std::span<const Shipment> batch) override {
    std::vector<Receipt> receipts;
    for (const Shipment& shipment : batch)
      receipts.push_back(office_.take(shipment));
    return receipts;
  }
  [[nodiscard]] Result<std::optional<KnownNumbers>> heartbeat(const std::string&, std::string_view) override {
    return std::nullopt;
  }

 private:
  Office& office_;
};

class ADay : public ::testing::Test {
 protected:
  ADay() {
    log::start(log::Level::error, log::Format::console);  // outages are full of warnings
    fs::create_directories(queue_folder_);
  }

  // From switching on to the end of this life.
  void live(const Life& life) {
    QueueOptions queue_options;
    queue_options.directory = queue_folder_;
    queue_options.segments = 16;
    queue_options.segment_bytes = 512U << 10U;
    queue_options.sealer = &sealer_;
    queue_options.counters = &counters_;
    auto queue = open_record_queue(queue_options);
    ASSERT_TRUE(queue) << queue.error().message;

    UplinkOptions uplink_options;
    uplink_options.uploader.device_id = sealer_.device_id();
    uplink_options.uploader.first_retry = 1ms;
    uplink_options.uploader.longest_retry = 200ms;
    uplink_options.uploader.longest_backlog_delay = 5ms;
    uplink_options.uploader.jitter_seed = 1;
    uplink_options.heartbeat_every = 100ms;
    Uplink uplink(
        uplink_options,
        [&]() -> Result<std::unique_ptr<BackOffice>> { return std::make_unique<WayToOffice>(office_); },
        **queue, *clock_, health_, counters_);
    uplink.start();

    Stages stages;
    stages.source = std::make_unique<RoadUntil>(road_, life.until,
                                                [&](int minute) { begin_minute(minute, uplink, **queue); });
    stages.locator = std::make_unique<Locator>();
    stages.readers.push_back(std::make_unique<Reader>(road_.seen));
    stages.tracker = make_pass_tracker({});
    PipelineOptions options;
    options.origin = {"0123456789abcdef", "Test road", 1, 2, 3, {}, {}, "0.1.0", "test", "0123456789abcdef"};
    options.date = [](VehiclePass&) { return TimeQuality{TimeSource::recording, {}, {}}; };
    options.writer.group_wait = 5ms;
    options.on_stored = [&] { uplink.wake(); };
    std::promise<void> finished;
    options.on_finished = [&] { finished.set_value(); };
    Pipeline pipeline(std::move(stages), std::move(options), **queue, *clock_, counters_);
    pipeline.start();
    finished.get_future().wait();
    pipeline.wait();
    if (life.until == end_of_day) {
      EXPECT_TRUE(uplink.wait_drained(60s));
      look(**queue);
    }
    uplink.stop();

    // What a power cut leaves is what stands on the device before the queue is told of the end.
    const fs::path left = folder_.path() / "left";
    if (life.power_cut) fs::copy(queue_folder_, left);
    queue->reset();
    if (!life.power_cut) return;
    fs::remove_all(queue_folder_);
    fs::rename(left, queue_folder_);
  }

  // In real time disk and network keep up; at many times that they have to be waited for. Every run has the
  // same traffic, passes and outages; which acknowledgements a power cut costs is up to the threads.
  void begin_minute(int minute, Uplink& uplink, const RecordQueue& queue) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (count("frames_tracked") != road_.frames || count("records_stored") != count("passes")) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "stuck in minute " << minute;
      std::this_thread::sleep_for(1ms);
    }
    const bool away = std::any_of(outages.begin(), outages.end(),
                                  [&](const Outage& outage) { return outage.holds_at(minute); });
    if (away) {
      office_.go_away();
    } else {
      office_.come_back();
      EXPECT_TRUE(uplink.wait_drained(60s)) << "minute " << minute;
    }
    most_waiting_ = std::max(most_waiting_, queue.depth().unacknowledged);
    if (minute % 60 == 0) look(queue);
  }

  void look(const RecordQueue& queue) {
    watch_.look(fmt::format("{} vehicles, {} records stored, {} waiting, {} given up", road_.vehicles,
                            count("records_stored"), queue.depth().unacknowledged, queue.depth().evicted));
    evicted_ = queue.depth().evicted;
    std::uintmax_t bytes = 0;
    for (const auto& file : fs::directory_iterator(queue_folder_))
      bytes += file.file_size();
    if (queue_bytes_ == 0) queue_bytes_ = bytes;
    EXPECT_EQ(bytes, queue_bytes_);
  }

  [[nodiscard]] std::uint64_t count(const char* name) { return counters_.counter(name).value(); }

  const doubles::TemporaryFolder folder_;
  const fs::path queue_folder_ = folder_.path() / "queue";
  const std::unique_ptr<Clock> clock_ = make_system_clock();
  Health health_;
  CounterSet counters_;  // of all lives
  Road road_;
  Office office_;
  doubles::TestSealer sealer_;
  endurance::Watch watch_{"hour"};
  std::uint64_t most_waiting_ = 0;
  std::uint64_t evicted_ = 0;
  std::uintmax_t queue_bytes_ = 0;
};

TEST_F(ADay, OfTrafficOutagesAndPowerCutsHoldsBoundedMemoryAndLosesNothingUnsaid) {
  for (const Life& life : lives)
    ASSERT_NO_FATAL_FAILURE(live(life));

  EXPECT_EQ(count("frames_tracked"), static_cast<std::uint64_t>(end_of_day) * frames_a_minute);
  EXPECT_EQ(count("records_stored"), count("passes"));
  const auto vehicles = static_cast<double>(road_.vehicles);
  EXPECT_NEAR(static_cast<double>(count("passes")), vehicles, 0.02 * vehicles);

  const Office::Account account = office_.account();
  EXPECT_EQ(account.neither, 0U);
  // A record can be given up while its last part is on its way: it is stored and told.
  EXPECT_GE(account.records + evicted_, count("records_stored"));
  EXPECT_LE(account.records + evicted_, count("records_stored") + account.begun);
  EXPECT_EQ(count("records_quarantined") + count("records_dead_lettered"), 0U);
  EXPECT_EQ(count("queue_numbers_damaged") + count("queue_syncs_failed"), 0U);
  // The day had in it what it is about.
  EXPECT_GT(evicted_, 1000U);
  EXPECT_GT(account.gap_records, 10U);
  EXPECT_GT(account.without_overview, 100U);
  EXPECT_GT(count("records_duplicate"), 0U);  // sent again after a power cut

  fmt::print(
      "{} vehicles, {} passes; the office has {} records ({:.0f} MB), {} without their overview, and {} gap "
      "records that tell of {} numbers, {} of them of records half sent; {} records were sent again; at most "
      "{} "
      "waited\n",
      road_.vehicles, count("passes"), account.records, account.megabytes, account.without_overview,
      account.gap_records, account.told, account.begun, count("records_duplicate"), most_waiting_);
  watch_.expect_bounded(3);
}

}  // namespace
}  // namespace wayside::app
