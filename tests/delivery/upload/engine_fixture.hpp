// An upload engine with a queue, a back office and a clock that the test holds in its hands.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "src/delivery/upload/upload_engine.hpp"
#include "tests/delivery/upload/scripted_back_office.hpp"
#include "tests/doubles/memory_queue.hpp"

namespace wayside::doubles {

inline Bytes bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

inline RecordParts record_of(RecordClass record_class = RecordClass::ordinary,
                             std::size_t picture_bytes = 5) {
  RecordParts parts;
  parts.record_class = record_class;
  parts.document = bytes_of("document");
  parts.plate = Bytes(picture_bytes, 'p');
  parts.overview = Bytes(picture_bytes, 'o');
  return parts;
}

class EngineTest : public ::testing::Test {
 protected:
  using Outcome = Receipt::Outcome;
  using Time = upload::Time;

  EngineTest() {
    options_.device_id = "0123456789abcdef";
    options_.jitter_seed = 7;
    options_.longest_backlog_delay = std::chrono::milliseconds(0);
  }

  // A new engine, as after a restart: remembers nothing.
  void restart() {
    counters_ = std::make_unique<CounterSet>();
    engine_ = std::make_unique<upload::UploadEngine>(options_, queue_, office_, *counters_,
                                                     [this] { return now_; });
  }
  // What is appended from here on is live.
  void begin() {
    restart();
    ASSERT_TRUE(engine_->step()) << "there was something to send";
  }
  std::uint64_t append(RecordParts parts = record_of()) {
    return queue_.append({&parts, 1})->front().value();
  }
  // A record of text alone.
  std::uint64_t append_text(RecordClass record_class = RecordClass::ordinary) {
    RecordParts parts;
    parts.record_class = record_class;
    parts.document = bytes_of("document");
    return append(parts);
  }

  // One step; the clock goes on where it has to be waited for. False: nothing is left to send.
  bool step() {
    const auto wait = engine_->step();
    if (!wait) return true;
    if (!wait->until) return false;
    EXPECT_GT(*wait->until, now_) << "a wait for the past";
    waits_.push_back(*wait->until - now_);
    now_ = *wait->until;
    return true;
  }
  void run_until_drained(std::size_t most_steps = 100'000) {
    if (!engine_) restart();
    for (std::size_t i = 0; i < most_steps; ++i)
      if (!step()) return;
    FAIL() << "still at it after " << most_steps << " steps";
  }
  // Batches, not waits.
  void run_batches(std::size_t count) {
    if (!engine_) restart();
    const std::size_t until = office_.batches().size() + count;
    while (office_.batches().size() < until)
      ASSERT_TRUE(step()) << "nothing left to send";
  }
  std::uint64_t count(std::string_view name) { return counters_->counter(name).value(); }

  MemoryQueue queue_;
  ScriptedBackOffice office_;
  UploaderOptions options_;
  Time now_ = Time(std::chrono::hours(1000));
  std::vector<Time::duration> waits_;
  std::unique_ptr<CounterSet> counters_;
  std::unique_ptr<upload::UploadEngine> engine_;
};

}  // namespace wayside::doubles
