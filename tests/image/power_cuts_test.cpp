// The power of a camera is cut, again and again: once its first commission is confirmed, at its login, in the
// loader, in the kernel, while its services start, while it captures and delivers. It always starts again,
// and what its queue had once taken arrives at the office or lies on the card, once, signed and chained.
//
// Two cameras of fifteen lives by default, each a test of its own, so that they can run beside each other;
// the test run labelled "long" sets WAYSIDE_POWER_LIVES. WAYSIDE_POWER_SEED repeats the moments of a run as
// far as the host's speed allows.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "wayside/backoffice/coverage.hpp"

#include "tests/image/asked_for.hpp"
#include "tests/image/camera_life.hpp"

namespace wayside::image {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

class ImagePowerCuts : public CameraLife, public testing::WithParamInterface<int> {
 protected:
  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  void wait_up_to(milliseconds most) {
    std::this_thread::sleep_for(milliseconds(below(static_cast<std::uint64_t>(most.count()) + 1)));
  }

  void life_cut_once_commissioned() {
    switch_on();
    await("login: ");
    eyes_->plug();
    commission();
    await_queue();
    port_ = office_.server().port();
  }
  // How long a start takes from the kernel's first word, by which all others are measured. The first one had
  // more to do.
  void life_cut_at_its_login() {
    switch_on();
    await("Starting kernel");
    const auto begin = steady_clock::now();
    eyes_->plug();
    await("login: ");
    services_take_ = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
  }
  void life_cut_in_the_loader() {
    switch_on();
    wait_up_to(3s);
  }
  void life_cut_while_it_starts() {
    switch_on();
    await("Starting kernel");
    eyes_->plug();
    wait_up_to(services_take_ + services_take_ / 4);
  }
  // The road is shown to it, and somebody reads its trail, each of which is a record; with the office out of
  // reach, or taking what comes.
  void life_cut_at_work(bool with_office) {
    if (!with_office) office_.stop();
    switch_on();
    await("login: ");
    eyes_->plug();
    log_in();
    await_queue();
    const std::size_t before = captures().size();
    const auto until = steady_clock::now() + milliseconds(below(20'000));
    const auto at_last = until + 1min;
    while (steady_clock::now() < until ||
           (with_office && captures().size() == before && steady_clock::now() < at_last)) {
      show_road(*eyes_, 1s);
      type("audit show 1", "alice> ");
      if (!with_office) hear_what_waits();
    }
    machine_->type("audit show 1\r");
    wait_up_to(500ms);
  }
  // The power is gone, and the road with it; the office is within reach again.
  void end_life() {
    cut_power();
    eyes_->unplug();
    backoffice::ServerOptions options;
    options.port = port_;
    office_.stop();
    office_.start(options);
    examine_card();
  }
  void await_queue() {
    const auto until = steady_clock::now() + patience;
    do {
      if (steady_clock::now() >= until) throw std::runtime_error("no queue is made: " + machine_->said());
      type("show queue", "alice> ");
    } while (!waiting());
  }
  // "waiting            12 records"
  [[nodiscard]] std::optional<std::uint64_t> waiting() const {
    const std::string& said = machine_->said();
    const std::size_t at = said.find("waiting");
    const std::size_t digit = said.find_first_of("0123456789", at);
    if (at == std::string::npos || digit == std::string::npos) return std::nullopt;
    return std::strtoull(said.c_str() + digit, nullptr, 10);
  }
  void hear_what_waits() {
    type("show queue", "alice> ");
    told_ = waiting();
  }

  // Why what lies on the card now is not all that was ever taken, but for what the office has; empty: it is.
  std::vector<std::string> problems_of(const QueueReport& report) {
    std::vector<std::string> problems;
    const auto expect = [&](bool well, const std::string& problem) {
      if (!well) problems.push_back(problem);
    };
    const auto count = [&](NumberFate fate) { return report.counts[static_cast<std::size_t>(fate)]; };
    expect(count(NumberFate::missing) + count(NumberFate::evicted) + count(NumberFate::expired) +
                   count(NumberFate::rolled_back) ==
               0,
           "numbers are gone");
    expect(report.signatures_bad + report.links_broken + report.links_unknown == 0,
           "records are not what was signed, in its order");
    expect(last_of(report) >= last_, "numbers that were given once are free again");
    expect(count(NumberFate::present) >= told_.value_or(0), "fewer records wait than the camera said");
    const std::set<std::uint64_t> at_office = arrived();
    expect(at_office.empty() || last_of(report) >= *at_office.rbegin(),
           "the office has what the camera knows nothing of");
    return problems;
  }
  static std::uint64_t last_of(const QueueReport& report) {
    return report.numbers.empty() ? 0 : report.numbers.back().last;
  }
  void examine_card() {
    const QueueReport report = queue_on_card();
    for (const std::string& problem : problems_of(report))
      ADD_FAILURE() << problem << "\n" << to_text(report);
    told_.reset();
    last_ = last_of(report);
    for (const QueueReport::Range& range : report.numbers) {
      if (range.fate != NumberFate::present) continue;
      for (std::uint64_t number = range.first; number <= range.last; ++number)
        kept_.insert(number);
    }
  }
  std::set<std::uint64_t> arrived() {
    std::set<std::uint64_t> numbers;
    EXPECT_TRUE(office_.store().visit_heads([&](const backoffice::StoredRecord& record) -> Status {
      numbers.insert(record.id.number);
      return {};
    }));
    return numbers;
  }
  // Every number that a card has held.
  bool all_arrives() {
    const auto until = steady_clock::now() + patience;
    for (;;) {
      const std::set<std::uint64_t> here = arrived();
      if (std::includes(here.begin(), here.end(), kept_.begin(), kept_.end())) return true;
      if (steady_clock::now() >= until) return false;
      std::this_thread::sleep_for(200ms);
    }
  }
  void expect_the_office_has_all() {
    EXPECT_TRUE(all_arrives());
    const auto queues = backoffice::coverage(office_.store());
    ASSERT_TRUE(queues);
    ASSERT_EQ(queues->size(), 1U);  // a card that seemed empty would have been made a new queue
    const backoffice::QueueCoverage& queue = queues->front();
    for (const std::string& sentence : sentences(queue))
      fmt::print("{}\n", sentence);
    EXPECT_TRUE(queue.is_sound());
    EXPECT_TRUE(queue.missing.empty());
    using backoffice::GapReason;
    for (const GapReason reason : {GapReason::evicted, GapReason::expired, GapReason::rolled_back})
      EXPECT_EQ(queue.given_up[static_cast<std::size_t>(reason)], 0U) << to_string(reason);
  }

  std::unique_ptr<vm::UsbCamera> eyes_;
  std::uint16_t port_ = 0;
  milliseconds services_take_{0};
  std::optional<std::uint64_t> told_;  // by the camera, of this life: as many records wait
  std::uint64_t last_ = 0;             // number that the card has given
  std::set<std::uint64_t> kept_;       // numbers of records that were whole on a card at some time
  const std::uint64_t seed_ =
      asked_for("WAYSIDE_POWER_SEED", std::random_device{}());  // of the run, then of the camera
  std::mt19937_64 random_{seed_ + static_cast<std::uint64_t>(GetParam())};
};

TEST_P(ImagePowerCuts, NeitherKeepItFromStartingNorLoseWhatItsQueueHasTaken) {
  const std::uint64_t lives = asked_for("WAYSIDE_POWER_LIVES", 15);
  fmt::print("seed {}\n", seed_);
  std::fflush(stdout);
  road_ = vm::draw_road(4, 20);
  vm::UsbCameraOptions options = eyes();
  options.again_from_the_start = true;
  eyes_ = std::make_unique<vm::UsbCamera>(options, road_.pictures);
  more_settings_ = {"passes close_after_s 3"};
  const auto began = steady_clock::now();
  life_cut_once_commissioned();
  end_life();
  life_cut_at_its_login();
  end_life();
  const CameraDisk early(folder_.path() / "early");
  early.become(*disk_);
  std::uint64_t at_work = 0, while_starting = 0, in_the_loader = 0;
  for (std::uint64_t life = 3; life <= lives && !HasFailure(); ++life) {
    SCOPED_TRACE(fmt::format("life {}", life));
    const std::uint64_t kind = life % 10;
    if (kind == 0 || kind == 5) {
      ++in_the_loader;
      life_cut_in_the_loader();
    } else if (kind == 4 || kind == 8) {
      ++at_work;
      life_cut_at_work(kind == 4);
    } else {
      ++while_starting;
      life_cut_while_it_starts();
    }
    end_life();
  }
  ASSERT_FALSE(HasFailure());
  const std::chrono::duration<double> took = steady_clock::now() - began;
  switch_on();
  await("login: ");
  expect_the_office_has_all();
  fmt::print(
      "{} cuts: once commissioned, at its login, {} in the loader, {} while it started, {} at work; {:.1f} s "
      "each; {} records on cards, {} captures at the office\n",
      lives, in_the_loader, while_starting, at_work, took.count() / static_cast<double>(lives), kept_.size(),
      captures().size());
  EXPECT_GT(kept_.size(), at_work);
  // What was lost would be seen: a card as it was before all this.
  cut_power();
  disk_->become(early);
  EXPECT_FALSE(problems_of(queue_on_card()).empty());
}
INSTANTIATE_TEST_SUITE_P(Camera, ImagePowerCuts, testing::Values(1, 2));

}  // namespace
}  // namespace wayside::image
