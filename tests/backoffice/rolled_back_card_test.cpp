// A camera's card put back to an older state, from the flash to the office's check: nothing is lost, no
// number is used again once the office has been heard, and everybody is told.
#include <thread>

#include <gmock/gmock.h>

#include "wayside/backoffice/coverage.hpp"
#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/delivery/seal/keys.hpp"
#include "wayside/delivery/upload/back_office.hpp"
#include "wayside/delivery/upload/uploader.hpp"
#include "wayside/device/identity/identity.hpp"

#include "tests/backoffice/sealing_camera.hpp"
#include "tests/doubles/back_office_double.hpp"

namespace wayside::backoffice {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

// From being switched on to being switched off.
class Life {
 public:
  Life(const Identity& identity, const fs::path& recipients, const std::string& url, const fs::path& card)
      : device_id_(identity.device_id) {
    sealer_ = make_record_sealer({device_id_,
                                  must(load_signing_seed(identity.certificate.parent_path())),
                                  must(load_recipients(recipients)),
                                  {}});
    QueueOptions options;
    options.directory = card;
    options.segments = 8;
    options.segment_bytes = 256 * 1024;
    options.sealer = sealer_.get();
    queue_ = must(open_record_queue(options));
    HttpsOptions https;
    https.url = url;
    https.ca_certificate = identity.back_office_ca;
    https.certificate = identity.certificate;
    https.private_key = identity.private_key;
    office_ = must(make_https_back_office(https));
  }

  // Vehicles pass, and are numbered.
  std::vector<std::uint64_t> record(int count, const std::string& vrm) {
    std::vector<std::uint64_t> numbers;
    for (int i = 0; i < count; ++i) {
      const RecordParts parts = parts_of(sample_record(device_id_, vrm, i));
      numbers.push_back(must(queue_->append({&parts, 1})).front().value());
    }
    return numbers;
  }
  void deliver() {
    UploaderOptions options;
    options.device_id = device_id_;
    options.longest_backlog_delay = std::chrono::milliseconds(0);
    CounterSet counters;
    const auto uploader = make_uploader(options, *queue_, *office_, counters);
    const std::jthread running([&](const std::stop_token& stop) { uploader->run(stop); });
    EXPECT_TRUE(uploader->wait_drained(std::chrono::seconds(60)));
    EXPECT_EQ(queue_->depth().unacknowledged, 0U) << "nothing is quarantined";
  }
  // As the uplink does with the answer to a heartbeat.
  std::uint64_t hear_the_office() {
    const std::string beat =
        R"({"time": "2026-11-22T17:00:00.000Z", "problems": {}, "counters": {},
            "queue": {"unacknowledged": 0, "evicted": 0, "expired": 0, "damaged": 0, "segments": 8,
                      "segments_free": 6},
            "upload": {"circuit": "closed", "dead_lettered": 0, "quarantined": 0},
            "queue_uuid": ")" +
        to_hex(queue_->uuid()) + "\"}";
    const auto known = must(office_->heartbeat(device_id_, beat));
    if (!known || known->queue_uuid != queue_->uuid()) throw std::runtime_error("the office says nothing");
    return must(queue_->skip_through(known->highest));
  }

 private:
  std::string device_id_;
  std::unique_ptr<ReplaceableSealer> sealer_;
  std::unique_ptr<RecordQueue> queue_;
  std::unique_ptr<BackOffice> office_;
};

TEST(RolledBackCard, LosesNothingReusesNothingAndIsTold) {
  doubles::BackOfficeDouble office;
  const Identity identity = office.new_camera();
  const std::string url = office.start().url();
  const fs::path card = office.folder() / "card";
  const fs::path copy = office.folder() / "copy";
  const auto switch_on = [&] { return Life(identity, office.recipients(), url, card); };
  {
    Life life = switch_on();
    EXPECT_THAT(life.record(3, "AB12CDE"), ElementsAre(1, 2, 3));
    life.deliver();
    EXPECT_EQ(life.hear_the_office(), 0U);
  }
  fs::copy(card, copy);
  {
    Life life = switch_on();
    EXPECT_THAT(life.record(4, "AB12CDE"), ElementsAre(4, 5, 6, 7));
    life.deliver();
  }
  fs::remove_all(card);
  fs::rename(copy, card);
  {
    Life life = switch_on();
    EXPECT_THAT(life.record(2, "FG34HJK"), ElementsAre(4, 5)) << "it cannot know yet";
    life.deliver();
    EXPECT_EQ(life.hear_the_office(), 2U);
    EXPECT_THAT(life.record(1, "FG34HJK"), ElementsAre(9)) << "behind the gap record";
    life.deliver();
    EXPECT_EQ(life.hear_the_office(), 0U);
  }
  const auto queues = must(coverage(office.store()));
  ASSERT_EQ(queues.size(), 1U);
  EXPECT_THAT(queues[0].missing, ElementsAre());
  EXPECT_THAT(queues[0].twins, ElementsAre(NumberRange{4, 5}));
  EXPECT_THAT(queues[0].rolled_back, ElementsAre(NumberRange{6, 7}));
  EXPECT_EQ(queues[0].chain_breaks.count, 0U);
  EXPECT_FALSE(queues[0].is_sound());
  EXPECT_THAT(sentences(queues[0]), ElementsAre(HasSubstr("went on from an older state of its card")));
  std::size_t passes = 0;
  ASSERT_TRUE(office.store().visit({}, [&](const StoredRecord& record) -> Status {
    ++passes;
    EXPECT_TRUE(record.complete()) << record.id.number;
    return {};
  }));
  EXPECT_EQ(passes, 10U);
}

}  // namespace
}  // namespace wayside::backoffice
